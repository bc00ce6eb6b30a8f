import type { ElectronApi } from './electron-api.ts';
import type { ShellText } from './text.ts';

/** Sets the application menu: the system's own roles under names in the user's language. */
export function setMenu(
  electron: ElectronApi,
  text: ShellText,
  platform: NodeJS.Platform,
  showWorkspace: () => void,
): void {
  const separator = { type: 'separator' } as const;
  const application: Electron.MenuItemConstructorOptions = {
    label: electron.app.name,
    submenu: [
      { role: 'about', label: text.about },
      separator,
      { role: 'services', label: text.services },
      separator,
      { role: 'hide', label: text.hide },
      { role: 'hideOthers', label: text.hideOthers },
      { role: 'unhide', label: text.showAll },
      separator,
      { role: 'quit', label: text.quit },
    ],
  };
  const file: Electron.MenuItemConstructorOptions = {
    label: text.file,
    submenu: [
      { label: text.showWorkspace, click: showWorkspace },
      separator,
      platform === 'darwin' ? { role: 'close', label: text.closeWindow } : { role: 'quit', label: text.quit },
    ],
  };
  const edit: Electron.MenuItemConstructorOptions = {
    label: text.edit,
    submenu: [
      { role: 'undo', label: text.undo },
      { role: 'redo', label: text.redo },
      separator,
      { role: 'cut', label: text.cut },
      { role: 'copy', label: text.copy },
      { role: 'paste', label: text.paste },
      { role: 'selectAll', label: text.selectAll },
    ],
  };
  const view: Electron.MenuItemConstructorOptions = {
    label: text.view,
    submenu: [
      { role: 'reload', label: text.reload },
      separator,
      { role: 'resetZoom', label: text.actualSize },
      { role: 'zoomIn', label: text.zoomIn },
      { role: 'zoomOut', label: text.zoomOut },
      separator,
      { role: 'togglefullscreen', label: text.fullScreen },
      { role: 'toggleDevTools', label: text.developerTools },
    ],
  };
  const window: Electron.MenuItemConstructorOptions = {
    label: text.window,
    submenu: [
      { role: 'minimize', label: text.minimise },
      { role: 'close', label: text.closeWindow },
    ],
  };
  const menus = [...(platform === 'darwin' ? [application] : []), file, edit, view, window];
  electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(menus));
}
