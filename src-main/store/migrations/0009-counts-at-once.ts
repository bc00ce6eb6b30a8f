import type { Migration } from '../database.ts';

/**
 * What a dataset of a hundred thousand pictures says of itself is counted in indices alone: most pictures have a label
 * and no caption or rights of their own, and those that differ are few.
 */
export const countsAtOnce: Migration = {
  version: 9,
  name: 'counts at once',
  sql: `
    CREATE INDEX picture_without_label ON picture(source_id) WHERE label IS NULL;
    CREATE INDEX picture_with_caption ON picture(source_id) WHERE caption IS NOT NULL OR edits IS NOT NULL;
    CREATE INDEX picture_with_rights ON picture(source_id) WHERE rights IS NOT NULL OR edits IS NOT NULL;
  `,
};
