import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import {
  backendIdSchema,
  backendsSchema,
  datasetSchema,
  datasetVersionSchema,
  estimateSchema,
  exportPreviewSchema,
  exportRequestSchema,
  exportSchema,
  galleryFilterSchema,
  imageSchema,
  importSourceSchema,
  jobSchema,
  licenceSchema,
  machineSchema,
  metricPointSchema,
  pictureSchema,
  preferenceChangesSchema,
  preferencesSchema,
  projectSchema,
  provenanceSchema,
  quarantinedSchema,
  recipeSchema,
  runEventSchema,
  runNoteSchema,
  runSchema,
  seedSchema,
  settingsSchema,
  stopConditionSchema,
  studioInfoSchema,
} from './domain.ts';
import { failureSchema } from './errors.ts';

/**
 * Every expected failure arrives as the typed error `STUDIO` whose data is a `Failure`; anything else is
 * `INTERNAL_SERVER_ERROR` and was logged with its stack.
 */
const procedure = oc.errors({ STUDIO: { status: 422, data: failureSchema } });

const nothing = z.void();
const byId = z.object({ id: z.string() });
const page = z.object({
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).default(200),
});
const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ total: z.number().int(), items: z.array(item) });

/** Everything a face can ask of the studio. Each procedure calls one use case. */
export const contract = {
  studio: {
    info: procedure.output(studioInfoSchema),
    machine: procedure.output(machineSchema),
    preferences: procedure.output(preferencesSchema),
    setPreferences: procedure.input(preferenceChangesSchema).output(preferencesSchema),
  },
  /** What can be trained on. */
  backends: {
    /** What the last probes found; nothing is probed. */
    list: procedure.output(backendsSchema),
    /** Probes one backend or all of them, each in a process of its own; takes seconds. */
    probe: procedure.input(z.object({ id: backendIdSchema.optional() })).output(backendsSchema),
    /** Uses this backend wherever it is there; null takes the best one again. */
    pin: procedure
      .input(z.object({ id: backendIdSchema.nullable(), adapter: z.string().default('') }))
      .output(backendsSchema),
  },
  /** What the face around the studio offers; `not-supported-here` where `abilities` says it cannot. */
  host: {
    /** A native dialog; null when it was dismissed. */
    choosePath: procedure
      .input(
        z.object({ purpose: z.enum(['pictures-folder', 'pictures-file', 'export-folder', 'export-zip']) }),
      )
      .output(z.object({ path: z.string().nullable() })),
    showInFolder: procedure.input(z.object({ path: z.string() })).output(nothing),
    /** A good place for an export called `name`: an absolute path that does not exist yet. */
    suggestExportPath: procedure
      .input(z.object({ name: z.string(), format: z.enum(['folder', 'zip']) }))
      .output(z.object({ path: z.string() })),
  },
  projects: {
    list: procedure.output(z.array(projectSchema)),
    create: procedure.input(z.object({ name: z.string().trim().min(1).max(120) })).output(projectSchema),
    rename: procedure.input(byId.extend({ name: z.string().trim().min(1).max(120) })).output(projectSchema),
    /** Takes it out of every list; `restore` brings it back. Refused while one of its runs is training. */
    trash: procedure.input(byId).output(nothing),
    restore: procedure.input(byId).output(nothing),
  },
  datasets: {
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
    setLicence: procedure.input(byId.extend({ licence: licenceSchema })).output(datasetSchema),
    pictures: procedure
      .input(page.extend({ id: z.string(), label: z.string().optional() }))
      .output(pageOf(pictureSchema)),
    quarantined: procedure.input(page.extend({ id: z.string() })).output(pageOf(quarantinedSchema)),
    /** Makes a version, or returns the one that the same recipe made before. */
    buildVersion: procedure.input(byId.extend({ recipe: recipeSchema })).output(z.object({ job: jobSchema })),
    version: procedure
      .input(byId.extend({ version: z.number().int().positive() }))
      .output(datasetVersionSchema),
  },
  jobs: {
    list: procedure.output(z.array(jobSchema)),
    cancel: procedure.input(byId).output(nothing),
    /** Every known job, then each change. */
    watch: procedure.output(eventIterator(jobSchema)),
  },
  runs: {
    list: procedure.input(z.object({ projectId: z.string().optional() })).output(z.array(runSchema)),
    get: procedure.input(byId).output(runSchema),
    /** A short trial of this preset on this machine; takes seconds. */
    estimate: procedure
      .input(z.object({ presetId: z.string(), settings: settingsSchema.default({}) }))
      .output(estimateSchema),
    /** Makes a run and starts it, or queues it behind the one that is training. */
    create: procedure
      .input(
        z.object({
          projectId: z.string(),
          name: z.string().trim().max(120).default(''),
          datasetId: z.string(),
          version: z.number().int().positive(),
          presetId: z.string(),
          settings: settingsSchema.default({}),
          seed: seedSchema.optional(),
          stop: stopConditionSchema.optional(),
        }),
      )
      .output(runSchema),
    pause: procedure.input(byId).output(nothing),
    /** Goes on after `pause`. */
    unpause: procedure.input(byId).output(nothing),
    /** Saves a checkpoint, then ends; a queued run just leaves the queue. */
    stop: procedure.input(byId).output(nothing),
    saveNow: procedure.input(byId).output(nothing),
    sampleNow: procedure.input(byId).output(nothing),
    /** Goes on from the last checkpoint; with `stop`, to a new end; with `backend`, on that one this time. */
    resume: procedure
      .input(byId.extend({ stop: stopConditionSchema.optional(), backend: backendIdSchema.optional() }))
      .output(runSchema),
    rename: procedure.input(byId.extend({ name: z.string().trim().min(1).max(120) })).output(runSchema),
    trash: procedure.input(byId).output(nothing),
    restore: procedure.input(byId).output(nothing),
    notes: procedure.input(byId).output(z.array(runNoteSchema)),
    metrics: procedure
      .input(byId.extend({ afterStep: z.number().int().default(-1) }))
      .output(z.array(metricPointSchema)),
    /**
     * The run as it is, its sheets and its metrics after `afterStep`, then every change. A client that lost
     * the connection asks again with the last step it has.
     */
    watch: procedure
      .input(byId.extend({ afterStep: z.number().int().default(-1) }))
      .output(eventIterator(runEventSchema)),
    /** All runs of the workspace, then each change of any of them (state and progress, no metrics). */
    watchAll: procedure.output(eventIterator(runSchema)),
  },
  generation: {
    /** Picture i has seed `seed + i` (modulo 2³²). Without `checkpointStep`, the newest checkpoint. */
    start: procedure
      .input(
        z.object({
          runId: z.string(),
          checkpointStep: z.number().int().optional(),
          count: z.number().int().min(1).max(100_000),
          seed: seedSchema,
          /** Place of one of the run's classes; without it each seed also decides the class. */
          classIndex: z.number().int().min(0).optional(),
        }),
      )
      .output(z.object({ job: jobSchema })),
  },
  gallery: {
    /** Newest first. */
    list: procedure.input(page.extend({ filter: galleryFilterSchema })).output(pageOf(imageSchema)),
    get: procedure.input(byId).output(z.object({ image: imageSchema, provenance: provenanceSchema })),
    star: procedure
      .input(z.object({ ids: z.array(z.string()).min(1), starred: z.boolean() }))
      .output(nothing),
    trash: procedure.input(z.object({ ids: z.array(z.string()).min(1) })).output(nothing),
    restore: procedure.input(z.object({ ids: z.array(z.string()).min(1) })).output(nothing),
    /** Yields whenever the gallery changed: pictures came, went, or were starred. */
    watch: procedure.output(eventIterator(z.object({ images: z.number().int() }))),
  },
  exports: {
    preview: procedure.input(exportRequestSchema).output(exportPreviewSchema),
    start: procedure.input(exportRequestSchema).output(z.object({ job: jobSchema })),
    list: procedure.output(z.array(exportSchema)),
    get: procedure.input(byId).output(exportSchema),
  },
};

export type Contract = typeof contract;
