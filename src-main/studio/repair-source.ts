import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FocusPoint } from '../contract/domain/recipes.ts';
import type { RepairOrigin, RepairRights, RepairSource } from '../contract/domain/repairs.ts';
import { StudioError } from '../contract/errors.ts';
import { openPicture } from '../imaging/decode.ts';
import type { PictureBytes } from '../imaging/prepare.ts';
import { decodePlainPng } from '../imaging/pure/png-decode.ts';
import { stripPngText } from '../imaging/pure/png-encode.ts';
import { hashBytes, toFileError } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { uploadedPath } from './dataset-import.ts';
import type { Datasets } from './datasets.ts';
import type { Gallery } from './gallery.ts';
import { licenceName } from './licence-summary.ts';

/** A picture that is to be repaired, before it is fitted to a model. */
export interface BroughtPicture {
  readonly picture: PictureBytes;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly name: string;
  readonly from: RepairOrigin['from'];
  readonly rights: RepairRights;
  readonly focus: FocusPoint | null;
  /** Whether it was prepared for a model already, so that one of its size takes it as it is. */
  readonly isPrepared: boolean;
}

/** Larger files are no pictures that anybody repairs at 64 pixels. */
const largestFileBytes = 1024 ** 3;

/**
 * Reads the picture that a source names.
 *
 * @throws StudioError `path-missing`, `not-found`, `file-unreadable`, `dataset-changed`, `input-invalid` for a folder
 */
export async function bringPicture(
  source: RepairSource,
  { workspace, datasets, gallery }: { workspace: Workspace; datasets: Datasets; gallery: Gallery },
): Promise<BroughtPicture> {
  switch (source.kind) {
    case 'path':
      return broughtFile(source.path);
    case 'upload':
      return broughtFile(await uploadedPath(source.uploadId, workspace));
    case 'picture': {
      const { pictureId } = source;
      const { bytes, focus, sha256 } = await datasets.versions.original(pictureId);
      const from = { kind: 'picture', pictureId, name: bytes.name, sha256 } as const;
      return {
        ...{ picture: bytes, name: bytes.name, from, focus, isPrepared: false },
        ...(await sizeOf(bytes)),
        rights: rightsOfPicture(pictureId, datasets),
      };
    }
    case 'version': {
      const { datasetId, version: number, row, part } = source;
      const { version, pixels, pictureId } = await datasets.versions.row(datasetId, number, row, part);
      const { sizePx, channels } = version;
      const name = `${datasets.get(datasetId).name} v${number} #${row + 1}`;
      const image = { pixels, widthPx: sizePx, heightPx: sizePx, channels };
      return {
        ...{ picture: { kind: 'pixels', image, name }, name, focus: null, isPrepared: true },
        ...{ widthPx: sizePx, heightPx: sizePx, rights: rightsOfPicture(pictureId, datasets) },
        from: { kind: 'version', datasetId, version: number, row, part, sha256: version.hash },
      };
    }
    case 'image': {
      const { image, provenance } = gallery.get(source.imageId);
      const png = await gallery.read(image);
      const name = `${provenance.run.name} #${image.seed}`;
      const plain = decodePlainPng(stripPngText(png));
      const picture: PictureBytes = plain
        ? { kind: 'pixels', image: plain, name }
        : { kind: 'file', bytes: png, name };
      const { widthPx, heightPx } = image;
      const { licence } = provenance.dataset;
      const own = provenance.repair?.rights;
      return {
        ...{ picture, name, widthPx, heightPx, focus: null, isPrepared: true },
        from: { kind: 'image', imageId: image.id, runId: image.runId, sha256: image.sha256 },
        rights: {
          // Of two terms, an unknown one leaves the whole unknown.
          licence: own && own.licence === '' ? '' : joinedTerms(licence.name, own?.licence),
          author: joinedTerms(licence.attribution, own?.author),
          mayTrain: own?.mayTrain ?? 'unknown',
        },
      };
    }
  }
}

const joinedTerms = (...terms: (string | undefined)[]): string =>
  [...new Set(terms.filter((term) => term !== undefined && term !== ''))].join('; ');

async function broughtFile(path: string): Promise<BroughtPicture> {
  const name = basename(path);
  const found = await stat(path).catch(() => null);
  if (!found) {
    throw new StudioError('path-missing', `There is nothing at “${path}”. Check the path.`, { path });
  }
  if (!found.isFile() || found.size > largestFileBytes) {
    throw new StudioError(
      'input-invalid',
      `“${name}” is not one picture. Choose a single picture file to repair.`,
      { name },
    );
  }
  const bytes = await readFile(path).catch((error: unknown) => {
    throw toFileError(error, path);
  });
  const { facts, rights } = await openPicture(bytes, name);
  const picture: PictureBytes = { kind: 'file', bytes, name };
  return {
    ...{ picture, name, focus: null, isPrepared: false },
    ...{ widthPx: facts.widthPx, heightPx: facts.heightPx },
    from: { kind: 'file', name, sha256: hashBytes(bytes) },
    rights: {
      licence: licenceName(rights?.licence ?? ''),
      author: rights?.author ?? '',
      mayTrain: rights?.mayTrain ?? 'unknown',
    },
  };
}

async function sizeOf(picture: PictureBytes): Promise<{ widthPx: number; heightPx: number }> {
  if (picture.kind === 'pixels') return picture.image;
  return (await openPicture(picture.bytes, picture.name)).facts;
}

function rightsOfPicture(pictureId: string, datasets: Datasets): RepairRights {
  const { licence, author, mayTrain } = datasets.sources.rightsOfPicture(pictureId);
  return { licence: licenceName(licence), author, mayTrain };
}
