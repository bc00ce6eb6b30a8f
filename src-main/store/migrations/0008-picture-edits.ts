import type { Migration } from '../database.ts';

/** What a person sets by hand stands beside what came with a picture, so that it can be given back. */
export const pictureEdits: Migration = {
  version: 8,
  name: 'picture-edits',
  sql: `
    -- Rights and caption that were set by hand, as JSON; what it leaves out is as it came. Labels have
    -- label_correction.
    ALTER TABLE picture ADD COLUMN edits TEXT;
    -- Of each entry of rights, whether the picture's file or its row said it, as JSON; null for pictures from before.
    ALTER TABLE picture ADD COLUMN rights_from TEXT;

    -- Rows of manifests that brought no picture were kept without their sentence, and no review could read them.
    UPDATE quarantine SET reason = json_set(reason, '$.message', '“' || name || '” cannot be taken in.')
      WHERE json_extract(reason, '$.message') IS NULL;
  `,
};
