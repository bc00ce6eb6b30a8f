import { RPCHandler } from '@orpc/server/message-port';
import type { StudioRouter } from '../router/router.ts';
import type { ElectronApi } from './electron-api.ts';
import { isOwnPage } from './protections.ts';

/** The channel on which the preload hands over the page's end of a message port. */
export const portChannel = 'imago-studio-port';

/**
 * Answers the contract on each port that comes from the main frame of the studio's own window. A port from
 * anywhere else is closed unread.
 */
export function acceptPorts(
  electron: ElectronApi,
  router: StudioRouter,
  ownWindow: () => Electron.BrowserWindow | null,
): void {
  const rpc = new RPCHandler(router);
  electron.ipcMain.on(portChannel, (message) => {
    const [port] = message.ports;
    if (!port) return;
    const contents = ownWindow()?.webContents;
    const frame = message.senderFrame;
    const trusted =
      contents !== undefined &&
      message.sender === contents &&
      frame !== null &&
      frame === contents.mainFrame &&
      isOwnPage(frame.url);
    if (!trusted) {
      port.close();
      return;
    }
    rpc.upgrade(port);
    port.start();
  });
}
