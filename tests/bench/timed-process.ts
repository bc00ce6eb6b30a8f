import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { BackendId } from '../../src-main/contract/domain/backends.ts';
import { engineFlags } from '../../src-main/studio/engine-process.ts';
import { peerEnvironment, type PeerSetting } from './peer-setting.ts';

const startedSchema = z.object({ device: z.string() });
const answerSchema = z.object({
  ms: z.number(),
  /** Of all threads, waiting in a loop included. */
  processorMs: z.number(),
  rssBytes: z.number().optional(),
  tensors: z.number().optional(),
  tensorBytes: z.number().optional(),
});
export type Answer = z.infer<typeof answerSchema>;

/** A net in training that takes steps when it is asked to. */
export interface TimedProcess {
  readonly device: string;
  /** The milliseconds that `count` steps took, and what the process held after them. */
  steps(count: number): Promise<Answer>;
  end(): void;
}

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Starts one of the studio's nets; see `trained-net.ts`. */
export function startNet(
  netId: string,
  threads: number,
  batchSize: number,
  backend: BackendId = 'wasm',
): Promise<TimedProcess> {
  const script = pathOf('trained-net.ts');
  return start(
    process.execPath,
    [...engineFlags, script, netId, String(threads), String(batchSize), backend],
    {},
  );
}

/**
 * Starts a PyTorch script of `peers/` at the setting in which PyTorch is fastest on a processor.
 *
 * @param device a device of PyTorch's, such as `cuda`; the processor without it
 */
export function startPeer(
  setting: PeerSetting,
  peer: readonly string[],
  threads: number,
  device?: string,
): Promise<TimedProcess> {
  const [script, ...values] = peer;
  return start(setting.python, [pathOf(`peers/${script}`), String(threads), ...values], {
    ...peerEnvironment(setting, threads),
    ...(device === undefined ? {} : { IMAGO_BENCH_DEVICE: device }),
  });
}

async function start(
  command: string,
  parameters: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<TimedProcess> {
  const child = spawn(command, parameters, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  // One that is stopped would outlive a bench that fails.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  const failed = new Promise<never>((_, reject) => child.on('error', reject));
  failed.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) throw new Error(`${command} ${parameters.join(' ')} ended before it answered.`);
    return JSON.parse(value) as unknown;
  };
  // Who waits for its turn is stopped: a thread that waits in a loop would take the processor from the other.
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    if (process.platform !== 'win32') child.kill(name);
  };
  const { device } = startedSchema.parse(await next());
  signal('SIGSTOP');
  return {
    device,
    async steps(count) {
      signal('SIGCONT');
      child.stdin.write(`${count}\n`);
      const answer = answerSchema.parse(await next());
      signal('SIGSTOP');
      return answer;
    },
    end() {
      signal('SIGCONT');
      child.stdin.end();
    },
  };
}
