import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { datasetSchema } from '../domain/datasets.ts';
import { jobSchema } from '../domain/jobs.ts';
import { licenceSummarySchema, rightsSchema } from '../domain/licences.ts';
import { arrayFileSchema, arraySourceSchema, importSourceSchema, newFilesSchema } from '../domain/sources.ts';
import { byId, procedure } from './procedure.ts';

export const sources = {
  /** What an NPY or NPZ holds, so that it can be asked how to read it. */
  describeArrays: procedure.input(z.object({ source: arraySourceSchema })).output(arrayFileSchema),
  /** Brings one more source into a dataset. */
  add: procedure
    .input(z.object({ datasetId: z.string(), source: importSourceSchema }))
    .output(z.object({ sourceId: z.string(), job: jobSchema })),
  setRights: procedure.input(byId.extend({ rights: rightsSchema })).output(datasetSchema),
  setWatched: procedure.input(byId.extend({ watched: z.boolean() })).output(datasetSchema),
  /** Lists a folder anew and says which of its pictures are not in the dataset. */
  newFiles: procedure.input(byId).output(newFilesSchema),
  addNewFiles: procedure.input(byId).output(z.object({ job: jobSchema })),
  /** Tells of watched folders in which something changed. */
  watch: procedure.output(eventIterator(z.object({ datasetId: z.string(), sourceId: z.string() }))),
  /** The terms of a dataset's pictures, or of those that a version is made of. */
  licence: procedure
    .input(byId.extend({ version: z.number().int().positive().optional() }))
    .output(licenceSummarySchema),
};
