import type { Migration } from '../database.ts';

/**
 * A dataset is put together from sources, each with rights of its own, and pictures may say more: captions, rights,
 * further columns. What was imported before becomes the first source of its dataset.
 */
export const sources: Migration = {
  version: 3,
  name: 'sources',
  sql: `
    CREATE TABLE source (
      id TEXT PRIMARY KEY,
      dataset_id TEXT NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
      ordinal INTEGER NOT NULL,
      kind TEXT NOT NULL,
      location TEXT NOT NULL,
      -- What was asked for, as JSON and without passwords; null for sources from before it was kept.
      request TEXT,
      -- How the pixels lie in its containers, as JSON; null where each picture is a file.
      container TEXT,
      licence TEXT NOT NULL DEFAULT '',
      author TEXT NOT NULL DEFAULT '',
      url TEXT NOT NULL DEFAULT '',
      date TEXT NOT NULL DEFAULT '',
      may_train TEXT NOT NULL DEFAULT 'unknown',
      rights_from TEXT NOT NULL DEFAULT 'nothing',
      importing INTEGER NOT NULL,
      watched INTEGER NOT NULL DEFAULT 0,
      ignored INTEGER NOT NULL DEFAULT 0,
      added_at INTEGER NOT NULL,
      UNIQUE (dataset_id, ordinal)
    ) STRICT;

    INSERT INTO source (id, dataset_id, ordinal, kind, location, container, licence, author, rights_from, importing,
        ignored, added_at)
      SELECT 'source-' || replace(id, 'dataset-', ''), id, 1, source_kind, source_location,
        CASE WHEN EXISTS (SELECT 1 FROM picture p WHERE p.dataset_id = dataset.id AND p.original_index IS NOT NULL)
          THEN '{"kind":"idx"}' END,
        licence_name, licence_attribution,
        CASE WHEN source_kind = 'sample' THEN 'sample'
          WHEN licence_attribution <> '' THEN 'person'
          WHEN licence_name <> '' THEN 'licence-file'
          ELSE 'nothing' END,
        importing, ignored, created_at
      FROM dataset;
    UPDATE source SET may_train = 'yes' WHERE kind = 'sample';

    ALTER TABLE picture ADD COLUMN source_id TEXT REFERENCES source(id);
    ALTER TABLE picture ADD COLUMN caption TEXT;
    -- What the file says of its own rights, as JSON; what it leaves out is its source's.
    ALTER TABLE picture ADD COLUMN rights TEXT;
    -- Further columns of a manifest, as JSON.
    ALTER TABLE picture ADD COLUMN columns TEXT;
    -- The file's own word or its source's; only 'no' keeps a picture out of versions.
    ALTER TABLE picture ADD COLUMN may_train TEXT NOT NULL DEFAULT 'unknown';
    UPDATE picture SET
      source_id = (SELECT s.id FROM source s WHERE s.dataset_id = picture.dataset_id),
      may_train = (SELECT s.may_train FROM source s WHERE s.dataset_id = picture.dataset_id);
    CREATE INDEX picture_by_source ON picture(source_id, ordinal);
    -- Few pictures of few datasets are forbidden, and every version asks for them.
    CREATE INDEX picture_forbidden ON picture(dataset_id) WHERE may_train = 'no';

    ALTER TABLE quarantine ADD COLUMN source_id TEXT REFERENCES source(id);
    UPDATE quarantine SET source_id = (SELECT s.id FROM source s WHERE s.dataset_id = quarantine.dataset_id);
    CREATE INDEX quarantine_by_source ON quarantine(source_id);
    ALTER TABLE companion ADD COLUMN source_id TEXT REFERENCES source(id);
    UPDATE companion SET source_id = (SELECT s.id FROM source s WHERE s.dataset_id = companion.dataset_id);

    ALTER TABLE dataset DROP COLUMN source_kind;
    ALTER TABLE dataset DROP COLUMN source_location;
    ALTER TABLE dataset DROP COLUMN licence_name;
    ALTER TABLE dataset DROP COLUMN licence_attribution;
    ALTER TABLE dataset DROP COLUMN ignored;
  `,
};
