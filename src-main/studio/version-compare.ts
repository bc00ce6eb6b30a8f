import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { DatasetVersion } from '../contract/domain/datasets.ts';
import type { VersionComparison, VersionDifference } from '../contract/domain/versions.ts';
import { StudioError } from '../contract/errors.ts';
import { compareNames } from '../imaging/name-order.ts';
import type { VersionPicture } from '../store/versions.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { keyBytes } from './version-pixels.ts';
import { keysFile } from './version-reuse.ts';

export interface ComparedVersions {
  comparison: Omit<VersionComparison, 'statistics'>;
  differences: VersionDifference[];
}

interface Side {
  version: DatasetVersion;
  /** The first place of each picture. */
  places: Map<string, VersionPicture>;
  keys: Buffer | null;
  classAt(position: number): string | null;
  sameBytes(position: number, other: Side, otherPosition: number): boolean;
  /** The bytes of a row: its picture and, of a pair, its input. */
  read(position: number): Buffer;
  close(): void;
}

/** So many pictures are compared before others get their turn. */
const comparedAtOnce = 256;

/**
 * Compares two versions of a dataset picture by picture.
 *
 * @throws StudioError `dataset-changed` when a version's file is missing or too short
 */
export async function compareVersions(
  from: { version: DatasetVersion; pictures: readonly VersionPicture[] },
  to: { version: DatasetVersion; pictures: readonly VersionPicture[] },
  workspace: Workspace,
): Promise<ComparedVersions> {
  const before = await openSide(from.version, from.pictures, workspace);
  const after = await openSide(to.version, to.pictures, workspace).catch((error: unknown) => {
    before.close();
    throw error;
  });
  try {
    const differences: VersionDifference[] = [];
    let unchanged = 0;
    let compared = 0;
    for (const [pictureId, place] of after.places) {
      if (++compared % comparedAtOnce === 0) await setImmediate();
      const was = before.places.get(pictureId);
      const told = { pictureId, name: place.name, to: place.position };
      if (!was) {
        differences.push({ ...told, kind: 'added', what: [], from: null });
        continue;
      }
      const what = differencesOf(before, was.position, after, place.position);
      if (what.length === 0) unchanged += 1;
      else differences.push({ ...told, kind: 'changed', what, from: was.position });
    }
    for (const [pictureId, { name, position }] of before.places) {
      if (after.places.has(pictureId)) continue;
      differences.push({ pictureId, name, kind: 'removed', what: [], from: position, to: null });
    }
    const count = (kind: VersionDifference['kind']) =>
      differences.filter((difference) => difference.kind === kind).length;
    return {
      differences,
      comparison: {
        from: from.version.version,
        to: to.version.version,
        added: count('added'),
        removed: count('removed'),
        changed: count('changed'),
        unchanged,
        classes: classesOf(from.version, to.version),
      },
    };
  } finally {
    before.close();
    after.close();
  }
}

function differencesOf(before: Side, was: number, after: Side, place: number): VersionDifference['what'] {
  const what: VersionDifference['what'] = [];
  if (!before.sameBytes(was, after, place)) what.push('pixels');
  if (before.classAt(was) !== after.classAt(place)) what.push('class');
  if (was < before.version.images !== place < after.version.images) what.push('part');
  return what;
}

function classesOf(from: DatasetVersion, to: DatasetVersion): VersionComparison['classes'] {
  const countOf = (version: DatasetVersion, name: string) =>
    version.classes.find((one) => one.name === name)?.images ?? 0;
  const names = new Set([...from.classes, ...to.classes].map(({ name }) => name));
  return [...names]
    .sort(compareNames)
    .map((name) => ({ name, from: countOf(from, name), to: countOf(to, name) }));
}

async function openSide(
  version: DatasetVersion,
  pictures: readonly VersionPicture[],
  workspace: Workspace,
): Promise<Side> {
  const folder = workspace.versionFolder(version.datasetId, version.version);
  const changed = (file: string, cause?: unknown) =>
    new StudioError(
      'dataset-changed',
      `The pictures of this dataset version are missing or cut short (${file}). Build the version again.`,
      { file },
      cause,
    );
  const rows = version.images + version.heldOutImages;
  const places = new Map<string, VersionPicture>();
  for (const picture of pictures) if (!places.has(picture.pictureId)) places.set(picture.pictureId, picture);

  const labelsPath = join(folder, 'labels.i32');
  const labels = await readFile(labelsPath).catch((cause: unknown) => {
    throw changed(labelsPath, cause);
  });
  if (labels.length !== rows * 4) throw changed(labelsPath);
  const keys = await readFile(join(folder, keysFile)).catch(() => null);

  const pictureBytes = version.sizePx * version.sizePx * version.channels;
  const parts: { path: string; descriptor: number }[] = [];
  const close = () => {
    for (const { descriptor } of parts.splice(0)) closeSync(descriptor);
  };
  for (const name of version.paired ? ['images.u8', 'inputs.u8'] : ['images.u8']) {
    const path = join(folder, name);
    try {
      parts.push({ path, descriptor: openSync(path, 'r') });
    } catch (cause) {
      close();
      throw changed(path, cause);
    }
  }
  const read = (position: number): Buffer => {
    const bytes = Buffer.alloc(pictureBytes * parts.length);
    parts.forEach(({ path, descriptor }, part) => {
      const at = part * pictureBytes;
      if (readSync(descriptor, bytes, at, pictureBytes, position * pictureBytes) !== pictureBytes)
        throw changed(path);
    });
    return bytes;
  };
  const keyAt = (side: Pick<Side, 'keys'>, position: number) =>
    side.keys?.subarray(position * keyBytes, (position + 1) * keyBytes);
  const side: Side = {
    version,
    places,
    keys: keys?.length === rows * keyBytes ? keys : null,
    classAt(position) {
      const number = labels.readInt32LE(position * 4);
      return number < 0 ? null : (version.classes[number]?.name ?? null);
    },
    sameBytes(position, other, otherPosition) {
      const theirs = other.version;
      const sameShape =
        version.sizePx === theirs.sizePx &&
        version.channels === theirs.channels &&
        version.paired === theirs.paired;
      if (!sameShape) return false;
      const [ours, others] = [keyAt(side, position), keyAt(other, otherPosition)];
      return (ours && others && ours.equals(others)) || read(position).equals(other.read(otherPosition));
    },
    read,
    close,
  };
  return side;
}
