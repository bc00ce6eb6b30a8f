import { z } from 'zod';
import { backendIds } from './backends.ts';

const preferenceFields = z.object({
  language: z.enum(['system', 'en', 'zh']),
  theme: z.enum(['system', 'dark', 'light']),
  /** What closing the window does while a run is training. */
  onClose: z.enum(['ask', 'background', 'stop']),
  /** What to train on; `auto` takes the best one there is. */
  backend: z.enum(['auto', ...backendIds]),
  /** The name of the graphics adapter to use; empty for the system's choice. */
  adapter: z.string(),
  /** How many runs may train at once on one device; the others wait in the queue. */
  runsAtOnce: z.number().int().min(1).max(8),
  /** After so long without a word of the engine it is said that training stands still. */
  stallSeconds: z.number().int().min(1).max(3600),
});
export type Preferences = z.infer<typeof preferenceFields>;

export const defaultPreferences: Preferences = {
  language: 'system',
  theme: 'system',
  onClose: 'ask',
  backend: 'auto',
  adapter: '',
  runsAtOnce: 1,
  stallSeconds: 60,
};
/** Preferences as they are stored: what is missing has its default. */
export const preferencesSchema = z.preprocess(
  (stored) => ({ ...defaultPreferences, ...(stored as Partial<Preferences>) }),
  preferenceFields,
);
/** A change of some: here a default would undo what the user chose before. */
export const preferenceChangesSchema = preferenceFields.partial();

/** What the face around the studio can do. */
export const hostAbilitiesSchema = z.object({
  face: z.enum(['desktop', 'browser', 'command-line']),
  nativeDialogs: z.boolean(),
  showInFolder: z.boolean(),
  upload: z.boolean(),
});
export type HostAbilities = z.infer<typeof hostAbilitiesSchema>;

export const machineSchema = z.object({
  cores: z.number().int(),
  memoryBytes: z.number().int(),
  freeMemoryBytes: z.number().int(),
  /** 0…1 over all cores, averaged over the last minute; null where the system does not tell. */
  load: z.number().nullable(),
  freeDiskBytes: z.number().int(),
  platform: z.string(),
});
export type Machine = z.infer<typeof machineSchema>;

export const studioInfoSchema = z.object({
  version: z.string(),
  workspace: z.string(),
  abilities: hostAbilitiesSchema,
  /** What start-up found when it compared the store with the disk; empty when all is well. */
  notices: z.array(z.string()),
});
export type StudioInfo = z.infer<typeof studioInfoSchema>;
