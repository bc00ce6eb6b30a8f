import { readFile, rm } from 'node:fs/promises';
import type { ContainerFormat } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { openContainer } from '../imaging/containers.ts';
import type { ContainerPictures } from '../imaging/source-picture.ts';
import type { Original, StoredPicture } from '../store/datasets.ts';
import { hashBytes, hashFile } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';

export type DatasetOriginals = ReturnType<typeof createDatasetOriginals>;

/** How many containers stay open: the batches of one set, and one being looked at. */
const openContainers = 8;

/** How many files are removed at once, as each is a wait for the disk. */
const removedAtOnce = 64;

interface Open {
  pictures: Promise<ContainerPictures>;
  /** Under way right now; it is closed after the last. */
  reads: number;
  isDropped: boolean;
}

function closeUnused(open: Open): void {
  if (!open.isDropped || open.reads > 0) return;
  // A container that could not be opened has nothing to close.
  open.pictures.then(async (pictures) => pictures.close?.()).catch(() => undefined);
}

const changed = (path: string, name: string, why: string, cause?: unknown): StudioError =>
  new StudioError(
    'dataset-changed',
    `The stored original of “${name}” ${why} (${path}). Import the pictures again, or restore this file from a backup.`,
    { file: path, name },
    cause,
  );

/** Originals as datasets use them: kept safe while an import is still naming them, and read back checked. */
export function createDatasetOriginals(
  workspace: Workspace,
  sources: { container(sourceId: string): ContainerFormat | null },
) {
  const formats = new Map<string, ContainerFormat>();
  /** How a source's containers are read never changes. */
  const formatOf = (sourceId: string): ContainerFormat => {
    const format = formats.get(sourceId) ?? sources.container(sourceId) ?? { kind: 'idx' };
    formats.set(sourceId, format);
    return format;
  };
  /** Per hash, how many running imports have put it and may not have committed a row that refers to it. */
  const claims = new Map<string, number>();
  /** Files on their way out; whoever puts the same bytes back waits until they are gone. */
  const removals = new Map<string, Promise<void>>();
  const containers = new Map<string, Open>();
  const verified = new Set<string>();

  /** @throws StudioError `dataset-changed` naming the file when it is gone or no longer the same */
  const read = async (original: Pick<Original, 'sha256' | 'extension'>, name: string): Promise<Buffer> => {
    const path = workspace.originalPath(original.sha256, original.extension);
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (thrown) {
      throw changed(path, name, 'is missing or cannot be read', thrown);
    }
    if (hashBytes(bytes) !== original.sha256) throw changed(path, name, 'was changed on disk');
    return bytes;
  };

  /** Checks a container as a whole, once while the studio runs, as it is read piece by piece afterwards. */
  const openVerified = async (picture: StoredPicture): Promise<ContainerPictures> => {
    const { originalSha256: sha256, extension, name } = picture;
    const path = workspace.originalPath(sha256, extension);
    const file = name.replace(/#\d+$/, '');
    if (!verified.has(sha256)) {
      const found = await hashFile(path).catch((thrown: unknown) => {
        throw changed(path, file, 'is missing or cannot be read', thrown);
      });
      if (found !== sha256) throw changed(path, file, 'was changed on disk');
      verified.add(sha256);
    }
    return openContainer(path, formatOf(picture.sourceId), file);
  };

  /** Opens a container again when it was let go of, and lets go of the one that was longest unused. */
  const opened = (picture: StoredPicture): Open => {
    const key = `${picture.originalSha256} ${JSON.stringify(formatOf(picture.sourceId))}`;
    const found: Open = containers.get(key) ?? {
      pictures: openVerified(picture),
      reads: 0,
      isDropped: false,
    };
    // Deleting first makes it the newest in the map's order.
    containers.delete(key);
    containers.set(key, found);
    found.pictures.catch(() => containers.delete(key));
    for (const [oldest, open] of containers) {
      if (containers.size <= openContainers) break;
      letGo(oldest, open);
    }
    return found;
  };

  const letGo = (key: string, open: Open): void => {
    containers.delete(key);
    open.isDropped = true;
    closeUnused(open);
  };

  const container = async (picture: StoredPicture): Promise<ContainerPictures> => {
    const { count, widthPx, heightPx, channels } = await opened(picture).pictures;
    return {
      ...{ count, widthPx, heightPx, channels },
      async pixels(index) {
        const open = opened(picture);
        open.reads += 1;
        try {
          return await (await open.pictures).pixels(index);
        } finally {
          open.reads -= 1;
          closeUnused(open);
        }
      },
    };
  };

  return {
    /** Starts a set of claims; every original of an import is put through it, and it is released at the end. */
    openClaims() {
      const held = new Set<string>();
      return {
        /** Moves a file that was written beside the workspace's own to its place. */
        async adopt(file: string, { sha256, extension, bytes }: Original): Promise<Original> {
          if (!held.has(sha256)) {
            held.add(sha256);
            claims.set(sha256, (claims.get(sha256) ?? 0) + 1);
          }
          await removals.get(sha256);
          await workspace.adoptOriginal(file, sha256, extension);
          return { sha256, extension, bytes };
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
      const remove = async ({ sha256, extension }: Pick<Original, 'sha256' | 'extension'>) => {
        if (claims.has(sha256)) return;
        for (const [key, open] of containers) if (key.startsWith(sha256)) letGo(key, open);
        verified.delete(sha256);
        const removal = rm(workspace.originalPath(sha256, extension), { force: true });
        removals.set(sha256, removal);
        await removal.finally(() => removals.delete(sha256));
      };
      for (let at = 0; at < originals.length; at += removedAtOnce) {
        await Promise.all(originals.slice(at, at + removedAtOnce).map(remove));
      }
    },
    /** Lets go of every file that is still open. */
    close(): void {
      for (const [key, open] of containers) letGo(key, open);
    },
    read,
    /** The container that a picture lies in, unpacked; the last few are kept. */
    container,
  };
}
