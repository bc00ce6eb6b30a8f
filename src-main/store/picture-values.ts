import type { PictureField } from '../contract/domain/pictures.ts';

/*
 * What is known of a picture, as SQL over `picture p` and `source s`: what a person set by hand counts before what the
 * picture or its row says, and that before what its source says of all.
 */

/** In JSON an empty text says that somebody knows of nothing; in a column null does. */
const key = (column: 'edits' | 'rights' | 'rights_from', field: PictureField) =>
  `json_extract(p.${column}, '$.${field}')`;

const sourceColumn = {
  licence: 's.licence',
  author: 's.author',
  url: 's.url',
  date: 's.date',
  mayTrain: 's.may_train',
} as const;

type RightsField = keyof typeof sourceColumn;

const givenRights = (field: RightsField) => `coalesce(${key('rights', field)}, ${sourceColumn[field]})`;

/** The value of a right; never null. */
export const rightsValue = (field: RightsField): string =>
  field === 'mayTrain' ? 'p.may_train' : `coalesce(${key('edits', field)}, ${givenRights(field)})`;

/** Null where there is none. */
export const captionValue = `nullif(coalesce(${key('edits', 'caption')}, p.caption), '')`;

/** A field as texts: what counts, where it is from, what came with the picture, and whether a person set it. */
export interface FieldColumns {
  value: string;
  origin: string;
  given: string;
  byHand: string;
}

const rightsColumns = (field: RightsField): FieldColumns => {
  const nothing = field === 'mayTrain' ? 'unknown' : '';
  return {
    value: rightsValue(field),
    given: givenRights(field),
    byHand: `${key('edits', field)} IS NOT NULL`,
    origin: `CASE
      WHEN ${key('edits', field)} IS NOT NULL THEN 'person'
      WHEN ${key('rights', field)} IS NOT NULL THEN coalesce(${key('rights_from', field)}, 'import')
      WHEN ${sourceColumn[field]} = '${nothing}' OR s.rights_from = 'nothing' THEN 'nothing'
      WHEN s.rights_from = 'person' THEN 'source'
      ELSE s.rights_from END`,
  };
};

/** Needs `label_correction c` beside the others, where there is one. */
export const fieldColumns: Readonly<Record<PictureField, FieldColumns>> = {
  label: {
    value: "coalesce(p.label, '')",
    given: "coalesce(CASE WHEN c.picture_id IS NULL THEN p.label ELSE c.original_label END, '')",
    byHand: 'c.picture_id IS NOT NULL',
    origin: `CASE WHEN c.picture_id IS NOT NULL THEN 'person' WHEN p.label IS NULL THEN 'nothing' ELSE 'import' END`,
  },
  caption: {
    value: `coalesce(${captionValue}, '')`,
    given: "coalesce(p.caption, '')",
    byHand: `${key('edits', 'caption')} IS NOT NULL`,
    origin: `CASE WHEN ${key('edits', 'caption')} IS NOT NULL THEN 'person'
      WHEN p.caption IS NULL THEN 'nothing' ELSE 'import' END`,
  },
  licence: rightsColumns('licence'),
  author: rightsColumns('author'),
  url: rightsColumns('url'),
  date: rightsColumns('date'),
  mayTrain: rightsColumns('mayTrain'),
};
