import type { Migration } from '../database.ts';

/**
 * What versions are made with and from: focus points, the part that is held out, pairs, and the version that was
 * chosen to go on with. Versions from before have no inputs hash and hold nothing out.
 */
export const recipes: Migration = {
  version: 5,
  name: 'recipes',
  sql: `
    CREATE TABLE focus_point (
      picture_id TEXT PRIMARY KEY REFERENCES picture(id) ON DELETE CASCADE,
      x REAL NOT NULL,
      y REAL NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    ALTER TABLE dataset_version ADD COLUMN held_out INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE dataset_version ADD COLUMN paired INTEGER NOT NULL DEFAULT 0;
    -- SHA-256 over what went in, in order: pictures, the facts about them, their classes and parts.
    ALTER TABLE dataset_version ADD COLUMN inputs_hash TEXT;
    ALTER TABLE dataset_version ADD COLUMN statistics TEXT;

    -- The picture that a pair's input was made of, where it is another than the target's.
    ALTER TABLE version_picture ADD COLUMN input_picture_id TEXT REFERENCES picture(id);

    -- A version that was gone back to; without a row the newest is the current one.
    CREATE TABLE version_choice (
      dataset_id TEXT PRIMARY KEY REFERENCES dataset(id) ON DELETE CASCADE,
      version INTEGER NOT NULL,
      chosen_at INTEGER NOT NULL,
      FOREIGN KEY (dataset_id, version) REFERENCES dataset_version(dataset_id, version)
    ) STRICT, WITHOUT ROWID;
  `,
};
