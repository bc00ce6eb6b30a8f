import { z } from 'zod';
import { backendIdSchema } from './domain/backends.ts';
import { provenanceSchema } from './domain/images.ts';
import { repairOriginSchema } from './domain/repairs.ts';
import { startModeSchema } from './domain/run-history.ts';
import { stopConditionSchema } from './domain/runs.ts';
import {
  channelsSchema,
  pictureSizeSchema,
  seedSchema,
  settingsSchema,
  settingValueSchema,
} from './domain/values.ts';
import { familyIds } from './presets.ts';

/**
 * Messages between the studio and the engine: plain data, checked on receipt. One engine process does one
 * job and ends. A change that an older engine would misread raises the number.
 */
export const engineProtocol = 1;

/** What a model is made of; the same object is `config.json` of the run and travels in each checkpoint. */
export const modelConfigSchema = z.object({
  family: z.enum(familyIds),
  presetId: z.string(),
  sizePx: pictureSizeSchema,
  channels: channelsSchema,
  seed: seedSchema,
  /** Names of the classes of a conditional model, in the order of their numbers; absent for the others. */
  classes: z.array(z.string()).min(1).optional(),
  /** Every hyper-parameter, resolved. */
  settings: settingsSchema,
});
export type ModelConfig = z.infer<typeof modelConfigSchema>;

const backendChoice = z.object({
  id: backendIdSchema,
  threads: z.number().int().min(1).max(16),
  /** The name of the graphics adapter to use; the system's choice without it. */
  adapter: z.string().optional(),
});
export type BackendChoice = z.infer<typeof backendChoice>;

