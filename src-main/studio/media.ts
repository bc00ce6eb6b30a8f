import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { parseMediaAddress } from '../contract/media.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Augmentations } from './augmentations.ts';
import type { Datasets } from './datasets.ts';
import type { Exports } from './exports.ts';
import type { Gallery } from './gallery.ts';
import type { Repairs } from './repairs.ts';
import type { Runs } from './runs.ts';

/** What an address leads to. */
export interface Media {
  contentType: string;
  /** True where the bytes behind the address never change, so that they may be kept for ever. */
  immutable: boolean;
  body: { kind: 'bytes'; bytes: Uint8Array } | { kind: 'file'; path: string; bytes: number };
  /** A name to save under, where the address is for downloading. */
  downloadName: string | null;
}

/** The one function that turns an address into bytes; it serves only what the store knows. */
export function createMedia({
  workspace,
  augmentations,
  datasets,
  runs,
  gallery,
  repairs,
  exports,
}: {
  workspace: Workspace;
  augmentations: Augmentations;
  datasets: Datasets;
  runs: Runs;
  gallery: Gallery;
  repairs: Repairs;
  exports: Exports;
}) {
  const fromFile = async (path: string, contentType: string): Promise<Media | null> => {
    const found = await stat(path).catch(() => null);
    if (!found?.isFile()) return null;
    // Sheets and pictures can be drawn again, exports can be replaced: asked for again each time.
    return {
      contentType,
      immutable: false,
      body: { kind: 'file', path, bytes: found.size },
      downloadName: null,
    };
  };
  const fromBytes = ({ bytes, contentType }: { bytes: Uint8Array; contentType: string }): Media => ({
    contentType,
    immutable: true,
    body: { kind: 'bytes', bytes },
    downloadName: null,
  });

  return async (address: string): Promise<Media | null> => {
    const request = parseMediaAddress(address);
    if (!request) return null;
    try {
      switch (request.kind) {
        case 'picture':
          return fromBytes(await datasets.pictureThumbnail(request.pictureId));
        case 'pictures': {
          const pictures = await datasets.pictureThumbnails(request.pictureIds);
          const bytes = Buffer.from(JSON.stringify(pictures));
          // What is left out of it this time may be there the next.
          return { ...fromBytes({ bytes, contentType: 'application/json' }), immutable: false };
        }
        case 'version':
          return fromBytes(
            await datasets.versions.picture(request.datasetId, request.version, request.index, request.part),
          );
        case 'preview': {
          const { pictureId, inputPictureId, part, form } = request;
          return fromBytes(await datasets.versions.preview(pictureId, inputPictureId, part, form));
        }
        case 'sample': {
          const file = runs.sheetFile(request.runId, request.step);
          return file ? await fromFile(join(workspace.runFolder(request.runId), file), 'image/png') : null;
        }
        case 'augmentation':
          return fromBytes({ bytes: augmentations.png(request.sheetId), contentType: 'image/png' });
        case 'image':
          return await fromFile(workspace.imagePath(gallery.get(request.imageId).image.sha256), 'image/png');
        case 'input': {
          const bytes = repairs.preview(request.sha256);
          if (bytes) return fromBytes({ bytes, contentType: 'image/png' });
          if (!gallery.isInput(request.sha256)) return null;
          const kept = await fromFile(workspace.inputPath(request.sha256), 'image/png');
          return kept && { ...kept, immutable: true };
        }
        case 'export': {
          const found = exports.get(request.exportId);
          if (found.format !== 'zip') return null;
          const media = await fromFile(found.path, 'application/zip');
          return media && { ...media, downloadName: basename(found.path) };
        }
      }
    } catch (error) {
      if (error instanceof StudioError) return null;
      throw error;
    }
  };
}
