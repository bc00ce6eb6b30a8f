import * as electron from 'electron';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createRouter } from '../router/router.ts';
import { openStudio, type Studio } from '../studio/studio.ts';
import { defaultWorkspace } from '../workspace/default-workspace.ts';
import { projectFolder } from '../workspace/node-runtime.mjs';
import { productVersion } from '../workspace/product.ts';
import { startShell } from './shell.ts';

// Chromium takes arguments of its own, so that unknown ones are no mistake of the user's.
const { values } = parseArgs({
  args: process.argv.slice(1),
  options: { workspace: { type: 'string' } },
  strict: false,
});
const workspace = resolve(typeof values.workspace === 'string' ? values.workspace : defaultWorkspace());

const shell = startShell({
  electron,
  workspace,
  pageFolder: join(projectFolder, 'out', 'renderer'),
  preloadFile: join(projectFolder, 'out', 'preload', 'preload.cjs'),
  iconFile: join(projectFolder, 'resources', 'icons', 'imago-studio.png'),
  platform: process.platform,
  async open(host, onPreferences) {
    const opened = await openStudio({
      workspace,
      create: true,
      version: productVersion(),
      host,
      queue: 'all',
    });
    const studio: Studio = {
      ...opened,
      setPreferences(changes) {
        const preferences = opened.setPreferences(changes);
        onPreferences(preferences);
        return preferences;
      },
    };
    return { studio, router: createRouter(studio) };
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    void shell.then((running) => (running ? running.leave() : electron.app.exit(0)));
  });
}
shell.catch((error: unknown) => {
  console.error(error);
  electron.app.exit(1);
});
