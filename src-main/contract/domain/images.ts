import { z } from 'zod';
import { licenceSchema } from './licences.ts';
import { repairOriginSchema } from './repairs.ts';
import { seedSchema, settingsSchema, sha256Schema, timestampSchema } from './values.ts';

export const imageSchema = z.object({
  id: z.string(),
  sha256: sha256Schema,
  runId: z.string(),
  checkpointStep: z.number().int(),
  seed: seedSchema,
  /** The class it was asked to show, of a conditional model. */
  label: z.string().optional(),
  /** How it was sampled, for a family where that can be chosen. */
  sampling: settingsSchema.optional(),
  /** Of what it was made from, where it is a repair: the picture that went in, and the mask if there was one. */
  repair: z.object({ inputSha256: sha256Schema, maskSha256: sha256Schema.optional() }).optional(),
  widthPx: z.number().int(),
  heightPx: z.number().int(),
  bytes: z.number().int(),
  starred: z.boolean(),
  trashedAt: timestampSchema.nullable(),
  createdAt: timestampSchema,
});
export type Image = z.infer<typeof imageSchema>;

/** The picture of a dataset version that a generated one was drawn from: an input of a paired one, or one that was damaged. */
export const drawnInputSchema = z.object({
  /** Of the held-out part, or of the training part where nothing is held out. */
  part: z.enum(['train', 'held-out']),
  /** Its row in `inputs.u8` or `images.u8`, from 0. */
  row: z.number().int().nonnegative(),
});
export type DrawnInput = z.infer<typeof drawnInputSchema>;

/** Everything a generated picture can say about where it comes from; also written into its file. */
export const provenanceSchema = z.object({
  generator: z.object({ name: z.literal('Imago Studio'), version: z.string() }),
  seed: seedSchema,
  /** The class it was asked to show, of a conditional model. */
  label: z.string().optional(),
  /** What it was drawn from, of a model that draws from an input. */
  input: drawnInputSchema.optional(),
  /** What it was made from, where a picture was repaired. */
  repair: repairOriginSchema.optional(),
  /** How it was sampled, for a family where that can be chosen. */
  sampling: settingsSchema.optional(),
  /** Where several checkpoints drew as one model: all of them, and the place of the one that drew this picture. */
  ensemble: z
    .object({
      members: z.array(
        z.object({ runId: z.string(), step: z.number().int(), checkpointSha256: sha256Schema }),
      ),
      member: z.number().int(),
    })
    .optional(),
  run: z.object({
    id: z.string(),
    name: z.string(),
    preset: z.string(),
    family: z.string(),
    seed: seedSchema,
    step: z.number().int(),
    checkpointSha256: sha256Schema,
    settings: settingsSchema,
    backend: z.string(),
    /** The run and checkpoint that it branched off, if it did. */
    parent: z
      .object({ runId: z.string(), step: z.number().int(), sha256: sha256Schema.nullable() })
      .optional(),
  }),
  dataset: z.object({
    id: z.string(),
    name: z.string(),
    version: z.number().int(),
    hash: sha256Schema,
    images: z.number().int(),
    licence: licenceSchema,
  }),
});
export type Provenance = z.infer<typeof provenanceSchema>;

export const galleryFilterSchema = z.object({
  projectId: z.string().optional(),
  runId: z.string().optional(),
  starred: z.boolean().optional(),
  /** Those made from this picture. */
  inputSha256: sha256Schema.optional(),
  /** True lists the trash instead. */
  trashed: z.boolean().default(false),
});
export type GalleryFilter = z.infer<typeof galleryFilterSchema>;
