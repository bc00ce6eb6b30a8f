import type { Migration } from '../database.ts';

/** What a run that is left alone over night needs to be told about, and to be gone back to. */
export const overnight: Migration = {
  version: 6,
  name: 'overnight',
  sql: `
    -- A run goes on from a checkpoint of another; kept by value, as the other may be put away.
    ALTER TABLE run ADD COLUMN parent TEXT;
    ALTER TABLE run ADD COLUMN wanted_backend TEXT;
    ALTER TABLE checkpoint ADD COLUMN marked INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE checkpoint ADD COLUMN good INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE checkpoint ADD COLUMN score REAL;

    CREATE TABLE run_setting_change (
      run_id TEXT NOT NULL REFERENCES run(id),
      ordinal INTEGER NOT NULL,
      at INTEGER NOT NULL,
      step INTEGER NOT NULL,
      key TEXT NOT NULL,
      -- JSON, as a setting is a number, a text or a truth value.
      from_value TEXT NOT NULL,
      to_value TEXT NOT NULL,
      cause TEXT NOT NULL,
      undone INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (run_id, ordinal)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE run_rescue (
      run_id TEXT NOT NULL REFERENCES run(id),
      ordinal INTEGER NOT NULL,
      at INTEGER NOT NULL,
      failed_step INTEGER NOT NULL,
      failure TEXT NOT NULL,
      back_to_step INTEGER NOT NULL,
      attempt INTEGER NOT NULL,
      settings TEXT NOT NULL,
      PRIMARY KEY (run_id, ordinal)
    ) STRICT, WITHOUT ROWID;
  `,
};
