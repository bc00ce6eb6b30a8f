import { augmentations } from './api/augmentations.ts';
import { backends } from './api/backends.ts';
import { cleaning } from './api/cleaning.ts';
import { datasets } from './api/datasets.ts';
import { exports } from './api/exports.ts';
import { gallery } from './api/gallery.ts';
import { generation } from './api/generation.ts';
import { host } from './api/host.ts';
import { jobs } from './api/jobs.ts';
import { pictures } from './api/pictures.ts';
import { projects } from './api/projects.ts';
import { repairs } from './api/repairs.ts';
import { runs } from './api/runs.ts';
import { sources } from './api/sources.ts';
import { studio } from './api/studio.ts';
import { versions } from './api/versions.ts';

/** Everything a face can ask of the studio. Each procedure calls one use case. */
export const contract = {
  studio,
  backends,
  host,
  projects,
  cleaning,
  datasets,
  pictures,
  sources,
  versions,
  jobs,
  augmentations,
  runs,
  generation,
  repairs,
  gallery,
  exports,
};

export type Contract = typeof contract;
