import type { Migration } from '../database.ts';

/**
 * What the review of a dataset measured, found and decided. Decisions are facts beside the pictures: a picture that is
 * kept out, a label that was corrected or a picture that is to be denoised stays as it came, and each can be undone.
 */
export const cleaning: Migration = {
  version: 4,
  name: 'cleaning',
  sql: `
    CREATE TABLE measure (
      picture_id TEXT PRIMARY KEY REFERENCES picture(id) ON DELETE CASCADE,
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      -- How it was measured; another number is measured again.
      revision INTEGER NOT NULL,
      -- 16 hexadecimal digits; null for a picture without detail.
      perceptual_hash TEXT,
      -- SHA-256 of the file, or of the pixels of a picture in a container.
      content_sha256 TEXT NOT NULL,
      colour_mode TEXT NOT NULL,
      sharpness REAL NOT NULL,
      brightness REAL NOT NULL,
      darkest REAL NOT NULL,
      brightest REAL NOT NULL,
      dark_share REAL NOT NULL,
      bright_share REAL NOT NULL,
      deviation REAL NOT NULL,
      noise REAL NOT NULL,
      colourfulness REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX measure_by_dataset ON measure(dataset_id, revision);

    -- What was learnt from the set itself: places on the map, and how far from the others a picture is.
    CREATE TABLE map_point (
      picture_id TEXT PRIMARY KEY REFERENCES picture(id) ON DELETE CASCADE,
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      pca_x REAL NOT NULL,
      pca_y REAL NOT NULL,
      umap_x REAL,
      umap_y REAL,
      remoteness REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX map_point_by_dataset ON map_point(dataset_id, umap_x);

    -- How probable classifiers that never saw the picture hold its label, and the label they would give.
    CREATE TABLE label_review (
      picture_id TEXT PRIMARY KEY REFERENCES picture(id) ON DELETE CASCADE,
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      given TEXT NOT NULL,
      given_probability REAL NOT NULL,
      suggested TEXT NOT NULL,
      suggested_probability REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX label_review_by_dataset ON label_review(dataset_id);

    CREATE TABLE cleaning_setting (
      dataset_id TEXT PRIMARY KEY REFERENCES dataset(id) ON DELETE CASCADE,
      thresholds TEXT NOT NULL,
      -- 0 while findings are being put together; a process that ended meanwhile left only some of them.
      complete INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE finding (
      id INTEGER PRIMARY KEY,
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      kind TEXT NOT NULL,
      -- A picture's id, the name of an unreadable file, or the name of a class.
      subject TEXT NOT NULL,
      picture_id TEXT REFERENCES picture(id) ON DELETE CASCADE,
      -- The picture that is kept for this one, of duplicates.
      kept_id TEXT REFERENCES picture(id) ON DELETE CASCADE,
      -- Within a kind, what is most worth looking at comes first.
      rank INTEGER NOT NULL,
      score REAL NOT NULL,
      reason TEXT NOT NULL,
      action TEXT NOT NULL,
      state TEXT NOT NULL,
      UNIQUE (dataset_id, kind, subject)
    ) STRICT;
    CREATE INDEX finding_queue ON finding(dataset_id, kind, state, rank);
    CREATE INDEX finding_by_picture ON finding(picture_id);
    CREATE INDEX finding_by_kept ON finding(kept_id);

    -- Pictures that look alike, in sets that a split must not part.
    CREATE TABLE look_alike (
      picture_id TEXT PRIMARY KEY REFERENCES picture(id) ON DELETE CASCADE,
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      set_number INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX look_alike_by_dataset ON look_alike(dataset_id, set_number);

    CREATE TABLE decision (
      id INTEGER PRIMARY KEY,
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      verdict TEXT NOT NULL,
      -- The kind of finding that was decided upon; null for pictures that were chosen by hand.
      kind TEXT,
      items INTEGER NOT NULL,
      at INTEGER NOT NULL,
      undone_at INTEGER
    ) STRICT;
    CREATE INDEX decision_by_dataset ON decision(dataset_id, id);

    -- What a decision changed, with what was there before, so that it can be taken back.
    CREATE TABLE decision_change (
      decision_id INTEGER NOT NULL REFERENCES decision(id) ON DELETE CASCADE,
      ordinal INTEGER NOT NULL,
      what TEXT NOT NULL,
      subject TEXT NOT NULL,
      before_value TEXT,
      after_value TEXT,
      PRIMARY KEY (decision_id, ordinal)
    ) STRICT, WITHOUT ROWID;

    -- Why a picture is kept out of versions: a kind of finding, or 'chosen' by hand; null where it is not.
    ALTER TABLE picture ADD COLUMN exclusion TEXT;
    -- What is done to a picture before it enters a version; null for nothing.
    ALTER TABLE picture ADD COLUMN repair TEXT;

    -- The label that a picture came with, where another one was accepted.
    CREATE TABLE label_correction (
      picture_id TEXT PRIMARY KEY REFERENCES picture(id) ON DELETE CASCADE,
      original_label TEXT
    ) STRICT, WITHOUT ROWID;

    -- The grid filters a hundred thousand pictures by these.
    CREATE INDEX picture_by_exclusion ON picture(dataset_id, exclusion, ordinal);
    CREATE INDEX picture_by_repair ON picture(dataset_id) WHERE repair IS NOT NULL;
    CREATE INDEX picture_by_label ON picture(dataset_id, label, ordinal, exclusion, id);
    CREATE INDEX picture_in_order ON picture(dataset_id, ordinal, exclusion, id);
  `,
};
