import type { Migration } from '../database.ts';

/**
 * A picture is also known by how it was sampled: one seed, drawn in 20 steps or in 200, gives two pictures. The
 * table is made anew for the same reason as with the classes.
 */
export const samplingOfImages: Migration = {
  version: 7,
  name: 'sampling of images',
  sql: `
    CREATE TABLE image_with_sampling (
      id TEXT PRIMARY KEY,
      ordinal INTEGER NOT NULL UNIQUE,
      sha256 TEXT NOT NULL,
      run_id TEXT NOT NULL REFERENCES run(id),
      checkpoint_step INTEGER NOT NULL,
      seed INTEGER NOT NULL,
      label TEXT NOT NULL DEFAULT '',
      -- JSON of what the family lets one choose, by key; empty where there is nothing to choose.
      sampling TEXT NOT NULL DEFAULT '',
      width_px INTEGER NOT NULL,
      height_px INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      provenance TEXT NOT NULL,
      starred INTEGER NOT NULL DEFAULT 0,
      trashed_at INTEGER,
      created_at INTEGER NOT NULL,
      UNIQUE (run_id, checkpoint_step, seed, label, sampling)
    ) STRICT;
    INSERT INTO image_with_sampling (id, ordinal, sha256, run_id, checkpoint_step, seed, label, width_px, height_px,
      bytes, provenance, starred, trashed_at, created_at)
      SELECT id, ordinal, sha256, run_id, checkpoint_step, seed, label, width_px, height_px, bytes,
        provenance, starred, trashed_at, created_at FROM image;
    CREATE TABLE kept_export_image AS SELECT export_id, image_id FROM export_image;
    DROP TABLE export_image;
    DROP TABLE image;
    ALTER TABLE image_with_sampling RENAME TO image;
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
