import { z } from 'zod';
import { pictureSelectionSchema } from './datasets.ts';
import { mayTrainSchema } from './licences.ts';

/** What is known of a picture beside its pixels and can be set by hand. */
export const pictureFields = ['label', 'caption', 'licence', 'author', 'url', 'date', 'mayTrain'] as const;
export const pictureFieldSchema = z.enum(pictureFields);
export type PictureField = z.infer<typeof pictureFieldSchema>;

/** Where a value was read, or who set it. */
export const valueOriginSchema = z.enum([
  /** Set by hand, or accepted in a review. */
  'person',
  /** The picture file itself: EXIF, XMP, texts of a PNG. */
  'file',
  /** The picture's row of a manifest, a table or a query. */
  'row',
  /** It came with the picture: of labels and captions a folder, a side-car or a row. */
  'import',
  /** Set for all of its source. */
  'source',
  'licence-file',
  'manifest',
  'sample',
  'nothing',
]);
export type ValueOrigin = z.infer<typeof valueOriginSchema>;

/**
 * Changes to pictures: a text sets a value by hand (an empty one says that there is none), null gives it back to what
 * came with the picture, and what is left out stays.
 */
export const pictureEditsSchema = z
  .object({
    label: z.string().trim().max(200).nullable(),
    caption: z.string().trim().max(10_000).nullable(),
    licence: z.string().trim().max(500).nullable(),
    author: z.string().trim().max(500).nullable(),
    url: z.string().trim().max(2000).nullable(),
    date: z.string().trim().max(100).nullable(),
    mayTrain: mayTrainSchema.nullable(),
  })
  .partial();
export type PictureEdits = z.infer<typeof pictureEditsSchema>;

/** Pictures of one dataset: those named, or all that a filter lets through. */
export const pictureChoiceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ids'), pictureIds: z.array(z.string()).min(1).max(200_000) }),
  z.object({
    kind: z.literal('all'),
    label: z.string().optional(),
    sourceId: z.string().optional(),
    selection: pictureSelectionSchema.default('all'),
  }),
]);
export type PictureChoice = z.input<typeof pictureChoiceSchema>;

/** A field of the chosen pictures, taken together. */
export const fieldFactsSchema = z.object({
  /** Null where the pictures differ; empty for nothing. */
  value: z.string().nullable(),
  /** Null where the pictures differ. */
  origin: valueOriginSchema.nullable(),
  /** What counts once it is given back; null where the pictures differ. */
  given: z.string().nullable(),
  /** Pictures for which a person's word stands. */
  byHand: z.number().int(),
});
export type FieldFacts = z.infer<typeof fieldFactsSchema>;

export const pictureFactsSchema = z.object({
  pictures: z.number().int(),
  /** Of these, the ones that never enter a version. */
  mayNotTrain: z.number().int(),
  fields: z.record(pictureFieldSchema, fieldFactsSchema),
  /** What only a single picture has. */
  single: z
    .object({
      pictureId: z.string(),
      name: z.string(),
      widthPx: z.number().int(),
      heightPx: z.number().int(),
      sourceId: z.string(),
      /** Further columns of its manifest, as they came. */
      columns: z.record(z.string(), z.unknown()),
    })
    .nullable(),
});
export type PictureFacts = z.infer<typeof pictureFactsSchema>;
