import { z } from 'zod';
import { backendIdSchema, backendsSchema } from '../domain/backends.ts';
import { procedure } from './procedure.ts';

/** What can be trained on. */
export const backends = {
  /** What the last probes found; nothing is probed. */
  list: procedure.output(backendsSchema),
  /** Probes one backend or all of them, each in a process of its own; takes seconds. */
  probe: procedure.input(z.object({ id: backendIdSchema.optional() })).output(backendsSchema),
  /** Uses this backend wherever it is there; null takes the best one again. */
  pin: procedure
    .input(z.object({ id: backendIdSchema.nullable(), adapter: z.string().default('') }))
    .output(backendsSchema),
};
