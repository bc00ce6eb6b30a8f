import { z } from 'zod';
import { failureSchema } from '../errors.ts';
import type { Settings } from '../hyper-parameters.ts';
import { settingsSchema, settingValueSchema, sha256Schema, timestampSchema } from './values.ts';

/** A setting that was changed after the run began; it holds from the first step after `step`. */
export const settingChangeSchema = z.object({
  at: timestampSchema,
  step: z.number().int(),
  key: z.string(),
  from: settingValueSchema,
  to: settingValueSchema,
  /** Who changed it: the user, or the studio to rescue the run. */
  cause: z.enum(['user', 'rescue']),
  /** True once the run went back behind it, or a later wish took its place: it is history only. */
  undone: z.boolean(),
});
export type SettingChange = z.infer<typeof settingChangeSchema>;

/** What holds after `step`: the settings the run began with, and the changes up to there. */
export function settingsAt(
  initial: Readonly<Settings>,
  changes: readonly Pick<SettingChange, 'step' | 'key' | 'to' | 'undone'>[],
  step: number,
): Settings {
  const settings = { ...initial };
  for (const change of inOrderOfSteps(changes)) {
    if (!change.undone && change.step <= step) settings[change.key] = change.to;
  }
  return settings;
}

/** By step; those of one step in the order they were made. */
export const inOrderOfSteps = <Change extends { step: number }>(changes: readonly Change[]): Change[] =>
  [...changes].sort((a, b) => a.step - b.step);

/** One line of the ledger that a run keeps of its rescues. */
export const rescueSchema = z.object({
  at: timestampSchema,
  /** Where the numbers went bad. */
  failedStep: z.number().int(),
  failure: failureSchema,
  /** The checkpoint it went back to; 0 is the beginning. */
  backToStep: z.number().int(),
  /** Counts from 1 up to what the setting `rescues` allows. */
  attempt: z.number().int(),
  /** What it trains on with from there. */
  settings: settingsSchema,
});
export type Rescue = z.infer<typeof rescueSchema>;

/** What a watcher of the engine found, as long as it holds. */
export const runWarningSchema = z.discriminatedUnion('kind', [
  /** Nothing was heard of the engine since `since`. */
  z.object({ kind: z.literal('no-step'), since: timestampSchema }),
  /** Its resident memory keeps growing. */
  z.object({ kind: z.literal('memory-growing'), fromMb: z.number(), toMb: z.number() }),
]);
export type RunWarning = z.infer<typeof runWarningSchema>;

export const deviceClasses = ['processor', 'graphics'] as const;

/** Why a queued run has not begun. */
export const waitingSchema = z.discriminatedUnion('kind', [
  /** Its device is in use by as many runs as may train on it at once. */
  z.object({
    kind: z.literal('device-busy'),
    device: z.enum(deviceClasses),
    /** Names of the runs that are on it. */
    running: z.array(z.string()),
    atOnce: z.number().int(),
    /** Its place among those that wait for the device, from 1. */
    place: z.number().int(),
  }),
  /** The studio that is open does not work off the queue. */
  z.object({ kind: z.literal('not-worked-off') }),
]);
export type Waiting = z.infer<typeof waitingSchema>;

/**
 * What a new run takes over from a checkpoint besides the weights of layers: `fresh` begins with the averaged weights,
 * from which pictures are drawn, and an optimiser without memory; `kept` takes weights, averages and optimiser as they
 * are.
 */
export const startModeSchema = z.enum(['fresh', 'kept']);
export type StartMode = z.infer<typeof startModeSchema>;

/** Where a run branched off another. */
export const runParentSchema = z.object({
  runId: z.string(),
  name: z.string(),
  /** The checkpoint it went on from; 0 where it only took over the settings. */
  step: z.number().int(),
  sha256: sha256Schema.nullable(),
  /** How it began, where it is no fork: at step 0, with the layers of the checkpoint that fit. */
  start: startModeSchema.optional(),
});
export type RunParent = z.infer<typeof runParentSchema>;

export const runCheckpointSchema = z.object({
  step: z.number().int(),
  sha256: sha256Schema,
  bytes: z.number().int(),
  createdAt: timestampSchema,
  /** Starred by the user; never thinned out. */
  marked: z.boolean(),
  /** False where training from it went bad: nothing goes on from it by itself. */
  good: z.boolean(),
  /** Mean since the checkpoint before of the metric that the family tells its best by. */
  score: z.number().nullable(),
});
export type RunCheckpoint = z.infer<typeof runCheckpointSchema>;
