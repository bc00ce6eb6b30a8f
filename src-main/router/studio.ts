import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const studioRouter = (procedures: Procedures['studio'], studio: Studio) => ({
  info: procedures.info.handler(() => studio.info()),
  machine: procedures.machine.handler(() => studio.machine()),
  preferences: procedures.preferences.handler(() => studio.preferences()),
  setPreferences: procedures.setPreferences.handler(({ input }) => studio.setPreferences(input)),
});
