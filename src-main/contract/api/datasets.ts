import { z } from 'zod';
import {
  datasetSchema,
  datasetVersionSchema,
  pictureSchema,
  pictureSelectionSchema,
  quarantinedSchema,
} from '../domain/datasets.ts';
import { importSourceSchema } from '../domain/sources.ts';
import { jobSchema } from '../domain/jobs.ts';
import { recipeSchema } from '../domain/recipes.ts';
import { byId, page, pageOf, procedure } from './procedure.ts';

export const datasets = {
  list: procedure.input(z.object({ projectId: z.string().optional() })).output(z.array(datasetSchema)),
  get: procedure.input(byId).output(datasetSchema),
  /** Starts an import job; the dataset is there at once and fills while it runs. */
  import: procedure
    .input(
      z.object({
        projectId: z.string(),
        name: z.string().trim().min(1).max(120),
        source: importSourceSchema,
      }),
    )
    .output(z.object({ datasetId: z.string(), job: jobSchema })),
  rename: procedure.input(byId.extend({ name: z.string().trim().min(1).max(120) })).output(datasetSchema),
  pictures: procedure
    .input(
      page.extend({
        id: z.string(),
        label: z.string().optional(),
        selection: pictureSelectionSchema.default('all'),
      }),
    )
    .output(pageOf(pictureSchema)),
  quarantined: procedure.input(page.extend({ id: z.string() })).output(pageOf(quarantinedSchema)),
  /** Makes a version, or returns the one that the same recipe made before. */
  buildVersion: procedure.input(byId.extend({ recipe: recipeSchema })).output(z.object({ job: jobSchema })),
  version: procedure
    .input(byId.extend({ version: z.number().int().positive() }))
    .output(datasetVersionSchema),
};
