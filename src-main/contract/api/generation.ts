import { z } from 'zod';
import { jobSchema } from '../domain/jobs.ts';
import { mostMembers } from '../ensemble.ts';
import { seedSchema, settingsSchema } from '../domain/values.ts';
import { procedure } from './procedure.ts';

export const generation = {
  /** Picture i has seed `seed + i` (modulo 2³²). Without `checkpointStep`, the newest checkpoint. */
  start: procedure
    .input(
      z.object({
        runId: z.string(),
        checkpointStep: z.number().int().optional(),
        /** Further checkpoints of the same form that draw with this one: each seed decides which of them. */
        ensemble: z
          .array(z.object({ runId: z.string(), checkpointStep: z.number().int().optional() }))
          .max(mostMembers - 1)
          .optional(),
        count: z.number().int().min(1).max(100_000),
        seed: seedSchema,
        /** Place of one of the run's classes; without it each seed also decides the class. */
        classIndex: z.number().int().min(0).optional(),
        /** What the run's family lets one choose, such as sampling steps; its defaults for the rest. */
        sampling: settingsSchema.optional(),
      }),
    )
    .output(z.object({ job: jobSchema })),
};
