import type { Host } from '../studio/studio.ts';
import type { ElectronApi } from './electron-api.ts';
import type { ShellText } from './text.ts';

type Purpose = Parameters<NonNullable<Host['choosePath']>>[0];

function openOptions(
  purpose: 'pictures-folder' | 'pictures-file' | 'export-folder',
  text: ShellText,
): Electron.OpenDialogOptions {
  switch (purpose) {
    case 'pictures-folder':
      return { title: text.choosePicturesFolder, properties: ['openDirectory'] };
    case 'pictures-file':
      return {
        title: text.choosePicturesFile,
        properties: ['openFile'],
        filters: [
          // IDX files usually have no ending but `-ubyte`, which no filter can name.
          { name: text.allFiles, extensions: ['*'] },
          {
            name: text.archives,
            extensions: ['zip', 'tar', 'gz', 'tgz', 'idx', 'bin', 'npy', 'npz', 'parquet', 'csv', 'jsonl'],
          },
        ],
      };
    case 'export-folder':
      return { title: text.chooseExportFolder, properties: ['openDirectory', 'createDirectory'] };
  }
}

/** What the desktop offers the studio: native dialogs and the system's file manager. */
export function desktopHost(
  electron: ElectronApi,
  text: () => ShellText,
  ownWindow: () => Electron.BrowserWindow | null,
): Host {
  const choosePath = async (purpose: Purpose): Promise<string | null> => {
    const window = ownWindow();
    if (!window) return null;
    if (purpose === 'export-zip') {
      const { canceled, filePath } = await electron.dialog.showSaveDialog(window, {
        title: text().chooseExportZip,
        filters: [{ name: 'ZIP', extensions: ['zip'] }],
        properties: ['createDirectory'],
      });
      return canceled || filePath === '' ? null : filePath;
    }
    const { canceled, filePaths } = await electron.dialog.showOpenDialog(
      window,
      openOptions(purpose, text()),
    );
    return canceled ? null : (filePaths[0] ?? null);
  };
  return {
    abilities: { face: 'desktop', nativeDialogs: true, showInFolder: true, upload: false },
    choosePath,
    showInFolder: (path) => electron.shell.showItemInFolder(path),
  };
}
