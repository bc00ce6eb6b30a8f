import { pageOrigin, mediaScheme, pageScheme } from './schemes.ts';
import type { ElectronApi } from './electron-api.ts';

const localSchemes = new Set([`${pageScheme}:`, `${mediaScheme}:`, 'data:', 'blob:', 'devtools:']);

const schemeOf = (url: string): string => {
  try {
    return new URL(url).protocol;
  } catch {
    return '';
  }
};

/** Whether an address belongs to the studio's own page. */
export function isOwnPage(url: string): boolean {
  return url.startsWith(`${pageOrigin}/`);
}

/** Copying text at the user's click is the one thing that the page must ask for. */
const isPermitted = (permission: string, url: string): boolean =>
  permission === 'clipboard-sanitized-write' && isOwnPage(url);

/**
 * Shuts every door that a page does not need: other windows, navigation, embedded guests, permissions but one,
 * devices, downloads of anything but the studio's own exports, and every request that would leave this machine.
 */
export function protect(electron: ElectronApi): void {
  electron.app.on('web-contents-created', (_created, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (navigation) => navigation.preventDefault());
    contents.on('will-frame-navigate', (navigation) => navigation.preventDefault());
    contents.on('will-redirect', (navigation) => navigation.preventDefault());
    contents.on('will-attach-webview', (attachment) => attachment.preventDefault());
  });
  const { defaultSession } = electron.session;
  defaultSession.setPermissionRequestHandler((contents, permission, decide) =>
    decide(isPermitted(permission, contents.getURL())),
  );
  defaultSession.setPermissionCheckHandler((contents, permission) =>
    isPermitted(permission, contents?.getURL() ?? ''),
  );
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.on('will-download', (download, item) => {
    if (schemeOf(item.getURL()) !== `${mediaScheme}:`) download.preventDefault();
  });
  defaultSession.webRequest.onBeforeRequest((request, decide) =>
    decide({ cancel: !localSchemes.has(schemeOf(request.url)) }),
  );
}
