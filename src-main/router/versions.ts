import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const versionsRouter = (procedures: Procedures['versions'], { datasets: { versions } }: Studio) => ({
  outline: procedures.outline.handler(({ input }) =>
    versions.outline(input.id, input.recipe, input.samples, input.start),
  ),
  setFocus: procedures.setFocus.handler(({ input }) => versions.setFocus(input.pictureId, input.focus)),
  makeCurrent: procedures.makeCurrent.handler(({ input }) => versions.makeCurrent(input.id, input.version)),
  compare: procedures.compare.handler(({ input }) => versions.compare(input.id, input.from, input.to)),
  differences: procedures.differences.handler(({ input }) =>
    versions.differences(input.id, input.from, input.to, input.kind, input.offset, input.limit),
  ),
});