export const engineJobSchema = z.discriminatedUnion('job', [
  z.object({
    job: z.literal('train'),
    protocol: z.literal(engineProtocol),
    backend: backendChoice,
    config: modelConfigSchema,
    /** Holds `checkpoints/`, `samples/`, `log.ndjson`; made by the studio. */
    runFolder: z.string(),
    /** Holds `images.u8` and `labels.i32` of the dataset version. */
    versionFolder: z.string(),
    images: z.number().int().positive(),
    /** So many stand behind them in the same files and are not trained on. */
    heldOutImages: z.number().int().nonnegative().optional(),
    stop: stopConditionSchema,
    /** Absolute path of the checkpoint to go on from; null starts afresh. */
    resumeFrom: z.string().nullable(),
    /** A checkpoint of another run, whose layers a fresh start takes over where they fit. */
    startFrom: z.object({ checkpoint: z.string(), mode: startModeSchema }).optional(),
    /** Settings that change on the way, in the order of their steps; each holds from the first step after its own. */
    changes: z
      .array(z.object({ step: z.number().int(), key: z.string(), to: settingValueSchema }))
      .optional(),
  }),
  z.object({
    job: z.literal('generate'),
    protocol: z.literal(engineProtocol),
    backend: backendChoice,
    config: modelConfigSchema,
    checkpoint: z.string(),
    /** One picture for each; a picture is a function of the checkpoint and its own seed alone. */
    seeds: z.array(seedSchema).min(1),
    /** The class of all of them, of a conditional model; without it each seed also decides the class. */
    classIndex: z.number().int().min(0).optional(),
    /** How they are sampled, for a family where that can be chosen. */
    sampling: settingsSchema.optional(),
    /** Where the inputs are, or the pictures to damage, for a family that draws from one; each seed decides which. */
    pairs: z
      .object({
        versionFolder: z.string(),
        images: z.number().int().positive(),
        heldOutImages: z.number().int().nonnegative(),
      })
      .optional(),
    /** Written into each PNG with the picture's own seed; see `provenanceChunks`. */
    provenance: provenanceSchema.omit({ seed: true, label: true, input: true, repair: true }),
  }),
  /** Makes pictures out of others: fills what a mask hides, completes, translates, restores. */
  z.object({
    job: z.literal('repair'),
    protocol: z.literal(engineProtocol),
    backend: backendChoice,
    config: modelConfigSchema,
    checkpoint: z.string(),
    repairs: z
      .array(
        z.object({
          /** `[sizePx, sizePx, channel]`, 0…255. */
          picture: z.instanceof(Uint8Array),
          /** `[sizePx, sizePx]`: 1 where the picture is kept, 0 where it is to be made up. */
          mask: z.instanceof(Uint8Array),
          /** One result for each, a function of the checkpoint, the picture, the mask and the seed alone. */
          seeds: z.array(seedSchema).min(1),
          origin: repairOriginSchema,
        }),
      )
      .min(1),
    /** The class of all of them, of a conditional model. */
    classIndex: z.number().int().min(0).optional(),
    sampling: settingsSchema.optional(),
    /** Written into each PNG with its own seed and origin. */
    provenance: provenanceSchema.omit({ seed: true, label: true, input: true, repair: true }),
  }),
  z.object({
    job: z.literal('trial'),
    protocol: z.literal(engineProtocol),
    backend: backendChoice,
    config: modelConfigSchema,
    /** At most this many steps, on random pictures … */
    steps: z.number().int().min(1).max(100),
    /** … and no new step after this long. */
    limitMs: z.number().positive(),
  }),
  /**
   * Lists the layers of a model; with a checkpoint, makes sure that it is whole and this model's, or, where a run is to
   * start from it, tells which layers it takes over.
   */
  z.object({
    job: z.literal('inspect'),
    protocol: z.literal(engineProtocol),
    backend: backendChoice,
    config: modelConfigSchema,
    checkpoint: z.string().nullable(),
    startMode: startModeSchema.optional(),
  }),
  /** Draws what augmentation does to some pictures; needs no backend. */
  z.object({
    job: z.literal('augment'),
    protocol: z.literal(engineProtocol),
    /** `[picture, sizePx, sizePx, channel]`, 0…255. */
    pixels: z.instanceof(Uint8Array),
    sizePx: pictureSizeSchema,
    channels: channelsSchema,
    /** Whether they are trained on as pairs, whose colours stay. */
    paired: z.boolean(),
    settings: settingsSchema,
    /** Of the alterations before the discriminator; null where none is to be shown. */
    probability: z.number().min(0).max(1).nullable(),
    seed: seedSchema,
    draws: z.number().int().min(1),
  }),
  /** Learns from a set of small pictures what a review of it needs, and writes the results beside them. */
  z.object({
    job: z.literal('study'),
    protocol: z.literal(engineProtocol),
    backend: backendChoice,
    /** Holds `images.u8` (`[images, sizePx, sizePx, channels]`) and, where labels are reviewed, `labels.i32`. */
    folder: z.string(),
    images: z.number().int().positive(),
    /** A multiple of 8. */
    sizePx: z.number().int().multipleOf(8).positive(),
    channels: channelsSchema,
    seed: seedSchema,
    /** Whether to learn an embedding: `remoteness.f32`, `principal-plane.f32`, `plane-map.f32`. */
    embedding: z.boolean(),
    /** How many classes the labels name; from 2 on they are reviewed: `probabilities.f32`, `[images, classes]`. */
    classes: z.number().int().nonnegative(),
  }),
  /** Opens a backend and trains a tiny network on it whose losses are known. */
  z.object({
    job: z.literal('probe'),
    protocol: z.literal(engineProtocol),
    backend: backendChoice,
    /** 0 only opens it and names its device. */
    steps: z.number().int().min(0).max(20),
  }),
]);
export type EngineJob = z.infer<typeof engineJobSchema>;
export type TrainJob = Extract<EngineJob, { job: 'train' }>;
export type GenerateJob = Extract<EngineJob, { job: 'generate' }>;
export type RepairJob = Extract<EngineJob, { job: 'repair' }>;
export type TrialJob = Extract<EngineJob, { job: 'trial' }>;
export type InspectJob = Extract<EngineJob, { job: 'inspect' }>;
export type AugmentJob = Extract<EngineJob, { job: 'augment' }>;
export type StudyJob = Extract<EngineJob, { job: 'study' }>;
export type ProbeJob = Extract<EngineJob, { job: 'probe' }>;

/** Orders to a training engine; obeyed before the next step. The first message is always a job. */
export const engineOrderSchema = z.discriminatedUnion('order', [
  z.object({ order: z.literal('pause') }),
  z.object({ order: z.literal('resume') }),
  /** Save a checkpoint, then end. */
  z.object({ order: z.literal('stop') }),
  z.object({ order: z.literal('save') }),
  z.object({ order: z.literal('sample') }),
  /** Change settings that may change on the way; answered by `changed` or `change-refused`. */
  z.object({ order: z.literal('set'), settings: settingsSchema }),
]);
export type EngineOrder = z.infer<typeof engineOrderSchema>;
