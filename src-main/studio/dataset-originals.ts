import { readFile, rm } from 'node:fs/promises';
import { StudioError } from '../contract/errors.ts';
import type { IdxPictures } from '../imaging/idx.ts';
import { readIdxPictures } from '../imaging/idx.ts';
import type { Original, StoredPicture } from '../store/datasets.ts';
import { hashBytes } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';

export type DatasetOriginals = ReturnType<typeof createDatasetOriginals>;

/** How many containers stay unpacked in memory: one being looked at, one being made a version of. */
const openContainers = 2;

/** Originals as datasets use them: kept safe while an import is still naming them, and read back checked. */
export function createDatasetOriginals(workspace: Workspace) {
  /** Per hash, how many running imports have put it and may not have committed a row that refers to it. */
  const claims = new Map<string, number>();
  /** Files on their way out; whoever puts the same bytes back waits until they are gone. */
  const removals = new Map<string, Promise<void>>();
  const containers = new Map<string, Promise<IdxPictures>>();

  /** @throws StudioError `dataset-changed` naming the file when it is gone or no longer the same */
  const read = async (original: Pick<Original, 'sha256' | 'extension'>, name: string): Promise<Buffer> => {
    const path = workspace.originalPath(original.sha256, original.extension);
    const changed = (why: string, cause?: unknown) =>
      new StudioError(
        'dataset-changed',
        `The stored original of “${name}” ${why} (${path}). Import the pictures again, or restore this file from a backup.`,
        { file: path, name },
        cause,
      );
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (thrown) {
      throw changed('is missing or cannot be read', thrown);
    }
    if (hashBytes(bytes) !== original.sha256) throw changed('was changed on disk');
    return bytes;
  };

  const container = (picture: StoredPicture): Promise<IdxPictures> => {
    const key = picture.originalSha256;
    const opened =
      containers.get(key) ??
      read({ sha256: key, extension: picture.extension }, picture.name).then((bytes) =>
        readIdxPictures({ bytes, file: picture.name }, null),
      );
    // Deleting first makes it the newest in the map's order.
    containers.delete(key);
    containers.set(key, opened);
    opened.catch(() => containers.delete(key));
    for (const oldest of containers.keys()) {
      if (containers.size <= openContainers) break;
      containers.delete(oldest);
    }
    return opened;
  };

  return {
    /** Starts a set of claims; every original of an import is put through it, and it is released at the end. */
    openClaims() {
      const held = new Set<string>();
      return {
        async put(bytes: Uint8Array, extension: string): Promise<Original> {
          const sha256 = hashBytes(bytes);
          if (!held.has(sha256)) {
            held.add(sha256);
            claims.set(sha256, (claims.get(sha256) ?? 0) + 1);
          }
          await removals.get(sha256);
          await workspace.putOriginal(bytes, extension);
          return { sha256, extension, bytes: bytes.byteLength };
        },
        release(): void {
          for (const sha256 of held) {
            const left = (claims.get(sha256) ?? 1) - 1;
            if (left === 0) claims.delete(sha256);
            else claims.set(sha256, left);
          }
          held.clear();
        },
      };
    },
    isClaimed: (sha256: string): boolean => claims.has(sha256),
    /** Removes files that no row names any more, except those that an import has claimed meanwhile. */
    async removeFiles(originals: readonly Pick<Original, 'sha256' | 'extension'>[]): Promise<void> {
      for (const { sha256, extension } of originals) {
        if (claims.has(sha256)) continue;
        containers.delete(sha256);
        const removal = rm(workspace.originalPath(sha256, extension), { force: true });
        removals.set(sha256, removal);
        await removal.finally(() => removals.delete(sha256));
      }
    },
    read,
    /** The container that a picture lies in, unpacked; the last few are kept. */
    container,
  };
}
