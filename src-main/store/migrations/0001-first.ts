import type { Migration } from '../database.ts';

/** The first schema: every fact of a workspace. Times are milliseconds since the epoch. */
export const first: Migration = {
  version: 1,
  name: 'first',
  sql: `
    CREATE TABLE project (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      trashed_at INTEGER
    ) STRICT;

    CREATE TABLE dataset (
      id TEXT PRIMARY KEY,
      project_id TEXT NOT NULL REFERENCES project(id),
      name TEXT NOT NULL,
      source_kind TEXT NOT NULL,
      source_location TEXT NOT NULL,
      licence_name TEXT NOT NULL DEFAULT '',
      licence_attribution TEXT NOT NULL DEFAULT '',
      importing INTEGER NOT NULL,
      ignored INTEGER NOT NULL DEFAULT 0,
      proposal TEXT NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX dataset_by_project ON dataset(project_id);

    CREATE TABLE original (
      sha256 TEXT PRIMARY KEY,
      extension TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE picture (
      id TEXT PRIMARY KEY,
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      ordinal INTEGER NOT NULL,
      name TEXT NOT NULL,
      label TEXT,
      original_sha256 TEXT NOT NULL REFERENCES original(sha256),
      -- Which picture of a container file (IDX); null where the original is the picture.
      original_index INTEGER,
      width_px INTEGER NOT NULL,
      height_px INTEGER NOT NULL,
      UNIQUE (dataset_id, ordinal)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX picture_by_original ON picture(original_sha256);

    -- Files kept as originals that are no picture themselves, such as the label file of an IDX pair.
    CREATE TABLE companion (
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      original_sha256 TEXT NOT NULL REFERENCES original(sha256),
      name TEXT NOT NULL,
      PRIMARY KEY (dataset_id, original_sha256)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE quarantine (
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      ordinal INTEGER NOT NULL,
      name TEXT NOT NULL,
      reason TEXT NOT NULL,
      PRIMARY KEY (dataset_id, ordinal)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE dataset_version (
      dataset_id TEXT NOT NULL REFERENCES dataset(id),
      version INTEGER NOT NULL,
      recipe TEXT NOT NULL,
      images INTEGER NOT NULL,
      classes TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      hash TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      PRIMARY KEY (dataset_id, version)
    ) STRICT, WITHOUT ROWID;

    -- Which picture stands at which place of images.u8.
    CREATE TABLE version_picture (
      dataset_id TEXT NOT NULL,
      version INTEGER NOT NULL,
      position INTEGER NOT NULL,
      picture_id TEXT NOT NULL REFERENCES picture(id),
      PRIMARY KEY (dataset_id, version, position),
      FOREIGN KEY (dataset_id, version) REFERENCES dataset_version(dataset_id, version)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE run (
      id TEXT PRIMARY KEY,
      project_id TEXT NOT NULL REFERENCES project(id),
      name TEXT NOT NULL,
      dataset_id TEXT NOT NULL,
      dataset_version INTEGER NOT NULL,
      preset_id TEXT NOT NULL,
      family TEXT NOT NULL,
      size_px INTEGER NOT NULL,
      channels INTEGER NOT NULL,
      seed INTEGER NOT NULL,
      settings TEXT NOT NULL,
      stop TEXT NOT NULL,
      state TEXT NOT NULL,
      failure TEXT,
      step INTEGER NOT NULL DEFAULT 0,
      trained_ms REAL NOT NULL DEFAULT 0,
      step_ms REAL,
      backend TEXT,
      parameters TEXT,
      created_at INTEGER NOT NULL,
      started_at INTEGER,
      ended_at INTEGER,
      trashed_at INTEGER,
      FOREIGN KEY (dataset_id, dataset_version) REFERENCES dataset_version(dataset_id, version)
    ) STRICT;
    CREATE INDEX run_by_project ON run(project_id);

    CREATE TABLE checkpoint (
      run_id TEXT NOT NULL REFERENCES run(id),
      step INTEGER NOT NULL,
      file TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      trained_ms REAL NOT NULL,
      created_at INTEGER NOT NULL,
      PRIMARY KEY (run_id, step)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE sample_sheet (
      run_id TEXT NOT NULL REFERENCES run(id),
      step INTEGER NOT NULL,
      file TEXT NOT NULL,
      columns INTEGER NOT NULL,
      rows INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      PRIMARY KEY (run_id, step)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE metric (
      run_id TEXT NOT NULL REFERENCES run(id),
      step INTEGER NOT NULL,
      trained_ms REAL NOT NULL,
      scalars TEXT NOT NULL,
      PRIMARY KEY (run_id, step)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE run_note (
      run_id TEXT NOT NULL REFERENCES run(id),
      ordinal INTEGER NOT NULL,
      at INTEGER NOT NULL,
      step INTEGER NOT NULL,
      kind TEXT NOT NULL,
      detail TEXT NOT NULL,
      PRIMARY KEY (run_id, ordinal)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE image (
      id TEXT PRIMARY KEY,
      ordinal INTEGER NOT NULL UNIQUE,
      sha256 TEXT NOT NULL,
      run_id TEXT NOT NULL REFERENCES run(id),
      checkpoint_step INTEGER NOT NULL,
      seed INTEGER NOT NULL,
      width_px INTEGER NOT NULL,
      height_px INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      provenance TEXT NOT NULL,
      starred INTEGER NOT NULL DEFAULT 0,
      trashed_at INTEGER,
      created_at INTEGER NOT NULL,
      UNIQUE (run_id, checkpoint_step, seed)
    ) STRICT;
    CREATE INDEX image_by_run ON image(run_id, ordinal);
    CREATE INDEX image_starred ON image(ordinal) WHERE starred = 1;

    CREATE TABLE export (
      id TEXT PRIMARY KEY,
      path TEXT NOT NULL,
      format TEXT NOT NULL,
      images INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      manifest_sha256 TEXT NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE export_image (
      export_id TEXT NOT NULL REFERENCES export(id),
      image_id TEXT NOT NULL REFERENCES image(id),
      PRIMARY KEY (export_id, image_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE preference (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
};
