import { z } from 'zod';
import { galleryFilterSchema, provenanceSchema } from './images.ts';
import { sha256Schema, timestampSchema } from './values.ts';

export const exportSelectionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ids'), imageIds: z.array(z.string()).min(1) }),
  z.object({ kind: z.literal('filter'), filter: galleryFilterSchema }),
]);
export type ExportSelection = z.infer<typeof exportSelectionSchema>;

export const exportRequestSchema = z.object({
  selection: exportSelectionSchema,
  /** Absolute path of the folder or ZIP to write; must not exist, or be an empty folder. */
  path: z.string().min(1),
  format: z.enum(['folder', 'zip']),
  /** Whether each picture carries its provenance in text chunks. */
  embedProvenance: z.boolean().default(true),
});
export type ExportRequest = z.infer<typeof exportRequestSchema>;

export const exportSchema = z.object({
  id: z.string(),
  path: z.string(),
  format: z.enum(['folder', 'zip']),
  images: z.number().int(),
  bytes: z.number().int(),
  manifestSha256: sha256Schema,
  createdAt: timestampSchema,
});
export type Export = z.infer<typeof exportSchema>;

export const exportPreviewSchema = z.object({
  images: z.number().int(),
  bytes: z.number().int(),
  /** The first lines of the tree that would be written. */
  tree: z.array(z.string()),
  /** The provenance of the first picture. */
  example: provenanceSchema.nullable(),
});
export type ExportPreview = z.infer<typeof exportPreviewSchema>;
