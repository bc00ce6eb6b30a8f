import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Dataset, DatasetVersion } from '../contract/domain/datasets.ts';
import type { Recipe } from '../contract/domain/recipes.ts';
import { StudioError } from '../contract/errors.ts';
import { preparationRevision } from '../imaging/prepare.ts';
import type { versionQueries } from '../store/versions.ts';
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
import type { RowPixels } from './version-pixels.ts';
import { keyBytes, preparedRow, transformKeys } from './version-pixels.ts';
import type { VersionPlan } from './version-plan.ts';
import { labelsOf } from './version-plan.ts';
import { keysFile, openEarlierRows } from './version-reuse.ts';
import { gatherStatistics } from './version-statistics.ts';
import { openRowFile, type RowFile } from './version-row-file.ts';

export interface VersionTools {
  versions: ReturnType<typeof versionQueries>;
  workspace: Workspace;
  originals: DatasetOriginals;
}

/** What a version takes on the disk, in bytes. */
export function versionBytes(recipe: Recipe, rows: number): number {
  const pictureBytes = recipe.sizePx * recipe.sizePx * recipe.channels;
  return rows * (pictureBytes * (recipe.pairing.kind === 'none' ? 1 : 2) + 4 + keyBytes);
}

/**
 * Makes a dataset version in a staging folder that is moved to its place when whole: `images.u8` (`[image, sizePx,
 * sizePx, channel]`, 0…255, the training part first, then what is held out), `labels.i32` (little-endian class
 * numbers, −1 for none), for pairs `inputs.u8` of the same shape, `transforms.sha256` (what each row was made
 * of) and `version.json`. Rows that an earlier version holds are taken from there. The same recipe on the same
 * originals gives the same bytes, either way.
 *
 * @throws StudioError `dataset-changed` naming an original that is gone or changed, `disk-full`, `cancelled`
 */
