import { z } from 'zod';
import { backendSchema } from './backends.ts';
import { networkIds, parameterCountsSchema } from './runs.ts';
import { settingsSchema } from './values.ts';

/** A row of the layer table. */
export const layerSchema = z.object({
  network: z.enum(networkIds),
  name: z.string(),
  /** Of one picture's output, without the batch: `[height, width, channel]` or `[units]`. */
  outputShape: z.array(z.number().int()),
  parameters: z.number().int(),
  /** Whether its weights stay as they are. */
  frozen: z.boolean(),
  /** Of a run that begins with another's weights: whether this layer's are taken over. Absent where there are none. */
  start: z.enum(['taken', 'fresh']).optional(),
});
export type LayerRow = z.infer<typeof layerSchema>;

/** What a run that starts from another's checkpoint takes over, told before it is made. */
export const startPlanSchema = z.object({
  /** Of the checkpoint. */
  step: z.number().int(),
  /** Every setting, resolved: what was not chosen is as in the other run. */
  settings: settingsSchema,
  layers: z.array(layerSchema),
});
export type StartPlan = z.infer<typeof startPlanSchema>;

export const estimateSchema = z.object({
  /** Median of a short trial on this machine, just now. */
  stepMs: z.number(),
  /** Peak resident memory of the trial, which trains, draws and saves as a run does. */
  memoryBytes: z.number().int(),
  trialSteps: z.number().int(),
  parameters: parameterCountsSchema,
  layers: z.array(layerSchema),
  backend: backendSchema,
});
export type Estimate = z.infer<typeof estimateSchema>;
