import { z } from 'zod';
import { rightsSchema } from './licences.ts';
import { seedSchema, timestampSchema } from './values.ts';

/**
 * What the axes of an array of pictures mean, slowest first: N counts pictures, H and W are rows and columns,
 * C channels; without C a pixel is one grey value. Axes in brackets are flattened into one, as in tables of one
 * picture per row.
 */
export const arrayLayouts = [
  'NHW',
  'NHWC',
  'NCHW',
  'HWN',
  'HWCN',
  'HW',
  'HWC',
  'CHW',
  'N(HW)',
  'N(HWC)',
  'N(CHW)',
] as const;
export const arrayLayoutSchema = z.enum(arrayLayouts);
export type ArrayLayout = z.infer<typeof arrayLayoutSchema>;
/** What the values of an array run from and to; bytes are 0…255. */
export const arrayRangeSchema = z.enum(['bytes', 'unit', 'signed']);
export type ArrayRange = z.infer<typeof arrayRangeSchema>;

/** What has to be asked about arrays (NPY, NPZ); what is left out is taken where it is plain, and asked for where not. */
export const arrayOptionsSchema = z.object({
  layout: arrayLayoutSchema.optional(),
  range: arrayRangeSchema.optional(),
  /** Members of an NPZ: the one that holds the pictures, and the one that holds the labels. */
  pictures: z.string().optional(),
  labels: z.string().optional(),
});
export type ArrayOptions = z.infer<typeof arrayOptionsSchema>;

/** An array that may hold pictures, and the ways in which it can be understood. */
export const arrayDescriptionSchema = z.object({
  /** Its name in an NPZ; null for the one array of an NPY. */
  member: z.string().nullable(),
  shape: z.array(z.number().int().nonnegative()),
  /** As NumPy writes it, such as `|u1` or `<f4`. */
  dataType: z.string(),
  /** Least and greatest of the numbers that were looked at; null where none is finite. */
  least: z.number().nullable(),
  greatest: z.number().nullable(),
  /** Likeliest first. */
  layouts: z.array(
    z.object({
      layout: arrayLayoutSchema,
      count: z.number().int(),
      widthPx: z.number().int(),
      heightPx: z.number().int(),
      channels: z.literal([1, 3]),
    }),
  ),
  /** Likeliest first. */
  ranges: z.array(arrayRangeSchema),
});
export type ArrayDescription = z.infer<typeof arrayDescriptionSchema>;

/** What an NPY or NPZ holds, for asking how to read it. */
export const arrayFileSchema = z.object({
  /** Arrays that can hold pictures, likeliest first; never empty. */
  arrays: z.array(arrayDescriptionSchema),
  /** Arrays that can hold labels. */
  labels: z.array(z.object({ member: z.string(), count: z.number().int() })),
  /** What the file suggests. */
  proposal: z.object({
    pictures: z.string().nullable(),
    labels: z.string().nullable(),
    layout: arrayLayoutSchema,
    range: arrayRangeSchema,
  }),
  /** What cannot be told from the file alone and should be asked; empty where the proposal is certain. */
  unclear: z.array(z.enum(['pictures', 'layout', 'range'])),
});
export type ArrayFile = z.infer<typeof arrayFileSchema>;

/** Where an NPY or NPZ lies that is to be described. */
export const arraySourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('path'), path: z.string().min(1) }),
  z.object({ kind: z.literal('upload'), uploadId: z.string().regex(/^[A-Za-z0-9_-]+$/) }),
]);
export type ArraySource = z.infer<typeof arraySourceSchema>;

/** Which labels of CIFAR-100 count: of its hundred fine classes, or of the twenty coarse ones. */
export const cifarLabelsSchema = z.enum(['fine', 'coarse']);
export type CifarLabels = z.infer<typeof cifarLabelsSchema>;

/** How a list of addresses is downloaded. */
export const downloadOptionsSchema = z.object({
  concurrency: z.number().int().min(1).max(16).default(4),
  retries: z.number().int().min(0).max(10).default(3),
  largestBytes: z
    .number()
    .int()
    .min(1024)
    .max(512 * 1024 * 1024)
    .default(32 * 1024 * 1024),
  timeoutSeconds: z.number().min(1).max(600).default(30),
  /** Machines of the own network are left alone unless this is set. */
  allowPrivate: z.boolean().default(false),
});
export type DownloadOptions = z.infer<typeof downloadOptionsSchema>;

