import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { newId } from '../workspace/files.ts';
import { projectFolder } from '../workspace/node-runtime.mjs';
import { missingForCuda } from './cuda-check.ts';
import { buildAddon } from './tensorflow-addon.ts';
import type { ArchiveChoice } from './tensorflow-archive.ts';
import { obtainArchive, verifyArchive } from './tensorflow-archive.ts';
import { installFailed } from './tensorflow-failure.ts';

const packageName = '@tensorflow/tfjs-node-gpu';

export interface TensorflowInstall extends ArchiveChoice {
  /** Goes on although the driver, CUDA or cuDNN was not found. */
  readonly unchecked?: boolean;
}

/** The folder of the package, which npm installs without its library. */
export function tensorflowFolder(): string {
  try {
    const require = createRequire(join(projectFolder, 'package.json'));
    return dirname(require.resolve(`${packageName}/package.json`));
  } catch (error) {
    throw installFailed(
      'package-missing',
      `The package ${packageName} is not installed. Run “npm ci” without --omit=optional first.`,
      {},
      error,
    );
  }
}

/**
 * Checks the machine, fetches libtensorflow, and has the package's own install script build its addon on it.
 * What was there before is gone afterwards; what fails half-way leaves nothing.
 *
 * @throws StudioError `backend-install-failed` with the reason, `disk-full`; the signal's reason
 */
export async function installTensorflow(
  options: TensorflowInstall,
  folder = tensorflowFolder(),
): Promise<void> {
  const missing = missingForCuda();
  if (missing !== null && !options.unchecked) {
    throw installFailed(
      missing.reason,
      `${missing.message} Install it first, or add --unchecked to go on without (TensorFlow then runs on the processor).`,
    );
  }
  const temporary = join(tmpdir(), newId('libtensorflow'));
  await mkdir(temporary, { recursive: true });
  // The install script writes into its own manifest, and leaves it so when it fails.
  const manifest = join(folder, 'package.json');
  const manifestText = await readFile(manifest);
  try {
    const archive = await obtainArchive(options, temporary);
    await verifyArchive(archive, options);
    await uninstallTensorflow(folder);
    options.say('Building the addon on it …');
    await buildAddon(packageName, archive, options.signal);
    if (!(await hasAddon(folder))) {
      throw installFailed(
        'addon-missing',
        'The install script of the package ended well, but left no addon.',
      );
    }
  } catch (error) {
    await uninstallTensorflow(folder);
    throw error;
  } finally {
    await writeFile(manifest, manifestText);
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes the library and the addon; the package is then as npm installed it. */
export async function uninstallTensorflow(folder = tensorflowFolder()): Promise<boolean> {
  const names = await readdir(folder);
  const parts = names
    .filter((name) => /^(deps|lib|build|build-tmp.*)$/.test(name))
    .map((name) => join(folder, name));
  for (const part of parts) await rm(part, { recursive: true, force: true });
  return parts.length > 0;
}

async function hasAddon(folder: string): Promise<boolean> {
  const versions = await readdir(join(folder, 'lib')).catch(() => []);
  return versions.some((version) => existsSync(join(folder, 'lib', version, 'tfjs_binding.node')));
}
