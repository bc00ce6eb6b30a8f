import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const augmentationsRouter = (procedures: Procedures['augmentations'], studio: Studio) => ({
  sheet: procedures.sheet.handler(({ input, signal }) => studio.augmentations.sheet(input, signal)),
});
