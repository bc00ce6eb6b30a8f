import { z } from 'zod';
import { mayTrainSchema } from './licences.ts';
import { pairingSchema } from './recipes.ts';
import { channelsSchema, pictureSizeSchema, seedSchema, settingsSchema, sha256Schema } from './values.ts';

/** Which of the two pictures at a place of a dataset version. */
export const versionPartSchema = z.enum(['images', 'inputs']);
export type VersionPart = z.infer<typeof versionPartSchema>;

/** Where a picture comes from that a model is to repair. */
export const repairSourceSchema = z.discriminatedUnion('kind', [
  /** A file of the machine that the studio runs on. */
  z.object({ kind: z.literal('path'), path: z.string().min(1) }),
  z.object({ kind: z.literal('upload'), uploadId: z.string() }),
  /** A picture of a dataset. */
  z.object({ kind: z.literal('picture'), pictureId: z.string() }),
  /** A place of a dataset version, such as one that was held out. */
  z.object({
    kind: z.literal('version'),
    datasetId: z.string(),
    version: z.number().int().positive(),
    row: z.number().int().nonnegative(),
    part: versionPartSchema.default('images'),
  }),
  /** A generated picture. */
  z.object({ kind: z.literal('image'), imageId: z.string() }),
]);
export type RepairSource = z.infer<typeof repairSourceSchema>;

/** Of a painted mask as base64 text; one of 64×64 takes some hundred characters. */
const longestMask = 20_000_000;

/** What is to be made up. */
export const repairMaskSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  /**
   * A picture of the model's size, or of the brought picture's own: what is transparent in it is made up or, where
   * nothing is transparent, what is white.
   */
  z.object({ kind: z.literal('painted'), base64: z.base64().max(longestMask) }),
  /** The lower part of the picture, in per cent of its height. */
  z.object({ kind: z.literal('lower'), percent: z.number().gt(0).max(100) }),
  /** A rectangle, in pixels of the model's size. */
  z.object({
    kind: z.literal('box'),
    left: z.number().int().min(0),
    top: z.number().int().min(0),
    widthPx: z.number().int().min(1),
    heightPx: z.number().int().min(1),
  }),
  /** What is transparent in the picture itself. */
  z.object({ kind: z.literal('transparency') }),
]);
export type RepairMask = z.infer<typeof repairMaskSchema>;

/** Under what terms a brought picture is there, as far as anybody said. */
export const repairRightsSchema = z.object({
  /** Empty when nothing is known. */
  licence: z.string(),
  author: z.string(),
  mayTrain: mayTrainSchema,
});
export type RepairRights = z.infer<typeof repairRightsSchema>;

/** The picture that a repaired one was made from; part of its provenance. */
export const repairOriginSchema = z.object({
  kind: z.enum(['masked', 'completes', 'translates', 'restores']),
  /** Of the picture as the model was given it, as PNG: `inputs/ab/….png` of the workspace. */
  inputSha256: sha256Schema,
  /** Of the mask as PNG: white is made up, black kept. Absent where there was none. */
  maskSha256: sha256Schema.optional(),
  /** Share of the picture that the mask hides, 0…1. */
  hiddenShare: z.number().min(0).max(1),
  /** How the input was derived from the picture, as the pairs of the training were. */
  derived: pairingSchema.optional(),
  from: z.discriminatedUnion('kind', [
    /** A file that a person brought; `sha256` is of its bytes. */
    z.object({ kind: z.literal('file'), name: z.string(), sha256: sha256Schema }),
    /** A picture of a dataset; `sha256` is of the file that holds it. */
    z.object({
      kind: z.literal('picture'),
      pictureId: z.string(),
      name: z.string(),
      sha256: sha256Schema,
    }),
    /** A row of a dataset version; `sha256` is of the version. */
    z.object({
      kind: z.literal('version'),
      datasetId: z.string(),
      version: z.number().int(),
      row: z.number().int(),
      part: versionPartSchema,
      sha256: sha256Schema,
    }),
    /** A generated picture; `sha256` is of its file. */
    z.object({ kind: z.literal('image'), imageId: z.string(), runId: z.string(), sha256: sha256Schema }),
  ]),
  rights: repairRightsSchema,
});
export type RepairOrigin = z.infer<typeof repairOriginSchema>;

const chosenPicture = z.object({
  runId: z.string(),
  from: repairSourceSchema,
  /** Whether the input is derived from the picture as the version of the run derived its own (edges, grey …). */
  derive: z.boolean().default(false),
});
export const repairLookSchema = chosenPicture;
export type RepairLook = z.infer<typeof repairLookSchema>;

/** What a picture becomes before a model sees it. */
export const fittedPictureSchema = z.object({
  /** Of the PNG at `mediaAddress.repairInput`. */
  inputSha256: sha256Schema,
  /** Its transparent parts as a mask, at the same kind of address; null where it has none. */
  transparencySha256: sha256Schema.nullable(),
  name: z.string(),
  widthPx: z.number().int(),
  heightPx: z.number().int(),
  sizePx: pictureSizeSchema,
  channels: channelsSchema,
  rights: repairRightsSchema,
});
export type FittedPicture = z.infer<typeof fittedPictureSchema>;

export const repairRequestSchema = chosenPicture.extend({
  /** The newest without it. */
  checkpointStep: z.number().int().optional(),
  mask: repairMaskSchema,
  /** Picture i has seed `seed + i` modulo 2³². */
  count: z.number().int().min(1).max(1000),
  seed: seedSchema,
  /** Place of one of the run's classes. */
  classIndex: z.number().int().min(0).optional(),
  sampling: settingsSchema.optional(),
});
export type RepairOrder = z.input<typeof repairRequestSchema>;
