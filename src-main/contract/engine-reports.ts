import { z } from 'zod';
import { backendSchema, deviceSchema } from './domain/backends.ts';
import { layerSchema } from './domain/estimates.ts';
import { drawnInputSchema } from './domain/images.ts';
import { parameterCountsSchema } from './domain/runs.ts';
import { seedSchema, settingValueSchema } from './domain/values.ts';
import { failureSchema } from './errors.ts';

/** What an engine tells the studio; checked on receipt. */
export const engineReportSchema = z.discriminatedUnion('report', [
  z.object({
    report: z.literal('started'),
    backend: backendSchema,
    parameters: parameterCountsSchema,
    /** The step training goes on from: 0, or the checkpoint's. */
    step: z.number().int(),
    trainedMs: z.number(),
  }),
  z.object({
    report: z.literal('tick'),
    step: z.number().int(),
    trainedMs: z.number(),
    /** Median wall time of a step since the start of this sitting. */
    stepMs: z.number(),
    values: z.record(z.string(), z.number()),
  }),
  z.object({
    report: z.literal('sample'),
    step: z.number().int(),
    /** Relative to the run's folder. */
    file: z.string(),
    columns: z.number().int(),
    rows: z.number().int(),
  }),
  z.object({
    report: z.literal('checkpoint'),
    step: z.number().int(),
    trainedMs: z.number(),
    file: z.string(),
    sha256: z.string(),
    bytes: z.number().int(),
    /** Mean of the family's `bestMetric` since the checkpoint before; null without one. */
    score: z.number().nullable(),
  }),
  z.object({
    report: z.literal('changed'),
    step: z.number().int(),
    changes: z.array(z.object({ key: z.string(), from: settingValueSchema, to: settingValueSchema })),
  }),
  z.object({ report: z.literal('change-refused'), failure: failureSchema }),
  z.object({
    report: z.literal('augmented'),
    /** A row for each picture, the picture itself first. */
    png: z.instanceof(Uint8Array),
    columns: z.number().int(),
    rows: z.number().int(),
    gapPx: z.number().int(),
  }),
  z.object({ report: z.literal('paused'), step: z.number().int() }),
  z.object({ report: z.literal('resumed'), step: z.number().int() }),
  z.object({
    report: z.literal('image'),
    index: z.number().int(),
    seed: seedSchema,
    /** The name of its class, of a conditional model. */
    label: z.string().optional(),
    /** What it was drawn from, of a model that draws from an input. */
    input: drawnInputSchema.optional(),
    /** The finished PNG file. */
    png: z.instanceof(Uint8Array),
  }),
  z.object({
    report: z.literal('trial'),
    stepMs: z.number(),
    steps: z.number().int(),
    memoryBytes: z.number().int(),
    parameters: parameterCountsSchema,
    layers: z.array(layerSchema),
    backend: backendSchema,
  }),
  z.object({
    report: z.literal('inspected'),
    parameters: parameterCountsSchema,
    layers: z.array(layerSchema),
  }),
  /** How much of a part of a study is done; at 1 its results are written. */
  z.object({
    report: z.literal('study'),
    part: z.enum(['embedding', 'map', 'labels']),
    share: z.number().min(0).max(1),
  }),
  z.object({
    report: z.literal('probe'),
    device: deviceSchema,
    stepMs: z.number().nullable(),
    remark: z.string().nullable(),
  }),
  /** The last message of a process that ended well. */
  z.object({
    report: z.literal('finished'),
    outcome: z.enum(['completed', 'stopped']),
    step: z.number().int(),
    trainedMs: z.number(),
    stepMs: z.number().nullable(),
  }),
  /** The last message of a process that did not. */
  z.object({ report: z.literal('failed'), step: z.number().int(), failure: failureSchema }),
]);
export type EngineReport = z.infer<typeof engineReportSchema>;
