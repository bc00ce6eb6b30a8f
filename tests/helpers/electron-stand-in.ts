import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import type { MessagePort as NodePort } from 'node:worker_threads';
import type { ElectronApi } from '../../src-main/shell/electron-api.ts';

/** An event that a listener may prevent, as Electron hands out. */
export class PreventableEvent {
  defaultPrevented = false;
  preventDefault(): void {
    this.defaultPrevented = true;
  }
}

/** The end of a message port as Electron's main process sees it, over one of Node's. */
export class StandInPort extends EventEmitter {
  closed = false;
  readonly #port: NodePort;
  constructor(port: NodePort) {
    super();
    this.#port = port;
    port.on('message', (data: unknown) => this.emit('message', { data, ports: [] }));
    port.on('close', () => this.emit('close'));
  }
  postMessage(message: unknown): void {
    this.#port.postMessage(message);
  }
  start(): void {
    this.#port.start();
  }
  close(): void {
    this.closed = true;
    this.#port.close();
  }
}

class StandInContents extends EventEmitter {
  mainFrame = { url: '' };
  getURL = () => this.mainFrame.url;
  windowOpenHandler: ((details: { url: string }) => { action: string }) | null = null;
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.windowOpenHandler = handler;
  }
}

export class StandInWindow extends EventEmitter {
  readonly webContents = new StandInContents();
  visible = false;
  focused = false;
  minimised = false;
  destroyed = false;
  progress = -1;
  readonly options: Electron.BrowserWindowConstructorOptions;
  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
  }
  async loadURL(url: string): Promise<void> {
    this.webContents.mainFrame.url = url;
    this.emit('ready-to-show');
  }
  /** As the user closes it: every listener may prevent it. */
  close(): void {
    const event = new PreventableEvent();
    this.emit('close', event);
    if (event.defaultPrevented) return;
    this.destroyed = true;
    this.emit('closed');
  }
  show(): void {
    this.visible = true;
  }
  hide(): void {
    this.visible = false;
    this.focused = false;
  }
  focus(): void {
    this.focused = true;
  }
  restore(): void {
    this.minimised = false;
  }
  maximize(): void {}
  isMinimized = () => this.minimised;
  isMaximized = () => false;
  isFocused = () => this.focused;
  isDestroyed = () => this.destroyed;
  getNormalBounds = () => ({ x: 10, y: 20, width: 1200, height: 800 });
  setProgressBar(progress: number): void {
    this.progress = progress;
  }
}

type PermissionHandler = (contents: unknown, permission: string, decide: (allowed: boolean) => void) => void;
type RequestHandler = (request: { url: string }, decide: (answer: { cancel: boolean }) => void) => void;

/**
 * A small stand-in of Electron's main-process API: it does nothing by itself, records what it is told, and
 * lets a test play the user and the system.
 *
 * @param folder where the app's data go
 * @param holder another stand-in whose app runs already and holds the lock
 */
