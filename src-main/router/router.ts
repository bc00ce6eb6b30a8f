import { implement } from '@orpc/server';
import { contract } from '../contract/api.ts';
import { StudioError, toFailure } from '../contract/errors.ts';
import type { Studio } from '../studio/studio.ts';

/** Where a failure that nobody expected is told, with its stack. */
export type ReportUnexpected = (error: unknown, procedure: string) => void;

const reportToConsole: ReportUnexpected = (error, procedure) =>
  console.error(`Unexpected failure in ${procedure}:`, error);

export type StudioRouter = ReturnType<typeof createRouter>;

/** The contract, implemented: each procedure calls one use case and decides nothing itself. */
export function createRouter(studio: Studio, report: ReportUnexpected = reportToConsole) {
  const procedures = implement(contract).use(async ({ next, path, errors }) => {
    try {
      return await next();
    } catch (error) {
      if (error instanceof StudioError) {
        throw errors.STUDIO({ message: error.message, data: toFailure(error) });
      }
      report(error, path.join('.'));
      throw error;
    }
  });
  const unsupported = (what: string): never => {
    throw new StudioError('not-supported-here', `${what} is not available in this face of the studio.`, {
      what,
    });
  };
  const { host } = studio;

  return procedures.router({
    studio: {
      info: procedures.studio.info.handler(() => studio.info()),
      machine: procedures.studio.machine.handler(() => studio.machine()),
      preferences: procedures.studio.preferences.handler(() => studio.preferences()),
      setPreferences: procedures.studio.setPreferences.handler(({ input }) => studio.setPreferences(input)),
    },
    host: {
      choosePath: procedures.host.choosePath.handler(async ({ input }) => ({
        path: await (host.choosePath ?? (() => unsupported('A native dialog')))(input.purpose),
      })),
      showInFolder: procedures.host.showInFolder.handler(({ input }) =>
        (host.showInFolder ?? (() => unsupported('Showing a folder')))(input.path),
      ),
      suggestExportPath: procedures.host.suggestExportPath.handler(async ({ input }) => ({
        path: await studio.exports.suggestPath(input.name, input.format),
      })),
    },
    backends: {
      list: procedures.backends.list.handler(() => studio.backends.list()),
      probe: procedures.backends.probe.handler(({ input }) => studio.backends.probe(input.id)),
      pin: procedures.backends.pin.handler(({ input }) => studio.backends.pin(input.id, input.adapter)),
    },
    projects: {
      list: procedures.projects.list.handler(() => studio.projects.list()),
      create: procedures.projects.create.handler(({ input }) => studio.projects.create(input.name)),
      rename: procedures.projects.rename.handler(({ input }) => studio.projects.rename(input.id, input.name)),
      trash: procedures.projects.trash.handler(({ input }) => studio.projects.trash(input.id)),
      restore: procedures.projects.restore.handler(({ input }) => studio.projects.restore(input.id)),
    },
    datasets: {
      list: procedures.datasets.list.handler(({ input }) => studio.datasets.list(input.projectId)),
      get: procedures.datasets.get.handler(({ input }) => studio.datasets.get(input.id)),
      import: procedures.datasets.import.handler(async ({ input }) => {
        const { datasetId, job } = await studio.datasets.import(input.projectId, input.name, input.source);
        return { datasetId, job };
      }),
      rename: procedures.datasets.rename.handler(({ input }) => studio.datasets.rename(input.id, input.name)),
      setLicence: procedures.datasets.setLicence.handler(({ input }) =>
        studio.datasets.setLicence(input.id, input.licence),
      ),
      pictures: procedures.datasets.pictures.handler(({ input }) =>
        studio.datasets.pictures(input.id, input.offset, input.limit, input.label),
      ),
      quarantined: procedures.datasets.quarantined.handler(({ input }) =>
        studio.datasets.quarantined(input.id, input.offset, input.limit),
      ),
      buildVersion: procedures.datasets.buildVersion.handler(async ({ input }) => {
        const { job } = await studio.datasets.buildVersion(input.id, input.recipe);
        return { job };
      }),
      version: procedures.datasets.version.handler(({ input }) =>
        studio.datasets.version(input.id, input.version),
      ),
    },
    jobs: {
      list: procedures.jobs.list.handler(() => studio.jobs.list()),
      cancel: procedures.jobs.cancel.handler(({ input }) => studio.jobs.cancel(input.id)),
      watch: procedures.jobs.watch.handler(({ signal }) => studio.jobs.watch(signal)),
    },
    runs: {
      list: procedures.runs.list.handler(({ input }) => studio.runs.list(input.projectId)),
      get: procedures.runs.get.handler(({ input }) => studio.runs.get(input.id)),
      estimate: procedures.runs.estimate.handler(({ input }) =>
        studio.estimates.of(input.presetId, input.settings),
      ),
      create: procedures.runs.create.handler(({ input }) => studio.runs.create(input)),
      pause: procedures.runs.pause.handler(({ input }) => studio.runs.pause(input.id)),
      unpause: procedures.runs.unpause.handler(({ input }) => studio.runs.unpause(input.id)),
      stop: procedures.runs.stop.handler(({ input }) => studio.runs.stop(input.id)),
      saveNow: procedures.runs.saveNow.handler(({ input }) => studio.runs.saveNow(input.id)),
      sampleNow: procedures.runs.sampleNow.handler(({ input }) => studio.runs.sampleNow(input.id)),
      resume: procedures.runs.resume.handler(({ input }) =>
        studio.runs.resume(input.id, input.stop, input.backend),
      ),
      rename: procedures.runs.rename.handler(({ input }) => studio.runs.rename(input.id, input.name)),
      trash: procedures.runs.trash.handler(({ input }) => studio.runs.trash(input.id)),
      restore: procedures.runs.restore.handler(({ input }) => studio.runs.restore(input.id)),
      notes: procedures.runs.notes.handler(({ input }) => studio.runs.notes(input.id)),
      metrics: procedures.runs.metrics.handler(({ input }) => studio.runs.metrics(input.id, input.afterStep)),
      watch: procedures.runs.watch.handler(({ input, signal }) =>
        studio.runs.watch(input.id, input.afterStep, signal),
      ),
      watchAll: procedures.runs.watchAll.handler(({ signal }) => studio.runs.watchAll(signal)),
    },
    generation: {
      start: procedures.generation.start.handler(async ({ input }) => {
        const { job } = await studio.generation.start(input);
        return { job };
      }),
    },
    gallery: {
      list: procedures.gallery.list.handler(({ input }) =>
        studio.gallery.list(input.filter, input.offset, input.limit),
      ),
      get: procedures.gallery.get.handler(({ input }) => studio.gallery.get(input.id)),
      star: procedures.gallery.star.handler(({ input }) => studio.gallery.star(input.ids, input.starred)),
      trash: procedures.gallery.trash.handler(({ input }) => studio.gallery.trash(input.ids)),
      restore: procedures.gallery.restore.handler(({ input }) => studio.gallery.restore(input.ids)),
      watch: procedures.gallery.watch.handler(({ signal }) => studio.gallery.watch(signal)),
    },
    exports: {
      preview: procedures.exports.preview.handler(({ input }) => studio.exports.preview(input)),
      start: procedures.exports.start.handler(async ({ input }) => {
        const { job } = await studio.exports.start(input);
        return { job };
      }),
      list: procedures.exports.list.handler(() => studio.exports.list()),
      get: procedures.exports.get.handler(({ input }) => studio.exports.get(input.id)),
    },
  });
}
