import { contextBridge, ipcRenderer, webUtils } from 'electron';

/** The few things of the page's window that are used here; the sources of this folder know no DOM. */
interface PageWindow {
  addEventListener(type: 'message', listener: (message: { source: unknown; data: unknown }) => void): void;
  postMessage(message: string, targetOrigin: string, transfer: readonly MessagePort[]): void;
}
declare const window: PageWindow;

contextBridge.exposeInMainWorld('imagoDesktop', {
  pathForFile: (file: File) => webUtils.getPathForFile(file),
});

window.addEventListener('message', (message) => {
  if (message.source !== window || message.data !== 'imago-studio-ready') return;
  const { port1, port2 } = new MessageChannel();
  ipcRenderer.postMessage('imago-studio-port', null, [port1]);
  window.postMessage('imago-studio-port', '*', [port2]);
});
