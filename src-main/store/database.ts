import SQLite from 'better-sqlite3';
import { StudioError } from '../contract/errors.ts';
import { first } from './migrations/0001-first.ts';
import { classesOfImages } from './migrations/0002-classes-of-images.ts';
import { sources } from './migrations/0003-sources.ts';
import { cleaning } from './migrations/0004-cleaning.ts';
import { recipes } from './migrations/0005-recipes.ts';
import { overnight } from './migrations/0006-overnight.ts';
import { samplingOfImages } from './migrations/0007-sampling-of-images.ts';
import { pictureEdits } from './migrations/0008-picture-edits.ts';
import { countsAtOnce } from './migrations/0009-counts-at-once.ts';
import { repairedImages } from './migrations/0010-repaired-images.ts';

export type Database = SQLite.Database;

export interface Migration {
  /** The schema's number after it ran; counts up by one. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** In order; a migration that was released is never edited. */
export const migrations: readonly Migration[] = [
  first,
  classesOfImages,
  sources,
  cleaning,
  recipes,
  overnight,
  samplingOfImages,
  pictureEdits,
  countsAtOnce,
  repairedImages,
];

export const schemaVersion = migrations.at(-1)!.version;

/**
 * Opens (or makes) the store and brings it to the newest schema, each migration in a transaction of its own.
 *
 * @param file path of `studio.db`, or `:memory:`
 * @throws StudioError `workspace-newer` when a later version of the studio wrote it
 * @throws StudioError `workspace-read-only` when it cannot be written
 */
export function openDatabase(file: string): Database {
  let database: Database;
  try {
    database = new SQLite(file);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
    database.pragma('busy_timeout = 5000');
  } catch (error) {
    throw new StudioError(
      'workspace-read-only',
      `The store “${file}” cannot be opened for writing (${String(error)}). Check the folder's permissions, or choose another workspace.`,
      { path: file },
      error,
    );
  }
  const found = Number(database.pragma('user_version', { simple: true }));
  if (found > schemaVersion) {
    database.close();
    throw new StudioError(
      'workspace-newer',
      `The workspace holding “${file}” was written by a newer Imago Studio (schema ${found}, this one knows ${schemaVersion}). Update the app, or choose another workspace.`,
      { path: file, found, known: schemaVersion },
    );
  }
  for (const migration of migrations) {
    if (migration.version <= found) continue;
    database.transaction(() => {
      database.exec(migration.sql);
      database.pragma(`user_version = ${migration.version}`);
    })();
  }
  return database;
}

/** Opens a store that another process has brought up to date, to read what is in it. */
export function openForReading(file: string): Database {
  return new SQLite(file, { readonly: true, fileMustExist: true, timeout: 5000 });
}
