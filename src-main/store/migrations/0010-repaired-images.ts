import type { Migration } from '../database.ts';

/**
 * A picture is also known by what it was made from: one seed repairs two pictures, or one with two masks, in two ways.
 * The table is made anew for the same reason as with the classes.
 */
export const repairedImages: Migration = {
  version: 10,
  name: 'repaired images',
  sql: `
    CREATE TABLE image_with_input (
      id TEXT PRIMARY KEY,
      ordinal INTEGER NOT NULL UNIQUE,
      sha256 TEXT NOT NULL,
      run_id TEXT NOT NULL REFERENCES run(id),
      checkpoint_step INTEGER NOT NULL,
      seed INTEGER NOT NULL,
      label TEXT NOT NULL DEFAULT '',
      -- JSON of what the family lets one choose, by key; empty where there is nothing to choose.
      sampling TEXT NOT NULL DEFAULT '',
      -- Of a repaired picture: SHA-256 of the PNG that the model was given, and of the mask; empty for the others.
      input_sha256 TEXT NOT NULL DEFAULT '',
      mask_sha256 TEXT NOT NULL DEFAULT '',
      width_px INTEGER NOT NULL,
      height_px INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      provenance TEXT NOT NULL,
      starred INTEGER NOT NULL DEFAULT 0,
      trashed_at INTEGER,
      created_at INTEGER NOT NULL,
      UNIQUE (run_id, checkpoint_step, seed, label, sampling, input_sha256, mask_sha256)
    ) STRICT;
    INSERT INTO image_with_input (id, ordinal, sha256, run_id, checkpoint_step, seed, label, sampling, width_px,
      height_px, bytes, provenance, starred, trashed_at, created_at)
      SELECT id, ordinal, sha256, run_id, checkpoint_step, seed, label, sampling, width_px, height_px, bytes,
        provenance, starred, trashed_at, created_at FROM image;
    CREATE TABLE kept_export_image AS SELECT export_id, image_id FROM export_image;
    DROP TABLE export_image;
    DROP TABLE image;
    ALTER TABLE image_with_input RENAME TO image;
    CREATE INDEX image_by_run ON image(run_id, ordinal);
    CREATE INDEX image_starred ON image(ordinal) WHERE starred = 1;
    CREATE INDEX image_by_input ON image(input_sha256, ordinal) WHERE input_sha256 <> '';
    CREATE INDEX image_by_mask ON image(mask_sha256) WHERE mask_sha256 <> '';
    CREATE TABLE export_image (
      export_id TEXT NOT NULL REFERENCES export(id),
      image_id TEXT NOT NULL REFERENCES image(id),
      PRIMARY KEY (export_id, image_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO export_image SELECT export_id, image_id FROM kept_export_image;
    DROP TABLE kept_export_image;
  `,
};
