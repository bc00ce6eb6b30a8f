import { z } from 'zod';
import { failureSchema } from '../errors.ts';
import { pictureSchema } from './datasets.ts';

/** What a review looks for, in the order in which it is shown. */
export const findingKinds = [
  'unreadable',
  'exact-duplicate',
  'near-duplicate',
  'blank',
  'too-small',
  'extreme-shape',
  'blurred',
  'under-exposed',
  'over-exposed',
  'noisy',
  'odd-colours',
  'outlier',
  'label-error',
  'class-balance',
] as const;
export const findingKindSchema = z.enum(findingKinds);
export type FindingKind = z.infer<typeof findingKindSchema>;

/** What accepting a finding does; `acknowledge` changes nothing but the queue. */
export const findingActionSchema = z.enum(['exclude', 'relabel', 'denoise', 'acknowledge']);
export type FindingAction = z.infer<typeof findingActionSchema>;

export const findingStateSchema = z.enum(['open', 'accepted', 'rejected']);
export type FindingState = z.infer<typeof findingStateSchema>;

/** How the colours of a picture are stored. */
export const colourModeSchema = z.enum(['colour', 'grey', 'cmyk']);
export type ColourMode = z.infer<typeof colourModeSchema>;

/** From where on something is a finding; each dataset has its own. */
export const cleaningThresholdsSchema = z.object({
  /** Bits of the perceptual hash in which near-duplicates may differ. */
  nearDistance: z.number().int().min(0).max(12).default(6),
  /** Pictures whose shorter side is shorter are too small. */
  smallestSidePx: z.number().int().min(1).max(512).default(20),
  /** Longer side to shorter. */
  aspectRatio: z.number().min(1).max(20).default(3),
  /** Standard deviation of the channel that varies most, of 0…255: below it a picture is blank. */
  blankDeviation: z.number().min(0).max(64).default(3),
  /** Variance of the Laplacian below which a picture is blurred. */
  blurSharpness: z.number().min(0).max(1000).default(30),
  /** A picture whose bright parts stay below is under-exposed, 0…1. */
  darkBrightest: z.number().min(0).max(1).default(0.25),
  /** A picture whose dark parts stay above is over-exposed, 0…1. */
  brightDarkest: z.number().min(0).max(1).default(0.8),
  /** Standard deviation of the noise, of 0…255. */
  noiseDeviation: z.number().min(1).max(64).default(12),
  /** A colour mode that fewer than this share of the pictures has is odd. */
  oddColourShare: z.number().min(0).max(0.5).default(0.05),
  /** How many times further than usual an outlier is from its neighbours. */
  outlierFactor: z.number().min(1.1).max(20).default(2),
  /** By how much another label must be more probable than the given one, 0…1. */
  labelMargin: z.number().min(0).max(1).default(0.3),
  /** A class with so many times fewer pictures than the middle one is small. */
  classRatio: z.number().min(1.5).max(100).default(3),
});
export type CleaningThresholds = z.infer<typeof cleaningThresholdsSchema>;
export type ThresholdKey = keyof CleaningThresholds;

/** The threshold that decides a kind; null where there is nothing to set. */
export const thresholdOf: Readonly<Record<FindingKind, ThresholdKey | null>> = {
  unreadable: null,
  'exact-duplicate': null,
  'near-duplicate': 'nearDistance',
  blank: 'blankDeviation',
  'too-small': 'smallestSidePx',
  'extreme-shape': 'aspectRatio',
  blurred: 'blurSharpness',
  'under-exposed': 'darkBrightest',
  'over-exposed': 'brightDarkest',
  noisy: 'noiseDeviation',
  'odd-colours': 'oddColourShare',
  outlier: 'outlierFactor',
  'label-error': 'labelMargin',
  'class-balance': 'classRatio',
};

/** A picture together with what the review decided about it. */
export const reviewedPictureSchema = pictureSchema.omit({ caption: true, sourceId: true }).extend({
  /** The label that it came with, where another was accepted. */
  originalLabel: z.string().nullable(),
});
export type ReviewedPicture = z.infer<typeof reviewedPictureSchema>;

export const findingSchema = z.object({
  id: z.number().int(),
  kind: findingKindSchema,
  /** The file's name of what could not be read, the class of `class-balance`, else the picture's name. */
  name: z.string(),
  picture: reviewedPictureSchema.nullable(),
  /** Of duplicates: the picture that is kept for this one. */
  kept: reviewedPictureSchema.nullable(),
  /** What the kind measured, larger for what stands out more. */
  score: z.number(),
  /** The figures of the reason; the texts of the kind name them. */
  reason: z.record(z.string(), z.union([z.number(), z.string()])),
  /** Why a file could not be read. */
  failure: failureSchema.nullable(),
  action: findingActionSchema,
  state: findingStateSchema,
});
export type Finding = z.infer<typeof findingSchema>;

export const verdictSchema = z.enum(['accept', 'reject', 'exclude', 'include', 'edit']);
export type Verdict = z.infer<typeof verdictSchema>;

export const decisionSchema = z.object({
  id: z.number().int(),
  verdict: verdictSchema,
  kind: findingKindSchema.nullable(),
  items: z.number().int(),
  at: z.number().int(),
});
export type Decision = z.infer<typeof decisionSchema>;

export const findingCountsSchema = z.object({
  kind: findingKindSchema,
  open: z.number().int(),
  accepted: z.number().int(),
  rejected: z.number().int(),
});

/** How far the review of a dataset is. */
export const cleaningOverviewSchema = z.object({
  pictures: z.number().int(),
  /** Pictures that were measured; less than `pictures` before a review, or when pictures were added since. */
  measured: z.number().int(),
  /** Pictures that an embedding was learnt for, that stand on the map of UMAP, and whose labels were looked at. */
  embedded: z.number().int(),
  mapped: z.number().int(),
  labelsReviewed: z.number().int(),
  /** Pictures that are kept out of versions. */
  excluded: z.number().int(),
  relabelled: z.number().int(),
  denoised: z.number().int(),
  /** False where a review was cut off: its findings are only some of what there is. */
  complete: z.boolean(),
  thresholds: cleaningThresholdsSchema,
  /** Every kind, found or not. */
  counts: z.array(findingCountsSchema),
  /** What an undo would take back. */
  lastDecision: decisionSchema.nullable(),
});
export type CleaningOverview = z.infer<typeof cleaningOverviewSchema>;

export const mapMethodSchema = z.enum(['pca', 'umap']);
export type MapMethod = z.infer<typeof mapMethodSchema>;

/** The pictures on a plane: what is alike lies near. All lists have the same length and order. */
export const embeddingMapSchema = z.object({
  method: mapMethodSchema,
  pictureIds: z.array(z.string()),
  names: z.array(z.string()),
  /** −1…1, downwards. */
  x: z.array(z.number()),
  y: z.array(z.number()),
  /** Places in `classes`, `sources` and `findings`; −1 for none. */
  classIndex: z.array(z.number().int()),
  sourceIndex: z.array(z.number().int()),
  findingIndex: z.array(z.number().int()),
  excluded: z.array(z.boolean()),
  classes: z.array(z.string()),
  sources: z.array(z.string()),
  findings: z.array(findingKindSchema),
});
export type EmbeddingMap = z.infer<typeof embeddingMapSchema>;
