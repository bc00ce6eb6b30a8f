import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Run } from '../contract/domain/runs.ts';
import type { Preferences } from '../contract/domain/studio.ts';
import { toFailure } from '../contract/errors.ts';
import type { StudioRouter } from '../router/router.ts';
import type { Host, Studio } from '../studio/studio.ts';
import { isTraining, watchRuns, type Background } from './background.ts';
import type { ElectronApi } from './electron-api.ts';
import { desktopHost } from './host.ts';
import { setMenu } from './menu.ts';
import { acceptPorts } from './port.ts';
import { protect } from './protections.ts';
import {
  answerMediaRequest,
  answerPageRequest,
  mediaScheme,
  pageScheme,
  registerSchemes,
} from './schemes.ts';
import { shellLanguage, shellTexts, type ShellText } from './text.ts';
import { openWindow } from './window.ts';

/** What the shell itself asks of the studio; everything else goes through the contract. */
export type ShellStudio = Pick<Studio, 'media' | 'preferences' | 'setPreferences' | 'close'> & {
  runs: Pick<Studio['runs'], 'active' | 'watchAll'>;
};

export interface ShellOptions {
  electron: ElectronApi;
  /** Absolute path. */
  workspace: string;
  /** Absolute paths of what the window shows and loads. */
  pageFolder: string;
  preloadFile: string;
  iconFile: string;
  platform: NodeJS.Platform;
  /**
   * Opens the studio with its contract.
   *
   * @param onPreferences told whenever the user changed a preference
   */
  open(
    host: Host,
    onPreferences: (preferences: Preferences) => void,
  ): Promise<{ studio: ShellStudio; router: StudioRouter }>;
}

export interface Shell {
  /** Saves what is training, closes the studio and ends the app, without asking. */
  leave(): Promise<void>;
}

/** The answer of the close question. */
type CloseChoice = 'background' | 'stop' | 'cancel';

/**
 * Runs the desktop app on Electron's API: one window for each workspace. A second start for the same workspace
 * brings the first one's window forward and ends; null is returned then, or when the workspace cannot be opened.
 */
export async function startShell(options: ShellOptions): Promise<Shell | null> {
  const { electron, workspace, platform } = options;
  const { app } = electron;

  registerSchemes(electron);
  app.enableSandbox();
  // Chromium keeps its profile, and with it the lock of the single instance, in this folder.
  const name = createHash('sha256').update(workspace).digest('hex').slice(0, 16);
  const userData = join(app.getPath('appData'), 'imago-studio', 'windows', name);
  mkdirSync(userData, { recursive: true });
  app.setPath('userData', userData);
  if (!app.requestSingleInstanceLock({ workspace })) {
    app.quit();
    return null;
  }
  let window: Electron.BrowserWindow | null = null;
  const ownWindow = () => window;
  let background: Background | null = null;
  const show = () => {
    background?.hideTray();
    if (!window) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };
  app.on('second-instance', show);
  app.on('activate', show);

  await app.whenReady();
  protect(electron);
  let text: ShellText = shellTexts[shellLanguage('system', app.getLocale())];
  const applyPreferences = (preferences: Preferences) => {
    text = shellTexts[shellLanguage(preferences.language, app.getLocale())];
    electron.nativeTheme.themeSource = preferences.theme;
    setMenu(electron, text, platform, () => void electron.shell.openPath(workspace));
  };

  const host = desktopHost(electron, () => text, ownWindow);
  let opened: Awaited<ReturnType<ShellOptions['open']>>;
  try {
    opened = await options.open(host, applyPreferences);
  } catch (error) {
    electron.dialog.showErrorBox(text.cannotOpen, toFailure(error).message);
    app.exit(1);
    return null;
  }
  const { studio, router } = opened;
  applyPreferences(studio.preferences());
  electron.protocol.handle(pageScheme, (request) => answerPageRequest(request, options.pageFolder));
  electron.protocol.handle(mediaScheme, (request) => answerMediaRequest(request, studio));
  acceptPorts(electron, router, ownWindow);

  let left: Promise<void> | null = null;
  let mayClose = false;
  const leave = () =>
    (left ??= (async () => {
      background?.close();
      try {
        await studio.close();
      } finally {
        mayClose = true;
        app.quit();
      }
    })());

  const ask = async (owner: Electron.BrowserWindow, run: Run): Promise<CloseChoice> => {
    const { response, checkboxChecked } = await electron.dialog.showMessageBox(owner, {
      type: 'question',
      message: text.closeQuestion(run),
      detail: text.closeDetail,
      buttons: [text.keepTraining, text.stopAfterSaving, text.cancel],
      defaultId: 0,
      cancelId: 2,
      noLink: true,
      checkboxLabel: text.alwaysDoThis,
    });
    const choice: CloseChoice = response === 0 ? 'background' : response === 1 ? 'stop' : 'cancel';
    if (checkboxChecked && choice !== 'cancel') studio.setPreferences({ onClose: choice });
    return choice;
  };

  let asking = false;
  const closeOrAsk = async () => {
    if (asking || left) return;
    const run = studio.runs.active();
    if (!window || !run || !isTraining(run.state)) return leave();
    asking = true;
    try {
      const { onClose } = studio.preferences();
      const choice = onClose === 'ask' ? await ask(window, run) : onClose;
      switch (choice) {
        case 'background':
          background?.showTray();
          window.hide();
          return;
        case 'stop':
          return await leave();
        case 'cancel':
          return;
      }
    } finally {
      asking = false;
    }
  };
  const holdOpen = (closing: { preventDefault(): void }) => {
    if (mayClose) return;
    closing.preventDefault();
    void closeOrAsk();
  };

  window = openWindow({
    electron,
    preloadFile: options.preloadFile,
    iconFile: options.iconFile,
    title: `Imago Studio — ${basename(workspace)}`,
  });
  window.on('close', holdOpen);
  window.on('closed', () => (window = null));
  app.on('before-quit', holdOpen);
  app.on('window-all-closed', () => void leave());
  background = watchRuns({
    electron,
    studio,
    iconFile: options.iconFile,
    text: () => text,
    ownWindow,
    show,
    stopAndQuit: () => void leave(),
  });
  return { leave };
}
