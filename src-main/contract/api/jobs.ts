import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { jobSchema } from '../domain/jobs.ts';
import { byId, nothing, procedure } from './procedure.ts';

export const jobs = {
  list: procedure.output(z.array(jobSchema)),
  cancel: procedure.input(byId).output(nothing),
  /** Every known job, then each change. */
  watch: procedure.output(eventIterator(jobSchema)),
};
