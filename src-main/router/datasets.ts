import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const datasetsRouter = (procedures: Procedures['datasets'], studio: Studio) => ({
  list: procedures.list.handler(({ input }) => studio.datasets.list(input.projectId)),
  get: procedures.get.handler(({ input }) => studio.datasets.get(input.id)),
  import: procedures.import.handler(async ({ input }) => {
    const { datasetId, job } = await studio.datasets.import(input.projectId, input.name, input.source);
    return { datasetId, job };
  }),
  rename: procedures.rename.handler(({ input }) => studio.datasets.rename(input.id, input.name)),
  pictures: procedures.pictures.handler(({ input }) =>
    studio.datasets.pictures(input.id, input.offset, input.limit, input.label, input.selection),
  ),
  quarantined: procedures.quarantined.handler(({ input }) =>
    studio.datasets.quarantined(input.id, input.offset, input.limit),
  ),
  buildVersion: procedures.buildVersion.handler(async ({ input }) => {
    const { job } = await studio.datasets.buildVersion(input.id, input.recipe);
    return { job };
  }),
  version: procedures.version.handler(({ input }) => studio.datasets.version(input.id, input.version)),
});
