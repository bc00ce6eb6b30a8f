import { augmentationSheetRequestSchema, augmentationSheetSchema } from '../domain/augmentations.ts';
import { procedure } from './procedure.ts';

export const augmentations = {
  /** What settings do to some pictures of a dataset, drawn by the code that training uses. */
  sheet: procedure.input(augmentationSheetRequestSchema).output(augmentationSheetSchema),
};
