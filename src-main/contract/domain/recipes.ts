import { z } from 'zod';
import { channelsSchema, pictureSizeSchema, seedSchema } from './values.ts';

export const labelModeSchema = z.enum(['folders', 'none']);
export type LabelMode = z.infer<typeof labelModeSchema>;

/**
 * Which part of a picture is kept. `centre` and `smart` cut a square, around the picture's focus point where it
 * has one; `letterbox` keeps all of it between bars of the background's colour.
 */
export const cropSchema = z.enum(['centre', 'smart', 'letterbox']);
export type Crop = z.infer<typeof cropSchema>;

/** `lanczos3` is antialiased; `nearest` keeps the hard edges of pixel art. The way moves Fréchet distances. */
export const resizeSchema = z.enum(['lanczos3', 'nearest']);
export type Resize = z.infer<typeof resizeSchema>;

/**
 * What is done to the values of a picture. `stretch` moves its darkest and brightest half per cent to 0 and 255,
 * alike in all channels. The scaling to −1…1 is the reader's and not part of a version.
 */
export const normalisationSchema = z.enum(['none', 'stretch']);
export type Normalisation = z.infer<typeof normalisationSchema>;

/** How classes of unequal size are evened out in the part that is trained on. */
export const balanceSchema = z.enum(['none', 'undersample', 'oversample']);
export type Balance = z.infer<typeof balanceSchema>;

/** Where the input of a pair (input → target) comes from; the targets are the pictures themselves. */
export const pairingSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  /** Two labels (folders) whose files have equal names, whatever their extension. */
  z.object({ kind: z.literal('by-name'), inputs: z.string().min(1), targets: z.string().min(1) }),
  /** Each picture holds both, side by side. */
  z.object({ kind: z.literal('side-by-side'), input: z.enum(['left', 'right']) }),
  z.object({ kind: z.literal('edges') }),
  z.object({ kind: z.literal('grey') }),
  z.object({ kind: z.literal('blur'), sigmaPx: z.number().min(0.5).max(16).default(2) }),
  /** Rectangles of mid grey over this share of the picture. */
  z.object({ kind: z.literal('holes'), share: z.number().min(0.05).max(0.75).default(0.25) }),
  z.object({ kind: z.literal('lower-resolution'), factor: z.literal([2, 4, 8]).default(4) }),
]);
export type Pairing = z.infer<typeof pairingSchema>;
export type PairingKind = Pairing['kind'];

/** Everything that decides a version, beside the pictures and the facts about them. */
export const recipeSchema = z.object({
  sizePx: pictureSizeSchema,
  channels: channelsSchema,
  /** `#rrggbb` that transparent pictures are laid upon, and the colour of a letterbox's bars. */
  background: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .default('#ffffff'),
  labelMode: labelModeSchema,
  crop: cropSchema.default('centre'),
  resize: resizeSchema.default('lanczos3'),
  normalisation: normalisationSchema.default('none'),
  balance: balanceSchema.default('none'),
  /** Share of the pictures kept apart from training, to measure with; 0 keeps none. */
  heldOutShare: z.number().min(0).max(0.5).default(0),
  /** Decides which pictures are held out, left out or repeated, and where holes are. */
  seed: seedSchema.default(1),
  pairing: pairingSchema.default({ kind: 'none' }),
});
export type Recipe = z.infer<typeof recipeSchema>;
/** A recipe as it is asked for or stored: what is not said has its default. */
export type RecipeInput = z.input<typeof recipeSchema>;

/**
 * A recipe in a fixed order of keys, without what has its default: two recipes are the same exactly when this
 * text is. Those of the first studio, which knew four keys, read the same as they were written.
 */
export function recipeText(input: RecipeInput): string {
  const recipe = recipeSchema.parse(input);
  const { sizePx, channels, background, labelMode } = recipe;
  const defaults = recipeSchema.parse({ sizePx, channels, labelMode });
  const chosen = recipeKeysSince
    .filter((key) => JSON.stringify(recipe[key]) !== JSON.stringify(defaults[key]))
    .map((key) => [key, recipe[key]] as const);
  return JSON.stringify({ sizePx, channels, background, labelMode, ...Object.fromEntries(chosen) });
}

/** The keys that came after the first four, in the order in which they are written. */
const recipeKeysSince = [
  'crop',
  'resize',
  'normalisation',
  'balance',
  'heldOutShare',
  'seed',
  'pairing',
] as const;

/** The point of a picture that a crop keeps in sight; both from 0 (left, top) to 1. */
export const focusPointSchema = z.object({ x: z.number().min(0).max(1), y: z.number().min(0).max(1) });
export type FocusPoint = z.infer<typeof focusPointSchema>;

/** The values of a version's training part, so that two versions can be compared at a glance. */
export const versionStatisticsSchema = z.object({
  /** Of each channel, of values from 0 to 1. */
  mean: z.array(z.number()),
  standardDeviation: z.array(z.number()),
  /** How many values of the Rec. 601 luma fall into each of 32 equal ranges, from dark to bright. */
  brightness: z.array(z.number().int()),
  /** The same for each channel: red, green and blue, or grey. */
  channels: z.array(z.array(z.number().int())),
});
export type VersionStatistics = z.infer<typeof versionStatisticsSchema>;
