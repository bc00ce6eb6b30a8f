import {
  machineSchema,
  preferenceChangesSchema,
  preferencesSchema,
  studioInfoSchema,
} from '../domain/studio.ts';
import { procedure } from './procedure.ts';

export const studio = {
  info: procedure.output(studioInfoSchema),
  machine: procedure.output(machineSchema),
  preferences: procedure.output(preferencesSchema),
  setPreferences: procedure.input(preferenceChangesSchema).output(preferencesSchema),
};