export function electronStandIn(
  folder: string,
  holder?: { app: EventEmitter & { paths: Record<string, string> } },
) {
  const windows: StandInWindow[] = [];
  const app = Object.assign(new EventEmitter(), {
    name: 'Imago Studio',
    sandboxed: false,
    paths: { appData: folder, userData: folder } as Record<string, string>,
    lockData: null as unknown,
    /** Null while it runs. */
    exitCode: null as number | null,
    enableSandbox() {
      app.sandboxed = true;
    },
    getPath: (name: string) => app.paths[name] ?? folder,
    setPath(name: string, path: string) {
      if (!existsSync(path)) throw new Error(`There is no folder ${path}.`);
      app.paths[name] = path;
    },
    requestSingleInstanceLock(data: unknown): boolean {
      app.lockData = data;
      if (!holder || holder.app.paths['userData'] !== app.paths['userData']) return true;
      holder.app.emit('second-instance', new PreventableEvent(), [], folder, data);
      return false;
    },
    whenReady: async () => {},
    getLocale: () => 'en-GB',
    quit() {
      const event = new PreventableEvent();
      app.emit('before-quit', event);
      if (event.defaultPrevented) return;
      for (const window of windows) if (!window.destroyed) window.close();
      if (windows.every((window) => window.destroyed)) app.exitCode ??= 0;
    },
    exit(code: number) {
      app.exitCode ??= code;
    },
  });
  const questions: Electron.MessageBoxOptions[] = [];
  const answers: Electron.MessageBoxReturnValue[] = [];
  const dialogs: Electron.OpenDialogOptions[] = [];
  const errorBoxes: { title: string; content: string }[] = [];
  const schemes: Electron.CustomScheme[] = [];
  const protocols = new Map<string, (request: Request) => Promise<Response>>();
  const menus: Electron.MenuItemConstructorOptions[][] = [];
  const notifications: { title: string; body: string; click: () => void }[] = [];
  const trays: { tip: string; menu: Electron.MenuItemConstructorOptions[]; destroyed: boolean }[] = [];
  const blockers = new Set<number>();
  const shownInFolder: string[] = [];
  const chosen: { path: string | null } = { path: null };
  const defaultSession = Object.assign(new EventEmitter(), {
    permissionRequest: null as PermissionHandler | null,
    permissionCheck: null as ((contents: unknown, permission: string) => boolean) | null,
    devicePermission: null as (() => boolean) | null,
    beforeRequest: null as RequestHandler | null,
    setPermissionRequestHandler(handler: PermissionHandler) {
      defaultSession.permissionRequest = handler;
    },
    setPermissionCheckHandler(handler: (contents: unknown, permission: string) => boolean) {
      defaultSession.permissionCheck = handler;
    },
    setDevicePermissionHandler(handler: () => boolean) {
      defaultSession.devicePermission = handler;
    },
    webRequest: {
      onBeforeRequest(handler: RequestHandler) {
        defaultSession.beforeRequest = handler;
      },
    },
  });
  const ipcMain = new EventEmitter();
  const nativeTheme = { themeSource: 'system', shouldUseDarkColors: true };

  const electron = {
    app,
    ipcMain,
    nativeTheme,
    session: { defaultSession },
    BrowserWindow: class extends StandInWindow {
      constructor(options: Electron.BrowserWindowConstructorOptions) {
        super(options);
        windows.push(this);
        app.emit('web-contents-created', new PreventableEvent(), this.webContents);
      }
    },
    dialog: {
      async showMessageBox(_owner: unknown, options: Electron.MessageBoxOptions) {
        questions.push(options);
        return answers.shift() ?? { response: options.cancelId ?? 0, checkboxChecked: false };
      },
      async showOpenDialog(_owner: unknown, options: Electron.OpenDialogOptions) {
        dialogs.push(options);
        return { canceled: chosen.path === null, filePaths: chosen.path === null ? [] : [chosen.path] };
      },
      async showSaveDialog(_owner: unknown, options: Electron.SaveDialogOptions) {
        dialogs.push(options as Electron.OpenDialogOptions);
        return { canceled: chosen.path === null, filePath: chosen.path ?? '' };
      },
      showErrorBox: (title: string, content: string) => errorBoxes.push({ title, content }),
    },
    Menu: {
      buildFromTemplate: (template: Electron.MenuItemConstructorOptions[]) => template,
      setApplicationMenu: (menu: Electron.MenuItemConstructorOptions[]) => menus.push(menu),
    },
    nativeImage: { createFromPath: () => ({ resize: () => ({}) }) },
    Notification: class {
      static isSupported = () => true;
      readonly #record: (typeof notifications)[number];
      constructor(options: { title: string; body: string }) {
        this.#record = { ...options, click: () => {} };
      }
      on(_event: 'click', listener: () => void) {
        this.#record.click = listener;
      }
      show() {
        notifications.push(this.#record);
      }
    },
    powerSaveBlocker: {
      start() {
        const id = blockers.size + 1;
        blockers.add(id);
        return id;
      },
      stop: (id: number) => blockers.delete(id),
    },
    protocol: {
      registerSchemesAsPrivileged: (added: Electron.CustomScheme[]) => schemes.push(...added),
      handle: (scheme: string, answer: (request: Request) => Promise<Response>) =>
        protocols.set(scheme, answer),
    },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    shell: {
      showItemInFolder: (path: string) => shownInFolder.push(path),
      openPath: async () => '',
    },
    Tray: class extends EventEmitter {
      readonly #record = { tip: '', menu: [] as Electron.MenuItemConstructorOptions[], destroyed: false };
      constructor() {
        super();
        trays.push(this.#record);
      }
      setToolTip(tip: string) {
        this.#record.tip = tip;
      }
      setContextMenu(menu: Electron.MenuItemConstructorOptions[]) {
        this.#record.menu = menu;
      }
      destroy() {
        this.#record.destroyed = true;
      }
    },
  };

  return {
    /** For the shell. The one place where the stand-in is passed off as the real thing. */
    electron: electron as unknown as ElectronApi,
    app,
    windows,
    ipcMain,
    nativeTheme,
    defaultSession,
    questions,
    answers,
    dialogs,
    chosen,
    errorBoxes,
    schemes,
    protocols,
    menus,
    notifications,
    trays,
    blockers,
    shownInFolder,
  };
}

export type ElectronStandIn = ReturnType<typeof electronStandIn>;
