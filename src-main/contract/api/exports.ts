import { z } from 'zod';
import { exportPreviewSchema, exportRequestSchema, exportSchema } from '../domain/exports.ts';
import { jobSchema } from '../domain/jobs.ts';
import { byId, procedure } from './procedure.ts';

export const exports = {
  preview: procedure.input(exportRequestSchema).output(exportPreviewSchema),
  start: procedure.input(exportRequestSchema).output(z.object({ job: jobSchema })),
  list: procedure.output(z.array(exportSchema)),
  get: procedure.input(byId).output(exportSchema),
};
