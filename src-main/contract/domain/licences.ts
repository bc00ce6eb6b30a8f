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

/** What a licence asks of whoever passes works on. */
export const licenceDemandSchema = z.enum(['attribution', 'share-alike', 'non-commercial', 'no-derivatives']);
export type LicenceDemand = z.infer<typeof licenceDemandSchema>;

/** What does not go together, or is not known, among the terms of a set of pictures. */
export const licenceConflictSchema = z.enum([
  /** Two licences each ask for the whole to be passed on under themselves. */
  'share-alike-differs',
  /** One licence wants works to stay free for trade, another keeps them from it. */
  'share-alike-and-non-commercial',
  /** It is open whether what a model draws counts as a derivative. */
  'no-derivatives',
  /** A licence in words of its own, which has to be read. */
  'own-words',
  'unknown-licence',
]);
export type LicenceConflict = z.infer<typeof licenceConflictSchema>;

/** The terms that pictures are under, taken together; follows what is made from them. */
export const licenceSchema = z.object({
  /** SPDX expression or free text, the strictest first; empty when nothing is known. */
  name: z.string(),
  attribution: z.string(),
  /** All that the licences together ask for. */
  demands: z.array(licenceDemandSchema).optional(),
  conflicts: z.array(licenceConflictSchema).optional(),
  /** Pictures that nobody named a licence of. */
  unlicensed: z.number().int().optional(),
});
export type Licence = z.infer<typeof licenceSchema>;

/** The same in numbers. */
export const licenceSummarySchema = licenceSchema.required().extend({
  licences: z.array(
    z.object({
      licence: z.string(),
      /** False for terms in words of their own. */
      isKnown: z.boolean(),
      demands: z.array(licenceDemandSchema),
      pictures: z.number().int(),
    }),
  ),
  authors: z.number().int(),
  mayTrain: z.object({ yes: z.number().int(), no: z.number().int(), unknown: z.number().int() }),
});
export type LicenceSummary = z.infer<typeof licenceSummarySchema>;
