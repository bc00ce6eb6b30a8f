import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const projectsRouter = (procedures: Procedures['projects'], studio: Studio) => ({
  list: procedures.list.handler(() => studio.projects.list()),
  create: procedures.create.handler(({ input }) => studio.projects.create(input.name)),
  rename: procedures.rename.handler(({ input }) => studio.projects.rename(input.id, input.name)),
  trash: procedures.trash.handler(({ input }) => studio.projects.trash(input.id)),
  restore: procedures.restore.handler(({ input }) => studio.projects.restore(input.id)),
});
