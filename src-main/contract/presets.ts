import { StudioError } from './errors.ts';
import { cgan } from './families/cgan.ts';
import { dcgan } from './families/dcgan.ts';
import { ddpm } from './families/ddpm.ts';
import { denoiser } from './families/denoiser.ts';
import type { Family } from './families/family.ts';
import { mlpGan } from './families/mlp-gan.ts';
import { pix2pix } from './families/pix2pix.ts';
import { resnetGan } from './families/resnet-gan.ts';
import { vae } from './families/vae.ts';
import { vqvaeTransformer } from './families/vqvae-transformer.ts';
import { wganGp } from './families/wgan-gp.ts';
import type { HyperParameter, Settings } from './hyper-parameters.ts';
import { resolveSettings } from './hyper-parameters.ts';

export const familyIds = [
  'mlp-gan',
  'dcgan',
  'wgan-gp',
  'vae',
  'cgan',
  'resnet-gan',
  'ddpm',
  'vqvae-transformer',
  'pix2pix',
  'denoiser',
] as const;
export type FamilyId = (typeof familyIds)[number];

/** In pixels; at 128 a step takes a second and more without a graphics card, and a night is hardly enough. */
export const pictureSizes = [28, 32, 64, 128] as const;
export type PictureSize = (typeof pictureSizes)[number];
export type Channels = 1 | 3;

export const families: Readonly<Record<FamilyId, Family>> = {
  'mlp-gan': mlpGan,
  dcgan,
  'wgan-gp': wganGp,
  vae,
  cgan,
  'resnet-gan': resnetGan,
  ddpm,
  'vqvae-transformer': vqvaeTransformer,
  pix2pix,
  denoiser,
};

export interface Preset {
  /** `<family>-<pixels>[-rgb]` */
  readonly id: string;
  readonly family: FamilyId;
  readonly sizePx: PictureSize;
  readonly channels: Channels;
  /** Steps trained when the user names neither steps nor minutes. */
  readonly defaultSteps: number;
  /** What differs from the family's defaults. */
  readonly settings: Readonly<Settings>;
}

const preset = (
  family: FamilyId,
  sizePx: PictureSize,
  channels: Channels,
  defaultSteps: number,
  settings: Settings = {},
): Preset => ({
  id: `${family}-${sizePx}${channels === 3 ? '-rgb' : ''}`,
  family,
  sizePx,
  channels,
  defaultSteps,
  settings,
});

/** Without R1 (Mescheder et al. 2018) the discriminator wins after some thousand steps on as many pictures. */
const held: Settings = { r1Weight: 2, averageHalfLifeSteps: 300 };
/** The generator starts at 7 pixels here; a discriminator that ends there sees strokes, not the picture. */
const seesWhole: Settings = { furtherHalvings: 1 };
/** Digits and the like need no more; half the width is three times as fast. */
const slight: Settings = { baseChannels: 16, latentSize: 40, learningRate: 0.001 };

/** A mean over the positions, all under spectral normalisation, hardly tells digits from scribbles. */
const weighsPositions: Settings = { ...held, scoreFrom: 'positions' };
/** Large pictures take so long that more steps on smaller batches give more for the same time. */
const large: Settings = {
  ...{ batchSize: 16, averageHalfLifeSteps: 600 },
  ...{ sampleEverySteps: 100, checkpointEverySteps: 500 },
};
/** Where a step takes a second, a sheet and a checkpoint cost little, and waiting for them much. */
const often: Settings = { sampleEverySteps: 100, checkpointEverySteps: 250 };
/** Colours are not the chance of a white pixel. */
const gaussian: Settings = { likelihood: 'gaussian' };
/** Less time for a step, and a generator that draws hardly a grid of dots. */
const smallBlocks: Settings = { blocksAt: 'smaller', smoothEnlargement: true };
/** Without the largest maps noise does not fit through: the network tells the picture. */
const halvedFirst: Settings = {
  ...{ startHalvings: 2, baseChannels: 64 },
  ...{ prediction: 'picture', snrFloor: 1 },
};

