import { z } from 'zod';
import { datasetSchema } from '../domain/datasets.ts';
import { focusPointSchema, recipeSchema } from '../domain/recipes.ts';
import {
  differenceKindSchema,
  versionComparisonSchema,
  versionDifferenceSchema,
  versionOutlineSchema,
} from '../domain/versions.ts';
import { byId, nothing, page, pageOf, procedure } from './procedure.ts';

const versionNumber = z.number().int().positive();
const twoVersions = byId.extend({ from: versionNumber, to: versionNumber });

export const versions = {
  /** What a recipe would make, without making it; `start` turns to other pictures to look at. */
  outline: procedure
    .input(
      byId.extend({
        recipe: recipeSchema,
        samples: z.number().int().min(0).max(128).default(8),
        start: z.number().int().min(0).default(0),
      }),
    )
    .output(versionOutlineSchema),
  /** Keeps the point that a square crop is laid around; null takes it away. */
  setFocus: procedure
    .input(z.object({ pictureId: z.string(), focus: focusPointSchema.nullable() }))
    .output(nothing),
  /** What the next training takes; null is the newest. */
  makeCurrent: procedure.input(byId.extend({ version: versionNumber.nullable() })).output(datasetSchema),
  compare: procedure.input(twoVersions).output(versionComparisonSchema),
  /** The pictures that two versions differ in, in the order of the later version. */
  differences: procedure
    .input(twoVersions.extend({ kind: differenceKindSchema, ...page.shape }))
    .output(pageOf(versionDifferenceSchema)),
};
