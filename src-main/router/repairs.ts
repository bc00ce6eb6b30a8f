import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const repairsRouter = (procedures: Procedures['repairs'], studio: Studio) => ({
  look: procedures.look.handler(({ input }) => studio.repairs.look(input)),
  start: procedures.start.handler(async ({ input }) => {
    const { job, inputSha256, maskSha256 } = await studio.repairs.start(input);
    return { job, inputSha256, maskSha256 };
  }),
});
