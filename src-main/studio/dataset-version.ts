import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Dataset, DatasetVersion, Recipe } from '../contract/domain/datasets.ts';
import { StudioError } from '../contract/errors.ts';
import { decodePicture } from '../imaging/decode.ts';
import { toSquare } from '../imaging/pure/resample.ts';
import { compareNames } from '../imaging/sources.ts';
import type { StoredPicture, datasetQueries } from '../store/datasets.ts';
import {
  hashBytes,
  publishFolder,
  requireDiskSpace,
  toFileError,
  writeFileAtomic,
} from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { DatasetOriginals } from './dataset-originals.ts';
import type { JobControl } from './jobs.ts';
import { orderedMap } from './ordered-map.ts';

/** Pictures are gathered into writes of about this size. */
const writeBytes = 4 * 1024 * 1024;

/**
 * Makes a dataset version: `images.u8` (`[image, sizePx, sizePx, channel]`, 0…255), `labels.i32` (little-endian
 * class numbers, −1 for none) and `version.json`, in a staging folder that is moved to its place when whole.
 * The same recipe on the same originals gives the same bytes.
 *
 * @throws StudioError `dataset-changed` naming an original that is gone or changed, `disk-full`, `cancelled`
 */
export async function makeVersion(
  dataset: Dataset,
  recipe: Recipe,
  tools: {
    queries: ReturnType<typeof datasetQueries>;
    workspace: Workspace;
    originals: DatasetOriginals;
  },
  { signal, progress }: JobControl,
): Promise<DatasetVersion> {
  const { queries, workspace, originals } = tools;
  const pictures = queries.allPictures(dataset.id);
  const imagesBytes = pictures.length * recipe.sizePx * recipe.sizePx * recipe.channels;
  await requireDiskSpace(workspace.folder, imagesBytes + pictures.length * 4);
  progress(0, pictures.length);

  const staging = await workspace.newStaging('version');
  try {
    const hash = createHash('sha256');
    const imagesHash = createHash('sha256');
    const file = await open(join(staging, 'images.u8'), 'wx');
    try {
      let waiting: Uint8Array[] = [];
      let waitingBytes = 0;
      let done = 0;
      const write = async () => {
        const block = Buffer.concat(waiting);
        hash.update(block);
        imagesHash.update(block);
        await file.writeFile(block);
        waiting = [];
        waitingBytes = 0;
      };
      const decode = async (picture: StoredPicture) => {
        signal.throwIfAborted();
        return pixelsOf(picture, recipe, originals);
      };
      for await (const pixels of orderedMap(pictures, 2 * availableParallelism(), decode)) {
        signal.throwIfAborted();
        waiting.push(pixels);
        waitingBytes += pixels.length;
        if (waitingBytes >= writeBytes) await write();
        done += 1;
        progress(done);
      }
      await write();
    } finally {
      await file.close();
    }

    const { labels, classes } = labelsOf(pictures, recipe);
    hash.update(labels);
    await writeFileAtomic(join(staging, 'labels.i32'), labels, false);
    const version = (dataset.versions.at(-1)?.version ?? 0) + 1;
    const made: DatasetVersion = {
      datasetId: dataset.id,
      version,
      sizePx: recipe.sizePx,
      channels: recipe.channels,
      background: recipe.background,
      labelMode: recipe.labelMode,
      images: pictures.length,
      classes,
      bytes: imagesBytes + labels.length,
      hash: hash.digest('hex'),
      createdAt: Date.now(),
    };
    const description = {
      format: 1,
      dataset: { id: dataset.id, name: dataset.name, source: dataset.source, licence: dataset.licence },
      version: made,
      files: {
        'images.u8': { bytes: imagesBytes, sha256: imagesHash.digest('hex') },
        'labels.i32': { bytes: labels.length, sha256: hashBytes(labels) },
      },
    };
    await writeFileAtomic(join(staging, 'version.json'), `${JSON.stringify(description, null, 2)}\n`, false);

    signal.throwIfAborted();
    const target = workspace.versionFolder(dataset.id, version);
    // A folder without a row is left from a process that ended between the two.
    await workspace.moveToTrash(target);
    await publishFolder(staging, target);
    queries.insertVersion(
      made,
      pictures.map(({ id }) => id),
    );
    return made;
  } catch (thrown) {
    throw toFileError(thrown, workspace.folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function pixelsOf(
  picture: StoredPicture,
  recipe: Recipe,
  originals: DatasetOriginals,
): Promise<Uint8Array> {
  if (picture.originalIndex !== null) {
    const container = await originals.container(picture);
    const { widthPx, heightPx, channels } = container;
    const pixels = container.pixels(picture.originalIndex);
    return toSquare({ pixels, widthPx, heightPx, channels }, recipe);
  }
  const original = { sha256: picture.originalSha256, extension: picture.extension };
  return decodePicture(await originals.read(original, picture.name), picture.name, recipe);
}

/** Class numbers in natural order of the names, so that the class `2` comes before `10`. */
function labelsOf(pictures: readonly StoredPicture[], recipe: Recipe) {
  const labels = Buffer.alloc(pictures.length * 4);
  const counts = new Map<string, number>();
  if (recipe.labelMode === 'folders') {
    for (const { label } of pictures) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const names = [...counts.keys()].sort(compareNames);
  const numbers = new Map(names.map((name, number) => [name, number]));
  pictures.forEach(({ label }, position) =>
    labels.writeInt32LE(label === null ? -1 : (numbers.get(label) ?? -1), position * 4),
  );
  return { labels, classes: names.map((name) => ({ name, images: counts.get(name)! })) };
}

/** @throws StudioError `dataset-changed` when the version's file is missing or too short */
export async function readVersionPicture(
  version: DatasetVersion,
  index: number,
  workspace: Workspace,
): Promise<Uint8Array> {
  const path = join(workspace.versionFolder(version.datasetId, version.version), 'images.u8');
  const pixels = new Uint8Array(version.sizePx * version.sizePx * version.channels);
  const changed = (cause?: unknown) =>
    new StudioError(
      'dataset-changed',
      `The pictures of this dataset version are missing or cut short (${path}). Build the version again.`,
      { file: path },
      cause,
    );
  let bytesRead: number;
  try {
    const file = await open(path);
    try {
      ({ bytesRead } = await file.read(pixels, 0, pixels.length, index * pixels.length));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw changed(thrown);
  }
  if (bytesRead !== pixels.length) throw changed();
  return pixels;
}