export const presets: readonly Preset[] = [
  preset('mlp-gan', 28, 1, 20_000, {
    ...{ r1Weight: 2, averageHalfLifeSteps: 500, learningRate: 0.0005 },
    ...{ sampleEverySteps: 500, checkpointEverySteps: 2000 },
  }),
  preset('dcgan', 28, 1, 6_000, { ...held, ...seesWhole, ...slight }),
  preset('dcgan', 28, 3, 6_000, { ...held, ...seesWhole, learningRate: 0.0005 }),
  preset('dcgan', 32, 1, 8_000, { ...held, ...slight }),
  preset('dcgan', 32, 3, 8_000, { ...held, learningRate: 0.0005 }),
  preset('dcgan', 64, 1, 10_000, { ...held, ...often }),
  preset('dcgan', 64, 3, 10_000, { ...held, ...often }),
  preset('wgan-gp', 28, 1, 4_000, {
    ...{ ...slight, ...seesWhole, learningRate: 0.0005 },
    ...{ sampleEverySteps: 100, checkpointEverySteps: 500 },
  }),
  preset('wgan-gp', 28, 3, 4_000, {
    ...{ ...seesWhole, learningRate: 0.0002 },
    ...{ sampleEverySteps: 100, checkpointEverySteps: 500 },
  }),
  preset('wgan-gp', 32, 1, 5_000, { learningRate: 0.0002, sampleEverySteps: 100, checkpointEverySteps: 500 }),
  preset('wgan-gp', 32, 3, 5_000, { learningRate: 0.0002, sampleEverySteps: 100, checkpointEverySteps: 500 }),
  preset('wgan-gp', 64, 1, 8_000, { sampleEverySteps: 50, checkpointEverySteps: 100 }),
  preset('wgan-gp', 64, 3, 8_000, { sampleEverySteps: 50, checkpointEverySteps: 100 }),
  preset('vae', 28, 1, 8_000),
  preset('vae', 28, 3, 8_000, gaussian),
  preset('vae', 32, 1, 8_000),
  preset('vae', 32, 3, 8_000, gaussian),
  preset('vae', 64, 1, 12_000, { ...often, latentSize: 64 }),
  preset('vae', 64, 3, 12_000, { ...gaussian, ...often, latentSize: 64 }),
  preset('cgan', 28, 1, 6_000, { ...held, ...seesWhole, ...slight }),
  preset('cgan', 28, 3, 6_000, { ...held, ...seesWhole, learningRate: 0.0005 }),
  preset('cgan', 32, 1, 8_000, { ...held, ...slight }),
  preset('cgan', 32, 3, 8_000, { ...held, learningRate: 0.0005 }),
  preset('cgan', 64, 1, 10_000, { ...held, ...often }),
  preset('cgan', 64, 3, 10_000, { ...held, ...often }),
  preset('resnet-gan', 28, 1, 6_000, {
    ...weighsPositions,
    ...seesWhole,
    baseChannels: 8,
    learningRate: 0.001,
  }),
  preset('resnet-gan', 28, 3, 6_000, { ...weighsPositions, ...seesWhole }),
  preset('resnet-gan', 32, 1, 8_000, { ...weighsPositions, baseChannels: 8, learningRate: 0.001 }),
  preset('resnet-gan', 32, 3, 8_000, weighsPositions),
  ...([1, 3] as const).map((channels) =>
    preset('resnet-gan', 64, channels, 20_000, {
      ...{ ...weighsPositions, ...large, ...smallBlocks, learningRate: 0.001 },
    }),
  ),
  preset('ddpm', 28, 1, 8_000),
  preset('ddpm', 28, 3, 8_000),
  preset('ddpm', 32, 1, 8_000),
  preset('ddpm', 32, 3, 8_000),
  preset('vqvae-transformer', 28, 1, 8_000),
  preset('vqvae-transformer', 28, 3, 8_000, { codebookSize: 256 }),
  preset('vqvae-transformer', 32, 1, 8_000),
  preset('vqvae-transformer', 32, 3, 8_000, { codebookSize: 256 }),
  preset('vqvae-transformer', 64, 1, 12_000, { codebookSize: 256, batchSize: 32, sampleEverySteps: 100 }),
  preset('vqvae-transformer', 64, 3, 12_000, { codebookSize: 512, batchSize: 32, sampleEverySteps: 100 }),
  ...([1, 3] as const).map((channels) =>
    preset('ddpm', 64, channels, 20_000, { ...halvedFirst, ...large, sampleEverySteps: 500 }),
  ),
  preset('pix2pix', 28, 1, 6_000, { learningRate: 0.001 }),
  preset('pix2pix', 28, 3, 6_000, { learningRate: 0.001 }),
  preset('pix2pix', 32, 1, 8_000, { learningRate: 0.001 }),
  preset('pix2pix', 32, 3, 8_000, { learningRate: 0.001 }),
  preset('pix2pix', 64, 1, 10_000, often),
  preset('pix2pix', 64, 3, 10_000, often),
  preset('denoiser', 28, 1, 6_000),
  preset('denoiser', 28, 3, 6_000),
  preset('denoiser', 32, 1, 8_000),
  preset('denoiser', 32, 3, 8_000),
  preset('denoiser', 64, 1, 10_000, { ...often, learningRate: 0.001 }),
  preset('denoiser', 64, 3, 10_000, { ...often, learningRate: 0.001 }),
  // Without the fully connected networks, and the critic that learns five times a step.
  ...([1, 3] as const).flatMap((channels) => [
    preset('dcgan', 128, channels, 20_000, { ...held, ...large }),
    preset('vae', 128, channels, 20_000, { ...(channels === 3 ? gaussian : {}), ...large, latentSize: 128 }),
    preset('cgan', 128, channels, 20_000, { ...held, ...large }),
    preset('resnet-gan', 128, channels, 30_000, {
      ...{ ...weighsPositions, ...large, ...smallBlocks },
    }),
    preset('ddpm', 128, channels, 30_000, { ...halvedFirst, ...large, sampleEverySteps: 500 }),
    preset('vqvae-transformer', 128, channels, 20_000, { ...large, codebookSize: 512 }),
    preset('pix2pix', 128, channels, 20_000, large),
    preset('denoiser', 128, channels, 20_000, { ...large, learningRate: 0.001 }),
  ]),
];

