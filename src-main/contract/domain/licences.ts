import { z } from 'zod';

/** Whether training on a picture is allowed, as far as anybody said. */
export const mayTrainSchema = z.enum(['yes', 'no', 'unknown']);
export type MayTrain = z.infer<typeof mayTrainSchema>;

/** Under what terms pictures are there, and who made them. An empty text is not known. */
export const rightsSchema = z.object({
  /** SPDX identifier or expression where there is one, otherwise free text. */
  licence: z.string().trim().max(500).default(''),
  author: z.string().trim().max(500).default(''),
  /** Where the picture or its licence can be looked up. */
  url: z.string().trim().max(2000).default(''),
  /** When it was made or published, as written. */
  date: z.string().trim().max(100).default(''),
  mayTrain: mayTrainSchema.default('unknown'),
});
export type Rights = z.infer<typeof rightsSchema>;

/** What one file says about its own rights; what it leaves out is taken from its source. */
export const fileRightsSchema = z.object({
  licence: z.string().optional(),
  author: z.string().optional(),
  url: z.string().optional(),
  date: z.string().optional(),
  mayTrain: mayTrainSchema.optional(),
});
export type FileRights = z.infer<typeof fileRightsSchema>;

export const unknownRights: Rights = { licence: '', author: '', url: '', date: '', mayTrain: 'unknown' };
