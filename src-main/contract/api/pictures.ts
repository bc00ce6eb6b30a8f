import { z } from 'zod';
import { pictureChoiceSchema, pictureEditsSchema, pictureFactsSchema } from '../domain/pictures.ts';
import { decisionSchema } from '../domain/cleaning.ts';
import { byId, procedure } from './procedure.ts';

/** `id` is the dataset's. */
const chosen = byId.extend({ choice: pictureChoiceSchema });

export const pictures = {
  /** What is known of pictures beside their pixels, and where it is from. */
  facts: procedure.input(chosen).output(pictureFactsSchema),
  /** Sets values by hand, or gives them back; `cleaning.undo` takes the decision back. */
  edit: procedure
    .input(chosen.extend({ edits: pictureEditsSchema }))
    .output(z.object({ facts: pictureFactsSchema, decision: decisionSchema.nullable() })),
};
