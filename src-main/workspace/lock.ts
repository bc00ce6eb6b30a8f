import SQLite from 'better-sqlite3';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { toFileError } from './files.ts';

/**
 * Takes the workspace for this process. The lock is an exclusive SQLite transaction on `studio.lock`: the
 * system releases it when the process ends, however it ends, so that no stale lock can remain.
 *
 * @returns a function that gives the workspace back
 * @throws StudioError `workspace-in-use` naming the process that holds it
 */
export async function lockWorkspace(folder: string): Promise<() => Promise<void>> {
  const holderFile = join(folder, 'studio.holder');
  let lock: SQLite.Database | undefined;
  try {
    lock = new SQLite(join(folder, 'studio.lock'), { timeout: 0 });
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (error instanceof SQLite.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      let holder = '?';
      try {
        holder = readFileSync(holderFile, 'utf8').trim();
      } catch {
        // Its holder has not written its number yet.
      }
      throw new StudioError(
        'workspace-in-use',
        `The workspace “${folder}” is open in another Imago Studio (process ${holder}). Use that one, close it, or choose another workspace with --workspace.`,
        { path: folder, process: holder },
      );
    }
    const code = error instanceof SQLite.SqliteError ? error.code : '';
    if (code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY')) {
      throw new StudioError(
        'workspace-read-only',
        `The workspace “${folder}” cannot be written. Check its permissions, or choose another folder.`,
        { path: folder },
        error,
      );
    }
    throw toFileError(error, folder);
  }
  writeFileSync(holderFile, `${process.pid}\n`);
  const held = lock;
  return async () => {
    held.exec('ROLLBACK');
    held.close();
  };
}
