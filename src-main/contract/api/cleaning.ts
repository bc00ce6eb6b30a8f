import { z } from 'zod';
import {
  cleaningOverviewSchema,
  cleaningThresholdsSchema,
  embeddingMapSchema,
  findingKindSchema,
  findingSchema,
  findingStateSchema,
  mapMethodSchema,
} from '../domain/cleaning.ts';
import { jobSchema } from '../domain/jobs.ts';
import { byId, page, pageOf, procedure } from './procedure.ts';

export const cleaning = {
  overview: procedure.input(byId).output(cleaningOverviewSchema),
  /** Starts a review; with `learn` the engine also learns from the set itself: outliers, labels, the map. */
  start: procedure
    .input(byId.extend({ learn: z.boolean().default(true) }))
    .output(z.object({ job: jobSchema })),
  /** Moves thresholds and finds anew what is open; what is not named stays. */
  adjust: procedure
    .input(byId.extend({ thresholds: z.object(thresholdChanges()).partial() }))
    .output(cleaningOverviewSchema),
  findings: procedure
    .input(
      page.extend({ id: z.string(), kind: findingKindSchema, state: findingStateSchema.default('open') }),
    )
    .output(pageOf(findingSchema)),
  /** Accepts or rejects open findings: those named, or all of a kind. */
  decide: procedure
    .input(
      byId.extend({
        verdict: z.enum(['accept', 'reject']),
        which: z.union([
          z.object({ findingIds: z.array(z.number().int()).min(1).max(10_000) }),
          z.object({ kind: findingKindSchema }),
        ]),
      }),
    )
    .output(cleaningOverviewSchema),
  /** Keeps pictures out of versions, or takes them in again. */
  exclude: procedure
    .input(byId.extend({ pictureIds: z.array(z.string()).min(1).max(200_000), excluded: z.boolean() }))
    .output(cleaningOverviewSchema),
  /** Takes the last decision back; with its number, only if it still is the last. */
  undo: procedure
    .input(byId.extend({ decision: z.number().int().optional() }))
    .output(cleaningOverviewSchema),
  map: procedure.input(byId.extend({ method: mapMethodSchema })).output(embeddingMapSchema),
};

/** The thresholds without their defaults, so that what is not named stays what it is. */
function thresholdChanges() {
  const { shape } = cleaningThresholdsSchema;
  return {
    nearDistance: shape.nearDistance.unwrap(),
    smallestSidePx: shape.smallestSidePx.unwrap(),
    aspectRatio: shape.aspectRatio.unwrap(),
    blankDeviation: shape.blankDeviation.unwrap(),
    blurSharpness: shape.blurSharpness.unwrap(),
    darkBrightest: shape.darkBrightest.unwrap(),
    brightDarkest: shape.brightDarkest.unwrap(),
    noiseDeviation: shape.noiseDeviation.unwrap(),
    oddColourShare: shape.oddColourShare.unwrap(),
    outlierFactor: shape.outlierFactor.unwrap(),
    labelMargin: shape.labelMargin.unwrap(),
    classRatio: shape.classRatio.unwrap(),
  };
}