/** A query that gives one picture a row: columns `image`, and where they are there `name`, `label`, `caption`. */
const queryColumns = {
  sql: z.string().trim().min(1).max(100_000),
  timeoutSeconds: z.number().min(1).max(3600).default(60),
};

/** Where pictures come from, as asked for. `upload` is a folder the browser host filled over HTTP. */
export const importSourceSchema = z.discriminatedUnion('kind', [
  /**
   * A folder, an archive (ZIP, TAR, TAR.GZ), a container (IDX, CIFAR, NPY, NPZ, Parquet) or a manifest (CSV, JSONL):
   * told apart by what is there.
   */
  z.object({
    kind: z.literal('path'),
    path: z.string().min(1),
    arrays: arrayOptionsSchema.optional(),
    cifarLabels: cifarLabelsSchema.optional(),
    download: downloadOptionsSchema.optional(),
  }),
  z.object({
    kind: z.literal('upload'),
    uploadId: z.string().regex(/^[A-Za-z0-9_-]+$/),
    arrays: arrayOptionsSchema.optional(),
    cifarLabels: cifarLabelsSchema.optional(),
    download: downloadOptionsSchema.optional(),
  }),
  z.object({
    kind: z.literal('sample'),
    images: z.number().int().min(10).max(100_000).default(10_000),
    seed: seedSchema.default(1),
  }),
  z.object({ kind: z.literal('sqlite'), path: z.string().min(1), ...queryColumns }),
  /** The connection's password is used and never kept. */
  z.object({ kind: z.literal('postgresql'), connection: z.string().min(1).max(2000), ...queryColumns }),
  z.object({
    kind: z.literal('urls'),
    /** One address in each line. */
    urls: z
      .string()
      .min(1)
      .max(50 * 1024 * 1024),
    download: downloadOptionsSchema.prefault({}),
  }),
]);
export type ImportSource = z.infer<typeof importSourceSchema>;

export const sourceKindSchema = z.enum([
  'folder',
  'zip',
  'tar',
  'idx',
  'cifar',
  'array',
  'parquet',
  'manifest',
  'sqlite',
  'postgresql',
  'urls',
  'upload',
  'sample',
]);
export type SourceKind = z.infer<typeof sourceKindSchema>;

/** How the pixels lie in a container file that is kept whole; pictures refer to an index in it. */
export const containerFormatSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('idx') }),
  z.object({ kind: z.literal('cifar'), classes: z.literal([10, 100]) }),
  z.object({
    kind: z.literal('array'),
    /** The member of an NPZ; null for an NPY. */
    member: z.string().nullable(),
    layout: arrayLayoutSchema,
    range: arrayRangeSchema,
  }),
]);
export type ContainerFormat = z.infer<typeof containerFormatSchema>;

/** One of the sources that a dataset was put together from. */
export const sourceSchema = z.object({
  id: z.string(),
  datasetId: z.string(),
  /** Counts up from 1 within the dataset. */
  ordinal: z.number().int().positive(),
  kind: sourceKindSchema,
  /** Path, address or database; empty for uploads. */
  location: z.string(),
  rights: rightsSchema,
  /** Where `rights` were read: a licence file, the manifest, or a person's hand. */
  rightsFrom: z.enum(['nothing', 'licence-file', 'manifest', 'sample', 'person']),
  /** True while it is being taken in. */
  importing: z.boolean(),
  /** New files of a watched folder are offered. */
  watched: z.boolean(),
  pictures: z.number().int(),
  quarantined: z.number().int(),
  /** Files that are not pictures and were passed over (text files, metadata). */
  ignored: z.number().int(),
  addedAt: timestampSchema,
});
export type Source = z.infer<typeof sourceSchema>;

/** Pictures of a folder that are not in the dataset. */
export const newFilesSchema = z.object({
  count: z.number().int(),
  /** The first of them. */
  names: z.array(z.string()),
});
export type NewFiles = z.infer<typeof newFilesSchema>;
