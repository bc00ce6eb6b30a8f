import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { StudioError } from '../contract/errors.ts';

/**
 * Writes a file so that a power cut leaves either the old one or the whole new one: a temporary name
 * beside it, fsync, rename, fsync of the folder. Makes the folder.
 *
 * @param verify looks at the temporary file before it takes the name; what it throws leaves no file behind
 * @throws StudioError `disk-full` when the disk or the user's share of it is full
 */
export function writeFileDurably(
  file: string,
  bytes: Uint8Array,
  verify: (temporaryFile: string) => void = () => undefined,
): void {
  const temporaryFile = `${file}.partial`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const descriptor = openSync(temporaryFile, 'w');
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    verify(temporaryFile);
    renameSync(temporaryFile, file);
  } catch (error) {
    rmSync(temporaryFile, { force: true });
    throw asDiskFailure(error, file);
  }
  syncFolder(path.dirname(file));
}

/**
 * Adds a line to a log, which may lose its end in a power cut.
 *
 * @throws StudioError `disk-full`
 */
export function appendLine(file: string, line: string): void {
  try {
    appendFileSync(file, `${line}\n`);
  } catch (error) {
    throw asDiskFailure(error, file);
  }
}

function asDiskFailure(error: unknown, file: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new StudioError(
    'disk-full',
    `There is no space left to write ${file}. Free some space and go on from the last checkpoint.`,
    { path: file },
    error,
  );
}

function syncFolder(folder: string): void {
  // Windows cannot open a folder; its file systems keep the order of renames by themselves.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
