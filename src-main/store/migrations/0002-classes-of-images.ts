import type { Migration } from '../database.ts';

/**
 * A picture of a conditional model is known by its class too: one seed may stand for a picture of each. The
 * uniqueness of a table cannot be changed in place, so that it is made anew, with the links that point to it.
 */
export const classesOfImages: Migration = {
  version: 2,
  name: 'classes of images',
  sql: `
    CREATE TABLE image_with_label (
      id TEXT PRIMARY KEY,
      ordinal INTEGER NOT NULL UNIQUE,
      sha256 TEXT NOT NULL,
      run_id TEXT NOT NULL REFERENCES run(id),
      checkpoint_step INTEGER NOT NULL,
      seed INTEGER NOT NULL,
      -- Empty for a model that knows no classes.
      label TEXT NOT NULL DEFAULT '',
      width_px INTEGER NOT NULL,
      height_px INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      provenance TEXT NOT NULL,
      starred INTEGER NOT NULL DEFAULT 0,
      trashed_at INTEGER,
      created_at INTEGER NOT NULL,
      UNIQUE (run_id, checkpoint_step, seed, label)
    ) STRICT;
    INSERT INTO image_with_label (id, ordinal, sha256, run_id, checkpoint_step, seed, width_px, height_px, bytes,
      provenance, starred, trashed_at, created_at)
      SELECT id, ordinal, sha256, run_id, checkpoint_step, seed, width_px, height_px, bytes,
        provenance, starred, trashed_at, created_at FROM image;
    CREATE TABLE kept_export_image AS SELECT export_id, image_id FROM export_image;
    DROP TABLE export_image;
    DROP TABLE image;
    ALTER TABLE image_with_label RENAME TO image;
    CREATE INDEX image_by_run ON image(run_id, ordinal);
    CREATE INDEX image_starred ON image(ordinal) WHERE starred = 1;
    CREATE TABLE export_image (
      export_id TEXT NOT NULL REFERENCES export(id),
      image_id TEXT NOT NULL REFERENCES image(id),
      PRIMARY KEY (export_id, image_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO export_image SELECT export_id, image_id FROM kept_export_image;
    DROP TABLE kept_export_image;
  `,
};
