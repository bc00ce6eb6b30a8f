import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { installedRuntime, missingForWindow } from '../../src-main/cli/desktop-runtime.ts';
import { projectFolder } from '../../src-main/workspace/node-runtime.mjs';

/** Why the desktop window cannot be tested on this machine, or null. */
export function desktopMissing(): string | null {
  if (!installedRuntime()) return 'the Electron runtime is not installed';
  return missingForWindow(process.env, process.platform, process.getuid?.());
}

/** Opens the real desktop window on a workspace. */
export async function launchDesktop(
  workspace: string,
): Promise<{ app: ElectronApplication; page: Page; [Symbol.asyncDispose](): Promise<void> }> {
  const executablePath = installedRuntime();
  if (!executablePath) throw new Error('The Electron runtime is not installed; “npm start” fetches it.');
  const app = await _electron.launch({ executablePath, args: [projectFolder, '--workspace', workspace] });
  const page = await app.firstWindow();
  return { app, page, [Symbol.asyncDispose]: () => app.close() };
}
