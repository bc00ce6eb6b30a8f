import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const jobsRouter = (procedures: Procedures['jobs'], studio: Studio) => ({
  list: procedures.list.handler(() => studio.jobs.list()),
  cancel: procedures.cancel.handler(({ input }) => studio.jobs.cancel(input.id)),
  watch: procedures.watch.handler(({ signal }) => studio.jobs.watch(signal)),
});
