import { StudioError } from '../contract/errors.ts';
import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export function hostRouter(procedures: Procedures['host'], studio: Studio) {
  const { host } = studio;
  const unsupported = (what: string): never => {
    throw new StudioError('not-supported-here', `${what} is not available in this face of the studio.`, {
      what,
    });
  };
  return {
    choosePath: procedures.choosePath.handler(async ({ input }) => ({
      path: await (host.choosePath ?? (() => unsupported('A native dialog')))(input.purpose),
    })),
    showInFolder: procedures.showInFolder.handler(({ input }) =>
      (host.showInFolder ?? (() => unsupported('Showing a folder')))(input.path),
    ),
    suggestExportPath: procedures.suggestExportPath.handler(async ({ input }) => ({
      path: await studio.exports.suggestPath(input.name, input.format),
    })),
  };
}
