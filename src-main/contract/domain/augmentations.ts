import { z } from 'zod';
import { adversarialParameters } from '../families/discriminator-parameters.ts';
import { augmentationParameters } from '../families/augmentation-parameters.ts';
import type { HyperParameter } from '../hyper-parameters.ts';
import { recipeSchema } from './recipes.ts';
import { seedSchema, settingsSchema } from './values.ts';

const beforeJudging: ReadonlySet<string> = new Set([
  'discriminatorAugmentation',
  'discriminatorColour',
  'discriminatorTranslation',
  'discriminatorCutout',
  'discriminatorTurns',
]);

/** The settings that a contact sheet can show: those before training, and those before the discriminator. */
export const previewedParameters: readonly HyperParameter[] = [
  ...augmentationParameters,
  ...adversarialParameters.filter(({ key }) => beforeJudging.has(key)),
];

export const augmentationSheetRequestSchema = z.object({
  datasetId: z.string(),
  /** How the pictures are prepared; by default as in the dataset's current version, or as proposed. */
  recipe: recipeSchema.optional(),
  /** Of {@link previewedParameters}; what is not said has its default. */
  settings: settingsSchema.default({}),
  /** Another seed makes other draws. */
  seed: seedSchema.default(1),
  pictures: z.number().int().min(1).max(16).default(6),
  draws: z.number().int().min(1).max(16).default(7),
});
export type AugmentationSheetRequest = z.input<typeof augmentationSheetRequestSchema>;

/**
 * A contact sheet: a row for each picture, the picture itself first, then what the draws make of it. Tiles stand
 * `gapPx` apart; the picture is at `mediaAddress.augmentationSheet`, for as long as newer sheets leave it there.
 */
export const augmentationSheetSchema = z.object({
  id: z.string(),
  columns: z.number().int(),
  rows: z.number().int(),
  tilePx: z.number().int(),
  gapPx: z.number().int(),
  /** The probability that alterations before the discriminator were drawn with; null where there are none. */
  probability: z.number().nullable(),
});
export type AugmentationSheet = z.infer<typeof augmentationSheetSchema>;
