import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StudioError } from '../contract/errors.ts';

/** A short random name, safe in paths and addresses: `prefix-` and 12 base-32 letters (60 bits). */
export function newId(prefix: string): string {
  const letters = '0123456789abcdefghjkmnpqrstvwxyz';
  return `${prefix}-${Array.from(randomBytes(12), (byte) => letters[byte & 31]).join('')}`;
}

const isCode = (error: unknown, ...codes: string[]) =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

/** The named failure behind a file system error: a full disk, a folder that cannot be written; else as it is. */
export function toFileError(error: unknown, path: string): unknown {
  if (isCode(error, 'ENOSPC', 'EDQUOT')) {
    return new StudioError(
      'disk-full',
      `The disk holding “${path}” is full. Free some space and try again; nothing half-written was kept.`,
      { path },
      error,
    );
  }
  if (isCode(error, 'EACCES', 'EPERM', 'EROFS')) {
    return new StudioError(
      'workspace-read-only',
      `“${path}” cannot be written. Check its permissions, or choose another folder.`,
      { path },
      error,
    );
  }
  return error;
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows has no handle on a folder to sync.
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that it is there whole or not at all: a temporary name beside it, fsync, rename.
 *
 * @param durable false skips the fsyncs, for what can be made again (thumbnails)
 * @throws StudioError `disk-full`, `workspace-read-only`
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  durable = true,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      if (durable) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    if (durable) await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw toFileError(error, path);
  }
}

/** Moves a finished folder to its place; fsyncs its files and both parents, so that it survives a crash whole. */
export async function publishFolder(staging: string, target: string): Promise<void> {
  try {
    for (const name of await readdir(staging)) {
      const handle = await open(join(staging, name), 'r+');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    await syncFolder(staging);
    await mkdir(dirname(target), { recursive: true });
    await rename(staging, target);
    await syncFolder(dirname(target));
  } catch (error) {
    throw toFileError(error, target);
  }
}

/** So few files are no reason to wait for all that others write to the disk. */
const syncedOneByOne = 100;
/** How many files are synced at once where there is no way to sync them all together. */
const syncedAtOnce = 16;

/**
 * Makes files durable that were written without. On Linux the whole disk is synced at once (`sync -f`), which for
 * thousands of small files takes a tenth of a second instead of ten; elsewhere each file and its folder is.
 *
 * @param folder on the disk that all of them are on
 * @throws the signal's reason when it aborts
 */
export async function syncFiles(
  folder: string,
  paths: () => Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const all = [...paths()];
  if (process.platform === 'linux' && all.length > syncedOneByOne) {
    try {
      await promisify(execFile)('sync', ['-f', folder], { signal });
      return;
    } catch {
      signal.throwIfAborted();
      // A system without that command, or an older one.
    }
  }
  const folders = new Set<string>();
  const waiting = new Set<Promise<void>>();
  for (const path of all) {
    signal.throwIfAborted();
    folders.add(dirname(path));
    const synced = syncFile(path).finally(() => waiting.delete(synced));
    waiting.add(synced);
    if (waiting.size >= syncedAtOnce) await Promise.race(waiting);
  }
  await Promise.all(waiting);
  for (const each of folders) await syncFolder(each);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** SHA-256 of a file in lower-case hexadecimal, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

export const hashBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Free bytes for this user on the disk that holds `path`. */
export async function freeDiskBytes(path: string): Promise<number> {
  const disk = await statfs(path);
  return disk.bavail * disk.bsize;
}

/** Kept free beside what a job needs, so that the store can always be written. */
const reserveBytes = 64 * 1024 * 1024;

/**
 * Makes sure that a job fits before it starts.
 *
 * @throws StudioError `disk-full` with what is needed and what is free
 */
export async function requireDiskSpace(path: string, neededBytes: number): Promise<void> {
  const freeBytes = await freeDiskBytes(path);
  if (freeBytes >= neededBytes + reserveBytes) return;
  const megabytes = (bytes: number) => Math.ceil(bytes / 1e6);
  throw new StudioError(
    'disk-full',
    `This needs about ${megabytes(neededBytes + reserveBytes)} MB on the disk holding “${path}”, and ${megabytes(freeBytes)} MB are free. Free some space, then try again.`,
    { path, neededMb: megabytes(neededBytes + reserveBytes), freeMb: megabytes(freeBytes) },
  );
}
