import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const backendsRouter = (procedures: Procedures['backends'], studio: Studio) => ({
  list: procedures.list.handler(() => studio.backends.list()),
  probe: procedures.probe.handler(({ input }) => studio.backends.probe(input.id)),
  pin: procedures.pin.handler(({ input }) => studio.backends.pin(input.id, input.adapter)),
});
