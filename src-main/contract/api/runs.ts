import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { backendIdSchema } from '../domain/backends.ts';
import { estimateSchema, startPlanSchema } from '../domain/estimates.ts';
import { startModeSchema } from '../domain/run-history.ts';
import {
  metricPointSchema,
  runEventSchema,
  runNoteSchema,
  runSchema,
  stopConditionSchema,
} from '../domain/runs.ts';
import { seedSchema, settingsSchema } from '../domain/values.ts';
import { byId, nothing, procedure } from './procedure.ts';

const newRun = z.object({
  projectId: z.string(),
  name: z.string().trim().max(120).default(''),
  datasetId: z.string(),
  version: z.number().int().positive(),
  presetId: z.string(),
  settings: settingsSchema.default({}),
  seed: seedSchema.optional(),
  stop: stopConditionSchema.optional(),
  /** A checkpoint of another run (its newest good one without `step`), whose layers it starts with where they fit. */
  from: z
    .object({ runId: z.string(), step: z.number().int().min(0).optional(), mode: startModeSchema.optional() })
    .optional(),
});

export const runs = {
  list: procedure.input(z.object({ projectId: z.string().optional() })).output(z.array(runSchema)),
  get: procedure.input(byId).output(runSchema),
  /** A short trial of this preset on this machine; takes seconds. */
  estimate: procedure
    .input(z.object({ presetId: z.string(), settings: settingsSchema.default({}) }))
    .output(estimateSchema),
  /** Makes a run and starts it, or queues it behind the one that is training. */
  create: procedure.input(newRun).output(runSchema),
  /** Which layers a run would take over from the checkpoint it is to start from, and which are frozen. */
  planStart: procedure
    .input(newRun.required({ from: true }).omit({ name: true, stop: true }))
    .output(startPlanSchema),
  /**
   * Makes a run that goes on from a checkpoint of another (the newest good one without `step`); what is not given
   * stays as it is there.
   */
  fork: procedure
    .input(
      byId.extend({
        step: z.number().int().min(0).optional(),
        name: z.string().trim().max(120).optional(),
        presetId: z.string().optional(),
        settings: settingsSchema.optional(),
        seed: seedSchema.optional(),
        stop: stopConditionSchema.optional(),
        backend: backendIdSchema.optional(),
        dataset: z.object({ id: z.string(), version: z.number().int().positive() }).optional(),
      }),
    )
    .output(runSchema),
  /** Runs that branched off this one. */
  children: procedure
    .input(byId)
    .output(z.array(z.object({ id: z.string(), name: z.string(), step: z.number().int() }))),
  /** Changes settings that may change on the way; answers once the engine has taken them over. */
  set: procedure.input(byId.extend({ settings: settingsSchema })).output(runSchema),
  /** Stars a checkpoint, so that it is never thinned out, or takes the star away. */
  markCheckpoint: procedure
    .input(byId.extend({ step: z.number().int(), marked: z.boolean() }))
    .output(runSchema),
  /** Ends an engine that stands still; the run goes on from its last checkpoint in a fresh one. */
  restart: procedure.input(byId).output(nothing),
  pause: procedure.input(byId).output(nothing),
  /** Goes on after `pause`. */
  unpause: procedure.input(byId).output(nothing),
  /** Saves a checkpoint, then ends; a queued run just leaves the queue. */
  stop: procedure.input(byId).output(nothing),
  saveNow: procedure.input(byId).output(nothing),
  sampleNow: procedure.input(byId).output(nothing),
  /** Goes on from the last checkpoint; with `stop`, to a new end; with `backend`, on that one this time. */
  resume: procedure
    .input(byId.extend({ stop: stopConditionSchema.optional(), backend: backendIdSchema.optional() }))
    .output(runSchema),
  rename: procedure.input(byId.extend({ name: z.string().trim().min(1).max(120) })).output(runSchema),
  trash: procedure.input(byId).output(nothing),
  restore: procedure.input(byId).output(nothing),
  notes: procedure.input(byId).output(z.array(runNoteSchema)),
  metrics: procedure
    .input(byId.extend({ afterStep: z.number().int().default(-1) }))
    .output(z.array(metricPointSchema)),
  /**
   * The run as it is, its sheets and its metrics after `afterStep`, then every change. A client that lost
   * the connection asks again with the last step it has.
   */
  watch: procedure
    .input(byId.extend({ afterStep: z.number().int().default(-1) }))
    .output(eventIterator(runEventSchema)),
  /** All runs of the workspace, then each change of any of them (state and progress, no metrics). */
  watchAll: procedure.output(eventIterator(runSchema)),
};
