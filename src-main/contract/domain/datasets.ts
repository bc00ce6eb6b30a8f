import { z } from 'zod';
import { failureSchema } from '../errors.ts';
import { licenceSummarySchema } from './licences.ts';
import { labelModeSchema, recipeSchema, versionStatisticsSchema } from './recipes.ts';
import { sourceSchema } from './sources.ts';
import { channelsSchema, pictureSizeSchema, sha256Schema, timestampSchema } from './values.ts';

/** A version says its whole recipe; those from before a key was known have its default. */
export const datasetVersionSchema = recipeSchema.extend({
  datasetId: z.string(),
  version: z.number().int().positive(),
  /** Pictures of the training part; they stand before those that are held out. */
  images: z.number().int(),
  heldOutImages: z.number().int().default(0),
  /** Whether each picture has an input beside it, in `inputs.u8`. */
  paired: z.boolean().default(false),
  /** Of the training part, in the order of their numbers. */
  classes: z.array(z.object({ name: z.string(), images: z.number().int() })),
  bytes: z.number().int(),
  /** SHA-256 over `images.u8`, `labels.i32` and, of pairs, `inputs.u8`, one after the other. */
  hash: sha256Schema,
  /** Null for versions from before it was kept. */
  statistics: versionStatisticsSchema.nullable().default(null),
  createdAt: timestampSchema,
});
export type DatasetVersion = z.infer<typeof datasetVersionSchema>;

export const datasetSchema = z.object({
  id: z.string(),
  projectId: z.string(),
  name: z.string(),
  /** In the order in which they were added; the first is there from the start. */
  sources: z.array(sourceSchema),
  /** Of all its pictures together. */
  licence: licenceSummarySchema,
  /** True while the import that makes it is still running. */
  importing: z.boolean(),
  pictures: z.number().int(),
  quarantined: z.number().int(),
  /** Files that are not pictures and were passed over (text files, metadata). */
  ignored: z.number().int(),
  classes: z.array(z.object({ name: z.string(), pictures: z.number().int() })),
  /** Pictures without a label, a caption, or a licence. */
  missing: z.object({ label: z.number().int(), caption: z.number().int(), licence: z.number().int() }),
  /** What the pictures suggest for the first version. */
  proposal: z.object({ sizePx: pictureSizeSchema, channels: channelsSchema, labelMode: labelModeSchema }),
  versions: z.array(datasetVersionSchema),
  /** What the next training takes unless told otherwise: the newest, or one that was gone back to. */
  currentVersion: z.object({ version: z.number().int(), isChosen: z.boolean() }).nullable(),
  createdAt: timestampSchema,
});
export type Dataset = z.infer<typeof datasetSchema>;

export const pictureSchema = z.object({
  id: z.string(),
  /** Path within its source, with `/` between folders; `#n` for the n-th picture of a container. */
  name: z.string(),
  label: z.string().nullable(),
  caption: z.string().nullable(),
  sourceId: z.string(),
  widthPx: z.number().int(),
  heightPx: z.number().int(),
  /** Kept out of versions by a decision of the review; it can be taken in again. */
  excluded: z.boolean(),
});
export type Picture = z.infer<typeof pictureSchema>;

/** Which pictures of a dataset: all, those that may enter a version, or those that are kept out. */
export const pictureSelectionSchema = z.enum(['all', 'kept', 'excluded']);
export type PictureSelection = z.infer<typeof pictureSelectionSchema>;

export const quarantinedSchema = z.object({ name: z.string(), reason: failureSchema });
export type Quarantined = z.infer<typeof quarantinedSchema>;
