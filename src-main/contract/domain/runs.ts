import { z } from 'zod';
import { failureSchema } from '../errors.ts';
import { familyIds } from '../presets.ts';
import { backendIdSchema, backendSchema } from './backends.ts';
import {
  rescueSchema,
  runCheckpointSchema,
  runParentSchema,
  runWarningSchema,
  settingChangeSchema,
  waitingSchema,
} from './run-history.ts';
import { channelsSchema, pictureSizeSchema, seedSchema, settingsSchema, timestampSchema } from './values.ts';

export const runStates = [
  'queued',
  'starting',
  'running',
  'paused',
  'stopping',
  /** Stopped on request, saved; can go on. */
  'stopped',
  'completed',
  /** Its process ended without being asked to; can go on from the last checkpoint. */
  'interrupted',
  'failed',
] as const;
export const runStateSchema = z.enum(runStates);
export type RunState = z.infer<typeof runStateSchema>;

/** When a run ends by itself: at a step, or after minutes of training. */
export const stopConditionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('steps'), steps: z.number().int().min(1).max(100_000_000) }),
  z.object({
    kind: z.literal('minutes'),
    minutes: z
      .number()
      .positive()
      .max(60 * 24 * 30),
  }),
]);
export type StopCondition = z.infer<typeof stopConditionSchema>;

/** The networks that families are made of: two against each other, two in a row, or one by itself. */
export const networkIds = [
  'generator',
  'discriminator',
  'encoder',
  'decoder',
  'denoiser',
  'transformer',
] as const;
export type NetworkId = (typeof networkIds)[number];

/** How many weights each network of a model has. */
export const parameterCountsSchema = z.partialRecord(z.enum(networkIds), z.number().int());
export type ParameterCounts = Readonly<z.infer<typeof parameterCountsSchema>>;

export const runSchema = z.object({
  id: z.string(),
  projectId: z.string(),
  name: z.string(),
  datasetId: z.string(),
  datasetName: z.string(),
  datasetVersion: z.number().int(),
  datasetImages: z.number().int(),
  presetId: z.string(),
  family: z.enum(familyIds),
  sizePx: pictureSizeSchema,
  channels: channelsSchema,
  seed: seedSchema,
  /** Names of the classes that it can draw, of a conditional model. */
  classes: z.array(z.string()).optional(),
  /** As they are now, changes included. */
  settings: settingsSchema,
  stop: stopConditionSchema,
  state: runStateSchema,
  failure: failureSchema.nullable(),
  step: z.number().int(),
  /** Milliseconds spent in training steps, over all its sittings. */
  trainedMs: z.number(),
  /** Median wall time of a step in the current or last sitting; null before the first tick. */
  stepMs: z.number().nullable(),
  /** Null when it cannot be foreseen yet. */
  remainingMs: z.number().nullable(),
  backend: backendSchema.nullable(),
  parameters: parameterCountsSchema.nullable(),
  latestSampleStep: z.number().int().nullable(),
  checkpoints: z.array(runCheckpointSchema),
  /** What it branched off; null for one that began by itself. */
  parent: runParentSchema.nullable(),
  /** Settings changed since it began, in the order they were made. */
  changes: z.array(settingChangeSchema),
  rescues: z.array(rescueSchema),
  warnings: z.array(runWarningSchema),
  /** Why it has not begun, while it is queued. */
  waiting: waitingSchema.nullable(),
  /** The backend it was asked to train on; null takes the usual one. */
  wantedBackend: backendIdSchema.nullable(),
  createdAt: timestampSchema,
  startedAt: timestampSchema.nullable(),
  endedAt: timestampSchema.nullable(),
  trashedAt: timestampSchema.nullable(),
});
export type Run = z.infer<typeof runSchema>;

/** Names of the scalars a tick averages, beside what a family adds. */
export const metricPointSchema = z.object({
  step: z.number().int(),
  /** Milliseconds of training up to here. */
  trainedMs: z.number(),
  /**
   * Means over the tick: `stepsPerSecond`, `memoryMb` (resident memory of the engine), `tensors`; of every
   * adversarial family `discriminatorLoss`, `generatorLoss`, `generatorGradientNorm`,
   * `discriminatorGradientNorm`; where it judges, `realScore` and `generatedScore` (how real, 0…1, it takes
   * real and generated pictures to be); where it measures, `wassersteinDistance` and `discriminatorSlope`;
   * of an autoencoder `reconstructionLoss` and `klDivergence` (nats per picture), `encoderGradientNorm`,
   * `decoderGradientNorm`.
   */
  values: z.record(z.string(), z.number()),
});
export type MetricPoint = z.infer<typeof metricPointSchema>;

/** A sheet of fixed-latent samples: tiles of the run's picture size, row by row, without gaps. */
export const sampleSheetSchema = z.object({
  step: z.number().int(),
  columns: z.number().int(),
  rows: z.number().int(),
  createdAt: timestampSchema,
});
export type SampleSheet = z.infer<typeof sampleSheetSchema>;

export const runNoteSchema = z.object({
  at: timestampSchema,
  step: z.number().int(),
  kind: z.enum([
    'created',
    'started',
    'resumed',
    'paused',
    'checkpoint',
    'stopped',
    'completed',
    'interrupted',
    'failed',
    'extended',
    'changed',
    'rescued',
    'forked',
    'warned',
  ]),
  detail: z.string(),
});
export type RunNote = z.infer<typeof runNoteSchema>;

/** What a watcher of one run receives; the first messages bring it up to date. */
export const runEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), run: runSchema }),
  z.object({ type: z.literal('metrics'), points: z.array(metricPointSchema) }),
  z.object({ type: z.literal('samples'), sheets: z.array(sampleSheetSchema) }),
  /** The run went back to `step` (resumed from a checkpoint): drop whatever lies after it. */
  z.object({ type: z.literal('rewound'), step: z.number().int() }),
]);
export type RunEvent = z.infer<typeof runEventSchema>;
