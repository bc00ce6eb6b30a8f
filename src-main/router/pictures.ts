import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const picturesRouter = (procedures: Procedures['pictures'], studio: Studio) => ({
  facts: procedures.facts.handler(({ input }) => studio.pictures.facts(input.id, input.choice)),
  edit: procedures.edit.handler(({ input }) => studio.pictures.edit(input.id, input.choice, input.edits)),
});
