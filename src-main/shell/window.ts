import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ElectronApi } from './electron-api.ts';
import { pageAddress } from './schemes.ts';

const boundsSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(1),
  height: z.number().int().min(1),
  maximised: z.boolean(),
});
type Bounds = z.infer<typeof boundsSchema>;

const minimumWidthPx = 960;
const minimumHeightPx = 640;
/** `--bg` of the page's two themes: the window shows it until the page has painted. */
const backgrounds = { dark: '#161513', light: '#f6f3ee' };

/** The bounds kept by the last window, unless they lie off every screen that is there now. */
function readBounds(file: string, screen: ElectronApi['screen']): Bounds | null {
  try {
    const bounds = boundsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    const onScreen = screen.getAllDisplays().some(({ workArea }) => {
      const right = Math.min(bounds.x + bounds.width, workArea.x + workArea.width);
      const bottom = Math.min(bounds.y + bounds.height, workArea.y + workArea.height);
      return right - Math.max(bounds.x, workArea.x) > 100 && bottom - Math.max(bounds.y, workArea.y) > 100;
    });
    return onScreen ? bounds : null;
  } catch {
    return null;
  }
}

/** The security of the one window: the page sees the web platform and the preload's two names, nothing else. */
export const webPreferences = (preloadFile: string): Electron.WebPreferences => ({
  preload: preloadFile,
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
});

export interface WindowOptions {
  electron: ElectronApi;
  preloadFile: string;
  iconFile: string;
  title: string;
}

/** Opens the window where the last one was; it is shown once the page has painted. */
export function openWindow({
  electron,
  preloadFile,
  iconFile,
  title,
}: WindowOptions): Electron.BrowserWindow {
  const boundsFile = join(electron.app.getPath('userData'), 'window.json');
  const kept = readBounds(boundsFile, electron.screen);
  const window = new electron.BrowserWindow({
    ...(kept ? { x: kept.x, y: kept.y } : {}),
    width: kept?.width ?? 1360,
    height: kept?.height ?? 880,
    minWidth: minimumWidthPx,
    minHeight: minimumHeightPx,
    title,
    icon: iconFile,
    show: false,
    backgroundColor: electron.nativeTheme.shouldUseDarkColors ? backgrounds.dark : backgrounds.light,
    webPreferences: webPreferences(preloadFile),
  });
  if (kept?.maximised) window.maximize();
  // The title names the workspace; the page's own title would only repeat the product's name.
  window.on('page-title-updated', (update) => update.preventDefault());
  window.once('ready-to-show', () => window.show());
  window.on('close', () => {
    const bounds: Bounds = { ...window.getNormalBounds(), maximised: window.isMaximized() };
    try {
      writeFileSync(boundsFile, JSON.stringify(bounds));
    } catch {
      // A forgotten position is no reason to keep a window open.
    }
  });
  void window.loadURL(pageAddress);
  return window;
}
