import { z } from 'zod';
import { projectSchema } from '../domain/projects.ts';
import { byId, nothing, procedure } from './procedure.ts';

export const projects = {
  list: procedure.output(z.array(projectSchema)),
  create: procedure.input(z.object({ name: z.string().trim().min(1).max(120) })).output(projectSchema),
  rename: procedure.input(byId.extend({ name: z.string().trim().min(1).max(120) })).output(projectSchema),
  /** Takes it out of every list; `restore` brings it back. Refused while one of its runs is training. */
  trash: procedure.input(byId).output(nothing),
  restore: procedure.input(byId).output(nothing),
};
