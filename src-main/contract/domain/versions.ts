import { z } from 'zod';
import { focusPointSchema, recipeSchema, versionStatisticsSchema } from './recipes.ts';

/** What a recipe would make of a dataset as it is now, and some of its pictures to look at. */
export const versionOutlineSchema = z.object({
  /** Pictures of the training part, repeated ones counted each time. */
  images: z.number().int(),
  heldOutImages: z.number().int(),
  /** Of the training part. */
  classes: z.array(z.object({ name: z.string(), images: z.number().int() })),
  /** On the disk. */
  bytes: z.number().int(),
  freeBytes: z.number().int(),
  /** Pictures that are kept out by a decision of the review, or by their licence. */
  excluded: z.number().int(),
  mayNotTrain: z.number().int(),
  /** Pictures without the other half of their pair. */
  unpaired: z.number().int(),
  /** Rows that earlier versions hold already. */
  reusable: z.number().int(),
  /** The version that is this already; null where there is none. */
  existing: z.number().int().nullable(),
  samples: z.array(
    z.object({
      pictureId: z.string(),
      name: z.string(),
      widthPx: z.number().int(),
      heightPx: z.number().int(),
      /** The picture that a pair's input is made of, where it is another. */
      inputPictureId: z.string().nullable(),
      focus: focusPointSchema.nullable(),
    }),
  ),
});
export type VersionOutline = z.infer<typeof versionOutlineSchema>;

/** The parts of a recipe that a preview of one picture depends on, and the point it is cropped around. */
export const previewFormSchema = recipeSchema
  .pick({
    sizePx: true,
    channels: true,
    background: true,
    crop: true,
    resize: true,
    normalisation: true,
    seed: true,
    pairing: true,
  })
  .extend({ focus: focusPointSchema.nullable().default(null) });
export type PreviewForm = z.infer<typeof previewFormSchema>;

export const differenceKindSchema = z.enum(['added', 'removed', 'changed']);
export type DifferenceKind = z.infer<typeof differenceKindSchema>;

/** How one picture differs between two versions; places are those of its first row. */
export const versionDifferenceSchema = z.object({
  pictureId: z.string(),
  name: z.string(),
  kind: differenceKindSchema,
  /** Of a changed picture: its pixels, its class, or the part it is in. */
  what: z.array(z.enum(['pixels', 'class', 'part'])),
  from: z.number().int().nullable(),
  to: z.number().int().nullable(),
});
export type VersionDifference = z.infer<typeof versionDifferenceSchema>;

export const versionComparisonSchema = z.object({
  from: z.number().int(),
  to: z.number().int(),
  added: z.number().int(),
  removed: z.number().int(),
  changed: z.number().int(),
  unchanged: z.number().int(),
  /** Of the training parts, in natural order of the names. */
  classes: z.array(z.object({ name: z.string(), from: z.number().int(), to: z.number().int() })),
  /** Null where the files of a version cannot be read. */
  statistics: z.object({
    from: versionStatisticsSchema.nullable(),
    to: versionStatisticsSchema.nullable(),
  }),
});
export type VersionComparison = z.infer<typeof versionComparisonSchema>;
