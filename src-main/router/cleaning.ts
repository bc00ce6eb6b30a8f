import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const cleaningRouter = (procedures: Procedures['cleaning'], studio: Studio) => ({
  overview: procedures.overview.handler(({ input }) => studio.cleaning.overview(input.id)),
  start: procedures.start.handler(({ input }) => ({ job: studio.cleaning.start(input.id, input.learn).job })),
  adjust: procedures.adjust.handler(({ input }) => studio.cleaning.adjust(input.id, input.thresholds)),
  findings: procedures.findings.handler(({ input }) =>
    studio.cleaning.findings(input.id, input.kind, input.state, input.offset, input.limit),
  ),
  decide: procedures.decide.handler(({ input }) =>
    studio.cleaning.decide(input.id, input.verdict, input.which),
  ),
  exclude: procedures.exclude.handler(({ input }) =>
    studio.cleaning.exclude(input.id, input.pictureIds, input.excluded),
  ),
  undo: procedures.undo.handler(({ input }) => studio.cleaning.undo(input.id, input.decision)),
  map: procedures.map.handler(({ input }) => studio.cleaning.map(input.id, input.method)),
});
