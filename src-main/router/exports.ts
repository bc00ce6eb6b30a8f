import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const exportsRouter = (procedures: Procedures['exports'], studio: Studio) => ({
  preview: procedures.preview.handler(({ input }) => studio.exports.preview(input)),
  start: procedures.start.handler(async ({ input }) => {
    const { job } = await studio.exports.start(input);
    return { job };
  }),
  list: procedures.list.handler(() => studio.exports.list()),
  get: procedures.get.handler(({ input }) => studio.exports.get(input.id)),
});
