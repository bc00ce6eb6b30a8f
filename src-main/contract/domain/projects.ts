import { z } from 'zod';
import { timestampSchema } from './values.ts';

export const projectSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: timestampSchema,
  datasets: z.number().int(),
  runs: z.number().int(),
  images: z.number().int(),
  /** A run whose newest sample sheet stands for the project, if there is one. */
  coverRunId: z.string().nullable(),
});
export type Project = z.infer<typeof projectSchema>;
