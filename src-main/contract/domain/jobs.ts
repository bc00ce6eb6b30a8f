import { z } from 'zod';
import { failureSchema } from '../errors.ts';
import { timestampSchema } from './values.ts';

export const jobSchema = z.object({
  id: z.string(),
  kind: z.enum(['import', 'version', 'generation', 'repair', 'export', 'estimate', 'cleaning']),
  /** The name of what is made: a dataset's, a run's, a folder's. */
  subject: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  done: z.number().int(),
  /** Null while it is not yet known. */
  total: z.number().int().nullable(),
  perSecond: z.number(),
  startedAt: timestampSchema,
  endedAt: timestampSchema.nullable(),
  failure: failureSchema.nullable(),
  /** Identifies what it made, or makes: a dataset, a generation, an export. */
  resultId: z.string().nullable(),
});
export type Job = z.infer<typeof jobSchema>;
