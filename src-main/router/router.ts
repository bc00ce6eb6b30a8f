import type { Studio } from '../studio/studio.ts';
import { augmentationsRouter } from './augmentations.ts';
import { backendsRouter } from './backends.ts';
import { cleaningRouter } from './cleaning.ts';
import { datasetsRouter } from './datasets.ts';
import { exportsRouter } from './exports.ts';
import { galleryRouter } from './gallery.ts';
import { generationRouter } from './generation.ts';
import { hostRouter } from './host.ts';
import { jobsRouter } from './jobs.ts';
import { picturesRouter } from './pictures.ts';
import { projectsRouter } from './projects.ts';
import { repairsRouter } from './repairs.ts';
import { runsRouter } from './runs.ts';
import { sourcesRouter } from './sources.ts';
import { studioRouter } from './studio.ts';
import { versionsRouter } from './versions.ts';
import type { ReportUnexpected } from './procedures.ts';
import { createProcedures } from './procedures.ts';

const reportToConsole: ReportUnexpected = (error, procedure) =>
  console.error(`Unexpected failure in ${procedure}:`, error);

export type StudioRouter = ReturnType<typeof createRouter>;

/** The contract, implemented: each procedure calls one use case and decides nothing itself. */
export function createRouter(studio: Studio, report: ReportUnexpected = reportToConsole) {
  const procedures = createProcedures(report);
  return procedures.router({
    studio: studioRouter(procedures.studio, studio),
    host: hostRouter(procedures.host, studio),
    backends: backendsRouter(procedures.backends, studio),
    projects: projectsRouter(procedures.projects, studio),
    cleaning: cleaningRouter(procedures.cleaning, studio),
    datasets: datasetsRouter(procedures.datasets, studio),
    pictures: picturesRouter(procedures.pictures, studio),
    sources: sourcesRouter(procedures.sources, studio),
    versions: versionsRouter(procedures.versions, studio),
    jobs: jobsRouter(procedures.jobs, studio),
    augmentations: augmentationsRouter(procedures.augmentations, studio),
    runs: runsRouter(procedures.runs, studio),
    generation: generationRouter(procedures.generation, studio),
    repairs: repairsRouter(procedures.repairs, studio),
    gallery: galleryRouter(procedures.gallery, studio),
    exports: exportsRouter(procedures.exports, studio),
  });
}
