import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { galleryFilterSchema, imageSchema, provenanceSchema } from '../domain/images.ts';
import { byId, nothing, page, pageOf, procedure } from './procedure.ts';

export const gallery = {
  /** Newest first. */
  list: procedure.input(page.extend({ filter: galleryFilterSchema })).output(pageOf(imageSchema)),
  get: procedure.input(byId).output(z.object({ image: imageSchema, provenance: provenanceSchema })),
  star: procedure.input(z.object({ ids: z.array(z.string()).min(1), starred: z.boolean() })).output(nothing),
  trash: procedure.input(z.object({ ids: z.array(z.string()).min(1) })).output(nothing),
  restore: procedure.input(z.object({ ids: z.array(z.string()).min(1) })).output(nothing),
  /** Yields whenever the gallery changed: pictures came, went, or were starred. */
  watch: procedure.output(eventIterator(z.object({ images: z.number().int() }))),
};
