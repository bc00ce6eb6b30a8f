import { Argument, type Command } from 'commander';
import { backendIds, type BackendId, type BackendProbe, type Backends } from '../contract/domain/backends.ts';
import { StudioError } from '../contract/errors.ts';
import { installTensorflow, uninstallTensorflow } from '../studio/backends-install.ts';
import { printResult, say, withCommonOptions, withStudio, type CommonOptions } from './session.ts';

interface InstallOptions extends CommonOptions {
  library?: string;
  sha256?: string;
  unchecked?: boolean;
}

function wordsFor(probe: BackendProbe | null): string {
  if (!probe) return 'not looked at yet (imago backends probe)';
  if (probe.refusal) return `no: ${probe.refusal.message}`;
  const memory = probe.device?.memoryBytes ? `, ${(probe.device.memoryBytes / 1e9).toFixed(1)} GB` : '';
  const speed = probe.stepMs === null ? '' : `, ${probe.stepMs.toFixed(1)} ms a step of the probe`;
  const half = probe.device?.halfPrecision ? ', 16-bit arithmetic' : '';
  const remark = probe.remark ? `. ${probe.remark}` : '';
  return `${probe.device?.name ?? 'a device'}${memory}${half}${speed}${remark}`;
}

/** One line for each backend; `*` marks the one in use. */
function table({ backends, chosen, pinned, notice }: Backends): string {
  const lines = backends.map(({ id, probe }) => {
    const date = probe ? new Date(probe.at).toISOString().slice(0, 16).replace('T', ' ') : '';
    const mark = id === chosen ? '*' : ' ';
    return `${mark} ${id.padEnd(11)} ${date.padEnd(17)} ${wordsFor(probe)}`;
  });
  lines.push(pinned === null ? 'The best one is used by itself.' : `Pinned: ${pinned}.`);
  if (notice) lines.push(notice.message);
  return lines.join('\n');
}

export function addBackendCommands(program: Command, version: string): void {
  const setup = { version, create: true };
  const backends = withCommonOptions(
    program.command('backends').description('What this machine can train on, and what is used'),
  ).action(async (options: CommonOptions) => {
    await withStudio(options, setup, async (studio) => {
      const found = studio.backends.list();
      printResult(options, found, table(found));
    });
  });

  const anyBackend = (description: string, choices: readonly string[], required: boolean) =>
    new Argument(required ? '<id>' : '[id]', description).choices(choices);

  withCommonOptions(
    backends
      .command('probe')
      .description('Look at each backend anew: a tiny network is trained on it in a process of its own')
      .addArgument(anyBackend('only this one', backendIds, false)),
  ).action(async (id: BackendId | undefined, _options: CommonOptions, command: Command) => {
    const options = command.optsWithGlobals<CommonOptions>();
    await withStudio(options, setup, async (studio) => {
      const found = await studio.backends.probe(id);
      printResult(options, found, table(found));
    });
  });

  withCommonOptions(
    backends
      .command('pin')
      .description('Always use this backend where it is there; auto takes the best one again')
      .addArgument(anyBackend('what to use', ['auto', ...backendIds], true))
      .option('--adapter <name>', 'which graphics device, where there are several', ''),
  ).action(async (id: BackendId | 'auto', { adapter }: { adapter: string }, command: Command) => {
    const options = command.optsWithGlobals<CommonOptions>();
    await withStudio(options, setup, async (studio) => {
      const found = await studio.backends.pin(id === 'auto' ? null : id, adapter);
      printResult(options, found, table(found));
    });
  });

  withCommonOptions(
    backends
      .command('install')
      .description('Fetch what a backend needs: for tensorflow, libtensorflow for CUDA (about 400 MB)')
      .addArgument(anyBackend('what to install', ['tensorflow'], true))
      .option('--library <address|path>', 'a libtensorflow archive of your own')
      .option('--sha256 <hex>', 'what the archive must be')
      .option('--unchecked', 'go on although the driver, CUDA or cuDNN was not found'),
  ).action(async (_id: 'tensorflow', _options: InstallOptions, command: Command) => {
    const options = command.optsWithGlobals<InstallOptions>();
    await withStudio(options, setup, async (studio, signal) => {
      let toldAt = 0;
      await installTensorflow({
        ...options,
        signal,
        say,
        progress(receivedBytes, totalBytes) {
          if (Date.now() - toldAt < 1000) return;
          toldAt = Date.now();
          const total = totalBytes === null ? '' : ` of ${(totalBytes / 1e6).toFixed(0)}`;
          say(`  ${(receivedBytes / 1e6).toFixed(0)}${total} MB`);
        },
      });
      const found = await studio.backends.probe('tensorflow');
      const refusal = found.backends.find(({ id }) => id === 'tensorflow')?.probe?.refusal;
      if (refusal) {
        await uninstallTensorflow();
        throw new StudioError(
          'backend-install-failed',
          `TensorFlow was installed, did not pass its probe, and was removed again: ${refusal.message}`,
          { backend: 'tensorflow', reason: 'probe-refused', message: refusal.message },
        );
      }
      printResult(options, found, table(found));
    });
  });

  withCommonOptions(
    backends
      .command('uninstall')
      .description('Remove what “install” brought')
      .addArgument(anyBackend('what to remove', ['tensorflow'], true)),
  ).action(async (_id: 'tensorflow', _options: CommonOptions, command: Command) => {
    const options = command.optsWithGlobals<CommonOptions>();
    await withStudio(options, setup, async (studio) => {
      const removed = await uninstallTensorflow();
      const found = await studio.backends.probe('tensorflow');
      printResult(options, { removed, ...found }, removed ? 'Removed.' : 'There was nothing to remove.');
    });
  });
}
