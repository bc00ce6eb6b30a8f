import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const galleryRouter = (procedures: Procedures['gallery'], studio: Studio) => ({
  list: procedures.list.handler(({ input }) => studio.gallery.list(input.filter, input.offset, input.limit)),
  get: procedures.get.handler(({ input }) => studio.gallery.get(input.id)),
  star: procedures.star.handler(({ input }) => studio.gallery.star(input.ids, input.starred)),
  trash: procedures.trash.handler(({ input }) => studio.gallery.trash(input.ids)),
  restore: procedures.restore.handler(({ input }) => studio.gallery.restore(input.ids)),
  watch: procedures.watch.handler(({ signal }) => studio.gallery.watch(signal)),
});