/**
 * The preset called `id`.
 *
 * @throws StudioError `preset-unknown` naming those that exist
 */
export function findPreset(id: string): Preset {
  const found = presets.find((candidate) => candidate.id === id);
  if (!found) {
    const known = presets.map((candidate) => candidate.id).join(', ');
    throw new StudioError('preset-unknown', `There is no preset “${id}”. Known presets: ${known}.`, {
      preset: id,
      known,
    });
  }
  return found;
}

/**
 * A preset's settings with the user's on top, every value checked against its declaration.
 *
 * @throws StudioError `setting-unknown`, `setting-out-of-range`
 */
export function settingsFor(preset: Preset, chosen: Readonly<Settings> = {}): Settings {
  return resolveSettings(families[preset.family].parameters, preset.settings, chosen);
}

/** Whether a model of these settings learns classes and draws the one that is asked for. */
export function learnsClasses(family: FamilyId, settings: Readonly<Settings>): boolean {
  return families[family].needsClasses === true || settings.learnClasses === true;
}

/** Whether a model draws from pictures of its dataset version: inputs that stand there, or such as it damages. */
export function drawsFromInputs(family: FamilyId): boolean {
  const { needsPairs = false, damagesPictures = false } = families[family];
  return needsPairs || damagesPictures;
}

/** What can be chosen when a model of these settings generates. */
export function samplingParameters({ family, settings }: ModelKind): readonly HyperParameter[] {
  return families[family].sampling?.(settings) ?? [];
}

/**
 * How a model of these settings generates: its family's defaults with what was chosen on top, each value checked.
 *
 * @throws StudioError `setting-unknown`, `setting-out-of-range`
 */
export function samplingSettings(model: ModelKind, chosen: Readonly<Settings> = {}): Settings {
  return resolveSettings(samplingParameters(model), chosen);
}

/** What can be chosen when a model of these settings repairs a picture. */
export function repairParameters(model: ModelKind): readonly HyperParameter[] {
  return [...samplingParameters(model), ...(families[model.family].repairing ?? [])];
}

/**
 * How a model of these settings repairs: its family's defaults with what was chosen on top, each value checked.
 *
 * @throws StudioError `setting-unknown`, `setting-out-of-range`
 */
export function repairSettings(model: ModelKind, chosen: Readonly<Settings> = {}): Settings {
  return resolveSettings(repairParameters(model), chosen);
}

interface ModelKind {
  readonly family: FamilyId;
  readonly settings: Readonly<Settings>;
}
