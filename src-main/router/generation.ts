import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const generationRouter = (procedures: Procedures['generation'], studio: Studio) => ({
  start: procedures.start.handler(async ({ input }) => {
    const { job } = await studio.generation.start(input);
    return { job };
  }),
});
