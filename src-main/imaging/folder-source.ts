import { createReadStream, type Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import {
  isHidden,
  largestPictureBytes,
  openCollection,
  tooLarge,
  type CollectionFile,
} from './collection.ts';
import { compareNames } from './name-order.ts';
import type { OpenedSource } from './source-picture.ts';

export interface FolderFile extends CollectionFile {
  path: string;
}

export function missing(path: string, cause?: unknown): StudioError {
  return new StudioError(
    'path-missing',
    `“${path}” is not there. Check the path, or connect the disk it is on.`,
    { path },
    cause,
  );
}

export function unsupported(path: string, why: string): StudioError {
  return new StudioError(
    'source-unsupported',
    `“${path}” cannot be imported: ${why}. Choose a folder or an archive of pictures, a container such as IDX, CIFAR, NPZ or Parquet, or a manifest.`,
    { path, reason: why },
  );
}

/** The expected failure behind a file system error; else as it is. */
export function pathFailure(path: string, thrown: unknown): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESTALE' || code === 'ENXIO') {
    return missing(path, thrown);
  }
  if (code === 'EACCES' || code === 'EPERM') return unsupported(path, 'you may not read it');
  return thrown;
}

/**
 * Every file below a folder that is not hidden, in natural order. Links to files of the same folder count; links
 * out of it, to folders (loops) and to nothing do not.
 *
 * @throws StudioError `path-missing`, `source-unsupported`
 */
export async function listFolder(root: string): Promise<FolderFile[]> {
  const files: FolderFile[] = [];
  try {
    const realRoot = await realpath(root);
    const visit = async (folder: string, prefix: string): Promise<void> => {
      const children: Dirent[] = await readdir(folder, { withFileTypes: true });
      const found: Dirent[] = [];
      for (const child of children) {
        if (isHidden(child.name)) continue;
        if (child.isDirectory()) await visit(join(folder, child.name), `${prefix}${child.name}/`);
        else if (child.isFile() || child.isSymbolicLink()) found.push(child);
      }
      await Promise.all(
        found.map(async (child) => {
          const path = join(folder, child.name);
          if (child.isSymbolicLink() && !(await staysInside(path, realRoot))) return;
          files.push({ name: prefix + child.name, path, bytes: (await stat(path)).size });
        }),
      );
    };
    await visit(root, '');
  } catch (thrown) {
    throw pathFailure(root, thrown);
  }
  return files.sort((a, b) => compareNames(a.name, b.name));
}

async function staysInside(link: string, realRoot: string): Promise<boolean> {
  try {
    const target = await realpath(link);
    return target.startsWith(realRoot + sep) && (await stat(target)).isFile();
  } catch {
    return false;
  }
}

/**
 * A folder of pictures as a source.
 *
 * @param isWanted which of its pictures are offered, where not all are
 * @throws StudioError as `openCollection`
 */
export function openFolderFiles(
  root: string,
  files: readonly FolderFile[],
  isWanted?: (name: string) => boolean,
): Promise<OpenedSource> {
  const pathOf = new Map(files.map(({ name, path }) => [name, path]));
  return openCollection(
    'folder',
    root,
    files,
    ({ name }) => createReadStream(pathOf.get(name)!),
    function* (pictures) {
      for (const { name, bytes } of pictures) {
        const path = pathOf.get(name)!;
        yield { kind: 'file', path, bytes, read: () => readPicture({ name, bytes, path }, root) };
      }
    },
    isWanted && { isWanted },
  );
}

/** @throws StudioError `file-unreadable`, or `path-missing` when the folder it lies in vanished */
export async function readPicture({ name, bytes, path }: FolderFile, root: string): Promise<Buffer> {
  if (bytes > largestPictureBytes) throw tooLarge(name);
  try {
    return await readFile(path);
  } catch (thrown) {
    const cause = pathFailure(path, thrown);
    // One file may go while the import runs; without its root, nothing else can follow.
    const isGone = cause instanceof StudioError && cause.code === 'path-missing';
    if (isGone && !(await isReachable(root))) throw missing(root, thrown);
    const reason = isGone ? 'it vanished while importing' : 'it may not be read or its disk fails';
    throw new StudioError(
      'file-unreadable',
      `“${name}” cannot be read: ${reason}.`,
      { file: name, reason: isGone ? 'vanished' : 'no-access' },
      thrown,
    );
  }
}

export async function isReachable(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
