import { z } from 'zod';
import { jobSchema } from '../domain/jobs.ts';
import { fittedPictureSchema, repairLookSchema, repairRequestSchema } from '../domain/repairs.ts';
import { sha256Schema } from '../domain/values.ts';
import { procedure } from './procedure.ts';

export const repairs = {
  /** What a picture becomes before the model of a run sees it, and what is known of its terms. */
  look: procedure.input(repairLookSchema).output(fittedPictureSchema),
  /** Makes pictures out of one; picture i has seed `seed + i` (modulo 2³²). They are found by both hashes. */
  start: procedure
    .input(repairRequestSchema)
    .output(z.object({ job: jobSchema, inputSha256: sha256Schema, maskSha256: sha256Schema.nullable() })),
};
