import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const sourcesRouter = (procedures: Procedures['sources'], studio: Studio) => ({
  describeArrays: procedures.describeArrays.handler(({ input }) =>
    studio.datasets.describeArrays(input.source),
  ),
  add: procedures.add.handler(async ({ input }) => {
    const { sourceId, job } = await studio.datasets.sources.add(input.datasetId, input.source);
    return { sourceId, job };
  }),
  setRights: procedures.setRights.handler(({ input }) =>
    studio.datasets.sources.setRights(input.id, input.rights),
  ),
  setWatched: procedures.setWatched.handler(({ input }) =>
    studio.datasets.sources.setWatched(input.id, input.watched),
  ),
  newFiles: procedures.newFiles.handler(({ input }) => studio.datasets.sources.newFiles(input.id)),
  addNewFiles: procedures.addNewFiles.handler(async ({ input }) => {
    const { job } = await studio.datasets.sources.addNewFiles(input.id);
    return { job };
  }),
  watch: procedures.watch.handler(({ signal }) => studio.datasets.sources.watch(signal)),
  licence: procedures.licence.handler(({ input }) => {
    studio.datasets.get(input.id);
    return studio.datasets.sources.licence(input.id, input.version);
  }),
});
