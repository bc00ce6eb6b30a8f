import type { Run, RunState } from '../contract/domain/runs.ts';
import type { Studio } from '../studio/studio.ts';
import type { ElectronApi } from './electron-api.ts';
import type { ShellText } from './text.ts';

/** Whether a run is at work, or about to be: the states in which the engine has a process. */
export function isTraining(state: RunState): boolean {
  switch (state) {
    case 'starting':
    case 'running':
    case 'paused':
    case 'stopping':
      return true;
    case 'queued':
    case 'stopped':
    case 'completed':
    case 'interrupted':
    case 'failed':
      return false;
  }
}

export interface BackgroundOptions {
  electron: ElectronApi;
  studio: { runs: Pick<Studio['runs'], 'watchAll'> };
  iconFile: string;
  text: () => ShellText;
  ownWindow: () => Electron.BrowserWindow | null;
  show: () => void;
  stopAndQuit: () => void;
}

export interface Background {
  /** Puts an icon near the clock that brings the window back. */
  showTray(): void;
  hideTray(): void;
  close(): void;
}

/**
 * What the desktop does beside the window while runs train: keeps the machine awake, shows progress on the
 * task bar, tells when a run has ended unseen, and holds the icon of a hidden window.
 */
export function watchRuns(options: BackgroundOptions): Background {
  const { electron, studio, iconFile, text, ownWindow, show } = options;
  const ended = new AbortController();
  const training = new Map<string, Run>();
  let blocker: number | null = null;
  let tray: Electron.Tray | null = null;

  const current = (): Run | undefined => training.values().next().value;

  const describe = () => {
    if (!tray) return;
    const run = current();
    tray.setToolTip(run ? text().trayTraining(run) : text().trayIdle);
    tray.setContextMenu(
      electron.Menu.buildFromTemplate([
        { label: text().openWindow, click: show },
        { type: 'separator' },
        { label: run ? text().stopAndQuit : text().quit, click: options.stopAndQuit },
      ]),
    );
  };

  const stayAwake = (awake: boolean) => {
    if (awake && blocker === null) blocker = electron.powerSaveBlocker.start('prevent-app-suspension');
    if (!awake && blocker !== null) {
      electron.powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  };

  const tell = (run: Run) => {
    const early = run.state === 'failed' || run.state === 'interrupted';
    if (!early && run.state !== 'completed') return;
    if (ownWindow()?.isFocused() || !electron.Notification.isSupported()) return;
    const notification = new electron.Notification({
      title: early ? text().endedTitle : text().completedTitle,
      body: early ? text().ended(run) : text().completed(run),
    });
    notification.on('click', show);
    notification.show();
  };

  const take = (run: Run) => {
    const wasTraining = training.has(run.id);
    if (isTraining(run.state)) training.set(run.id, run);
    else training.delete(run.id);
    stayAwake([...training.values()].some(({ state }) => state !== 'paused'));
    const now = current();
    const total = now?.stop.kind === 'steps' ? now.stop.steps : 0;
    const window = ownWindow();
    // A value over 1 shows a bar that moves without saying how far.
    if (window && !window.isDestroyed()) window.setProgressBar(now ? (total ? now.step / total : 2) : -1);
    if (wasTraining !== training.has(run.id) || tray) describe();
    if (wasTraining && !training.has(run.id)) tell(run);
  };

  const watching = async () => {
    for await (const run of studio.runs.watchAll(ended.signal)) take(run);
  };
  watching().catch((error: unknown) => {
    if (!ended.signal.aborted) console.error('The runs can no longer be followed:', error);
  });

  const hideTray = () => {
    tray?.destroy();
    tray = null;
  };
  return {
    showTray() {
      if (!tray) {
        const icon = electron.nativeImage.createFromPath(iconFile).resize({ width: 22, height: 22 });
        tray = new electron.Tray(icon);
        tray.on('click', show);
      }
      describe();
    },
    hideTray,
    close() {
      ended.abort();
      stayAwake(false);
      hideTray();
    },
  };
}