export async function makeVersion(
  dataset: Dataset,
  recipe: Recipe,
  plan: VersionPlan,
  { versions, workspace, originals }: VersionTools,
  { signal, progress }: JobControl,
): Promise<DatasetVersion> {
  const { rows } = plan;
  const paired = recipe.pairing.kind !== 'none';
  await requireDiskSpace(workspace.folder, versionBytes(recipe, rows.length));
  progress(0, rows.length);

  const shape = { sizePx: recipe.sizePx, channels: recipe.channels, paired };
  const keys = transformKeys(rows, recipe);
  const keyOf = (row: number) => keys.subarray(row * keyBytes, (row + 1) * keyBytes);
  const earlier = await openEarlierRows(dataset.versions, shape, keys, workspace, signal);
  const staging = await workspace.newStaging('version');
  const opened: RowFile[] = [];
  try {
    const pictureBytes = recipe.sizePx * recipe.sizePx * recipe.channels;
    const openRows = async (name: string): Promise<RowFile> => {
      const file = openRowFile(await open(join(staging, name), 'wx+'), pictureBytes);
      opened.push(file);
      return file;
    };
    const images = await openRows('images.u8');
    const inputs = paired ? await openRows('inputs.u8') : null;

    /** Where a row with the same key stands in this very version: classes that are evened out repeat rows. */
    const firstRows = new Map<string, number>();
    const make = async (_row: unknown, at: number): Promise<RowPixels> => {
      signal.throwIfAborted();
      const key = keyOf(at);
      const before = firstRows.get(key.toString('latin1'));
      if (before === undefined) firstRows.set(key.toString('latin1'), at);
      const repeated = before === undefined ? null : await rowOf(before, images, inputs);
      return repeated ?? (await earlier.read(key)) ?? (await preparedRow(rows[at]!, recipe, originals));
    };
    const statistics = gatherStatistics(recipe.channels);
    let done = 0;
    for await (const { target, input } of orderedMap(
      rows,
      2 * availableParallelism(),
      untilAborted(make, signal),
    )) {
      signal.throwIfAborted();
      await images.add(target);
      if (inputs && input) await inputs.add(input);
      if (done < plan.images) statistics.add(target);
      done += 1;
      progress(done);
    }
    for (const file of opened) await file.flush();

    const labels = labelsOf(plan);
    const hash = images.hash.copy().update(labels);
    if (paired) {
      for await (const chunk of createReadStream(join(staging, 'inputs.u8'), { highWaterMark: 1 << 20 })) {
        signal.throwIfAborted();
        hash.update(chunk as Buffer);
      }
    }
    await writeFileAtomic(join(staging, 'labels.i32'), labels, false);
    await writeFileAtomic(join(staging, keysFile), keys, false);
    const described = (bytes: number, sha256: string) => ({ bytes, sha256 });
    const files = {
      'images.u8': described(rows.length * pictureBytes, images.hash.copy().digest('hex')),
      'labels.i32': described(labels.length, hashBytes(labels)),
      ...(inputs && {
        'inputs.u8': described(rows.length * pictureBytes, inputs.hash.copy().digest('hex')),
      }),
      [keysFile]: described(keys.length, hashBytes(keys)),
    };
    const version = (dataset.versions.at(-1)?.version ?? 0) + 1;
    const made: DatasetVersion = {
      ...recipe,
      datasetId: dataset.id,
      version,
      images: plan.images,
      heldOutImages: plan.heldOut,
      paired,
      classes: plan.classes,
      bytes: rows.length * pictureBytes * (paired ? 2 : 1) + labels.length,
      hash: hash.digest('hex'),
      statistics: statistics.result(),
      createdAt: Date.now(),
    };
    const description = {
      format: 2,
      dataset: {
        id: dataset.id,
        name: dataset.name,
        sources: dataset.sources.map(({ kind, location, rights, pictures }) => ({
          kind,
          location,
          rights,
          pictures,
        })),
        licence: dataset.licence,
      },
      version: made,
      /** Places of the rows: the training part, then what is held out. */
      parts: { train: [0, plan.images], heldOut: [plan.images, rows.length] },
      inputsHash: plan.inputsHash,
      /** The way of preparing and resizing, as distances between sets depend on it. */
      preparation: preparationRevision,
      files,
    };
    await writeFileAtomic(join(staging, 'version.json'), `${JSON.stringify(description, null, 2)}\n`, false);
    for (const file of opened.splice(0)) await file.close();

    signal.throwIfAborted();
    const target = workspace.versionFolder(dataset.id, version);
    // A folder without a row is left from a process that ended between the two.
    await workspace.moveToTrash(target);
    await publishFolder(staging, target);
    versions.insert(
      made,
      plan.inputsHash,
      rows.map((row) => ({ pictureId: row.target.id, inputPictureId: row.input?.id ?? null })),
    );
    return made;
  } catch (thrown) {
    throw toFileError(thrown, workspace.folder);
  } finally {
    await earlier.close();
    for (const file of opened) await file.close();
    await rm(staging, { recursive: true, force: true });
  }
}

/** The bytes of an earlier row of the version being made, where they are on the disk already. */
async function rowOf(row: number, images: RowFile, inputs: RowFile | null): Promise<RowPixels | null> {
  const target = await images.read(row);
  const input = inputs && (await inputs.read(row));
  return target && (!inputs || input) ? { target, input } : null;
}

/** Lets go of work that cannot be stopped, such as the decoding of a huge picture, as soon as `signal` aborts. */
function untilAborted<Item, Result>(
  work: (item: Item, index: number) => Promise<Result>,
  signal: AbortSignal,
): (item: Item, index: number) => Promise<Result> {
  return async (item, index) => {
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([work(item, index), promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };
}

/**
 * The pixels of one row, `[sizePx, sizePx, channels]`, 0…255.
 *
 * @param part `inputs` for the other half of a pair
 * @throws StudioError `dataset-changed` when the version's file is missing or too short
 */
export async function readVersionPicture(
  version: DatasetVersion,
  index: number,
  workspace: Workspace,
  part: 'images' | 'inputs' = 'images',
): Promise<Uint8Array> {
  const path = join(workspace.versionFolder(version.datasetId, version.version), `${part}.u8`);
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
