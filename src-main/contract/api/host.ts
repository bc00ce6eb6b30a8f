import { z } from 'zod';
import { nothing, procedure } from './procedure.ts';

/** What the face around the studio offers; `not-supported-here` where `abilities` says it cannot. */
export const host = {
  /** A native dialog; null when it was dismissed. */
  choosePath: procedure
    .input(z.object({ purpose: z.enum(['pictures-folder', 'pictures-file', 'export-folder', 'export-zip']) }))
    .output(z.object({ path: z.string().nullable() })),
  showInFolder: procedure.input(z.object({ path: z.string() })).output(nothing),
  /** A good place for an export called `name`: an absolute path that does not exist yet. */
  suggestExportPath: procedure
    .input(z.object({ name: z.string(), format: z.enum(['folder', 'zip']) }))
    .output(z.object({ path: z.string() })),
};
