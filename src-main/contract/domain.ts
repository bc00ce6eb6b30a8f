import { z } from 'zod';
import { failureSchema } from './errors.ts';
import { familyIds, pictureSizes } from './presets.ts';

/** Milliseconds since the epoch. */
const timestamp = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const settingsSchema = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));
export const pictureSizeSchema = z.literal([...pictureSizes]);
export const channelsSchema = z.literal([1, 3]);
/** Seeds are 32-bit: the same seed names the same pictures everywhere. */
export const seedSchema = z.number().int().min(0).max(0xffffffff);

// ── Projects ──────────────────────────────────────────────────────────────────────────────────────

export const projectSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: timestamp,
  datasets: z.number().int(),
  runs: z.number().int(),
  images: z.number().int(),
  /** A run whose newest sample sheet stands for the project, if there is one. */
  coverRunId: z.string().nullable(),
});
export type Project = z.infer<typeof projectSchema>;

// ── Datasets ──────────────────────────────────────────────────────────────────────────────────────

/** Where pictures come from. `upload` is a folder the browser host filled over HTTP. */
export const importSourceSchema = z.discriminatedUnion('kind', [
  /** A folder, a ZIP, or either file of an MNIST-style IDX pair: told apart by what is there. */
  z.object({ kind: z.literal('path'), path: z.string().min(1) }),
  z.object({ kind: z.literal('upload'), uploadId: z.string().regex(/^[A-Za-z0-9_-]+$/) }),
  z.object({
    kind: z.literal('sample'),
    images: z.number().int().min(10).max(100_000).default(10_000),
    seed: seedSchema.default(1),
  }),
]);
export type ImportSource = z.infer<typeof importSourceSchema>;

export const labelModeSchema = z.enum(['folders', 'none']);
export type LabelMode = z.infer<typeof labelModeSchema>;

export const licenceSchema = z.object({
  /** SPDX identifier where there is one, otherwise free text; empty when unknown. */
  name: z.string(),
  attribution: z.string(),
});
export type Licence = z.infer<typeof licenceSchema>;

export const datasetVersionSchema = z.object({
  datasetId: z.string(),
  version: z.number().int().positive(),
  sizePx: pictureSizeSchema,
  channels: channelsSchema,
  /** `#rrggbb` that transparent pictures were laid upon. */
  background: z.string(),
  labelMode: labelModeSchema,
  images: z.number().int(),
  classes: z.array(z.object({ name: z.string(), images: z.number().int() })),
  bytes: z.number().int(),
  /** SHA-256 over `images.u8` followed by `labels.i32`. */
  hash: sha256,
  createdAt: timestamp,
});
export type DatasetVersion = z.infer<typeof datasetVersionSchema>;

export const datasetSchema = z.object({
  id: z.string(),
  projectId: z.string(),
  name: z.string(),
  source: z.object({ kind: z.enum(['folder', 'zip', 'idx', 'upload', 'sample']), location: z.string() }),
  licence: licenceSchema,
  /** True while the import that makes it is still running. */
  importing: z.boolean(),
  pictures: z.number().int(),
  quarantined: z.number().int(),
  /** Files that are not pictures and were passed over (text files, metadata). */
  ignored: z.number().int(),
  classes: z.array(z.object({ name: z.string(), pictures: z.number().int() })),
  /** What the pictures suggest for the first version. */
  proposal: z.object({ sizePx: pictureSizeSchema, channels: channelsSchema, labelMode: labelModeSchema }),
  versions: z.array(datasetVersionSchema),
  createdAt: timestamp,
});
export type Dataset = z.infer<typeof datasetSchema>;

export const pictureSchema = z.object({
  id: z.string(),
  /** Path within its source, with `/` between folders; `#n` for the n-th picture of a container. */
  name: z.string(),
  label: z.string().nullable(),
  widthPx: z.number().int(),
  heightPx: z.number().int(),
});
export type Picture = z.infer<typeof pictureSchema>;

export const quarantinedSchema = z.object({ name: z.string(), reason: failureSchema });
export type Quarantined = z.infer<typeof quarantinedSchema>;

export const recipeSchema = z.object({
  sizePx: pictureSizeSchema,
  channels: channelsSchema,
  background: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .default('#ffffff'),
  labelMode: labelModeSchema,
});
export type Recipe = z.infer<typeof recipeSchema>;

// ── Jobs: imports, version building, generating, exporting ────────────────────────────────────────

export const jobSchema = z.object({
  id: z.string(),
  kind: z.enum(['import', 'version', 'generation', 'export', 'estimate']),
  /** The name of what is made: a dataset's, a run's, a folder's. */
  subject: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  done: z.number().int(),
  /** Null while it is not yet known. */
  total: z.number().int().nullable(),
  perSecond: z.number(),
  startedAt: timestamp,
  endedAt: timestamp.nullable(),
  failure: failureSchema.nullable(),
  /** Identifies what it made, or makes: a dataset, a generation, an export. */
  resultId: z.string().nullable(),
});
export type Job = z.infer<typeof jobSchema>;

// ── Runs ──────────────────────────────────────────────────────────────────────────────────────────

export const runStates = [
  'queued',
  'starting',
  'running',
  'paused',
  'stopping',
  /** Stopped on request, saved; can go on. */
  'stopped',
  'completed',
  /** Its process ended without being asked to; can go on from the last checkpoint. */
  'interrupted',
  'failed',
] as const;
export const runStateSchema = z.enum(runStates);
export type RunState = z.infer<typeof runStateSchema>;

/** When a run ends by itself: at a step, or after minutes of training. */
export const stopConditionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('steps'), steps: z.number().int().min(1).max(100_000_000) }),
  z.object({
    kind: z.literal('minutes'),
    minutes: z
      .number()
      .positive()
      .max(60 * 24 * 30),
  }),
]);
export type StopCondition = z.infer<typeof stopConditionSchema>;

/** What tensors can live on, the preferred one first. */
export const backendIds = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export const backendIdSchema = z.enum(backendIds);
export type BackendId = z.infer<typeof backendIdSchema>;

export const backendSchema = z.object({
  id: backendIdSchema,
  device: z.string(),
  threads: z.number().int(),
});
export type Backend = z.infer<typeof backendSchema>;

/** What a backend's device is. */
export const deviceSchema = z.object({
  /** In words, for example "NVIDIA RTX 3060 through Vulkan" or "CPU, wasm SIMD (relaxed), 2 threads". */
  name: z.string(),
  vendor: z.string(),
  memoryBytes: z.number().nullable(),
  /** True for a graphics device that the processor imitates: right, and far slower than the processor itself. */
  software: z.boolean(),
  /** Every adapter that could be chosen by name; empty where there is no choice. */
  adapters: z.array(z.string()),
});
export type Device = z.infer<typeof deviceSchema>;

/** What a backend's last probe on this machine found. */
export const backendProbeSchema = z.object({
  id: backendIdSchema,
  at: timestamp,
  /** Null when it was refused before it had a device. */
  device: deviceSchema.nullable(),
  /** Median of the probe's training steps; null when it trained none. */
  stepMs: z.number().nullable(),
  /** Why it cannot be used, in words that name what to do; null when it can. */
  refusal: failureSchema.nullable(),
  /** Why it is slower than it could be; null when it is not. */
  remark: z.string().nullable(),
});
export type BackendProbe = z.infer<typeof backendProbeSchema>;

/** Every backend, in the order of preference, and which one would be used now. */
export const backendsSchema = z.object({
  backends: z.array(z.object({ id: backendIdSchema, probe: backendProbeSchema.nullable() })),
  pinned: backendIdSchema.nullable(),
  /** The adapter that `webgpu` is to use where there are several; empty for the system's choice. */
  adapter: z.string(),
  chosen: backendIdSchema,
  /** Why the pinned one is not the chosen one; null when it is, or when none is pinned. */
  notice: failureSchema.nullable(),
});
export type Backends = z.infer<typeof backendsSchema>;

/** The networks that families are made of: two against each other, or two in a row. */
export const networkIds = ['generator', 'discriminator', 'encoder', 'decoder'] as const;
export type NetworkId = (typeof networkIds)[number];

/** How many weights each network of a model has. */
export const parameterCountsSchema = z.partialRecord(z.enum(networkIds), z.number().int());
export type ParameterCounts = Readonly<z.infer<typeof parameterCountsSchema>>;

export const runSchema = z.object({
  id: z.string(),
  projectId: z.string(),
  name: z.string(),
  datasetId: z.string(),
  datasetName: z.string(),
  datasetVersion: z.number().int(),
  datasetImages: z.number().int(),
  presetId: z.string(),
  family: z.enum(familyIds),
  sizePx: pictureSizeSchema,
  channels: channelsSchema,
  seed: seedSchema,
  /** Names of the classes that it can draw, of a conditional model. */
  classes: z.array(z.string()).optional(),
  settings: settingsSchema,
  stop: stopConditionSchema,
  state: runStateSchema,
  failure: failureSchema.nullable(),
  step: z.number().int(),
  /** Milliseconds spent in training steps, over all its sittings. */
  trainedMs: z.number(),
  /** Median wall time of a step in the current or last sitting; null before the first tick. */
  stepMs: z.number().nullable(),
  /** Null when it cannot be foreseen yet. */
  remainingMs: z.number().nullable(),
  backend: backendSchema.nullable(),
  parameters: parameterCountsSchema.nullable(),
  latestSampleStep: z.number().int().nullable(),
  checkpoints: z.array(
    z.object({ step: z.number().int(), sha256, bytes: z.number().int(), createdAt: timestamp }),
  ),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
});
export type Run = z.infer<typeof runSchema>;

/** Names of the scalars a tick averages, beside what a family adds. */
export const metricPointSchema = z.object({
  step: z.number().int(),
  /** Milliseconds of training up to here. */
  trainedMs: z.number(),
  /**
   * Means over the tick: `stepsPerSecond`, `memoryMb` (resident memory of the engine), `tensors`; of every
   * adversarial family `discriminatorLoss`, `generatorLoss`, `generatorGradientNorm`,
   * `discriminatorGradientNorm`; where it judges, `realScore` and `generatedScore` (how real, 0…1, it takes
   * real and generated pictures to be); where it measures, `wassersteinDistance` and `discriminatorSlope`;
   * of an autoencoder `reconstructionLoss` and `klDivergence` (nats per picture), `encoderGradientNorm`,
   * `decoderGradientNorm`.
   */
  values: z.record(z.string(), z.number()),
});
export type MetricPoint = z.infer<typeof metricPointSchema>;

/** A sheet of fixed-latent samples: tiles of the run's picture size, row by row, without gaps. */
export const sampleSheetSchema = z.object({
  step: z.number().int(),
  columns: z.number().int(),
  rows: z.number().int(),
  createdAt: timestamp,
});
export type SampleSheet = z.infer<typeof sampleSheetSchema>;

export const runNoteSchema = z.object({
  at: timestamp,
  step: z.number().int(),
  kind: z.enum([
    'created',
    'started',
    'resumed',
    'paused',
    'checkpoint',
    'stopped',
    'completed',
    'interrupted',
    'failed',
    'extended',
  ]),
  detail: z.string(),
});
export type RunNote = z.infer<typeof runNoteSchema>;

/** What a watcher of one run receives; the first messages bring it up to date. */
export const runEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), run: runSchema }),
  z.object({ type: z.literal('metrics'), points: z.array(metricPointSchema) }),
  z.object({ type: z.literal('samples'), sheets: z.array(sampleSheetSchema) }),
  /** The run went back to `step` (resumed from a checkpoint): drop whatever lies after it. */
  z.object({ type: z.literal('rewound'), step: z.number().int() }),
]);
export type RunEvent = z.infer<typeof runEventSchema>;

export const estimateSchema = z.object({
  /** Median of a short trial on this machine, just now. */
  stepMs: z.number(),
  /** Peak resident memory of the trial. */
  memoryBytes: z.number().int(),
  trialSteps: z.number().int(),
  parameters: parameterCountsSchema,
  backend: backendSchema,
});
export type Estimate = z.infer<typeof estimateSchema>;

// ── Generated images and exports ──────────────────────────────────────────────────────────────────

export const imageSchema = z.object({
  id: z.string(),
  sha256,
  runId: z.string(),
  checkpointStep: z.number().int(),
  seed: seedSchema,
  /** The class it was asked to show, of a conditional model. */
  label: z.string().optional(),
  widthPx: z.number().int(),
  heightPx: z.number().int(),
  bytes: z.number().int(),
  starred: z.boolean(),
  trashedAt: timestamp.nullable(),
  createdAt: timestamp,
});
export type Image = z.infer<typeof imageSchema>;

/** Everything a generated picture can say about where it comes from; also written into its file. */
export const provenanceSchema = z.object({
  generator: z.object({ name: z.literal('Imago Studio'), version: z.string() }),
  seed: seedSchema,
  /** The class it was asked to show, of a conditional model. */
  label: z.string().optional(),
  run: z.object({
    id: z.string(),
    name: z.string(),
    preset: z.string(),
    family: z.string(),
    seed: seedSchema,
    step: z.number().int(),
    checkpointSha256: sha256,
    settings: settingsSchema,
    backend: z.string(),
  }),
  dataset: z.object({
    id: z.string(),
    name: z.string(),
    version: z.number().int(),
    hash: sha256,
    images: z.number().int(),
    licence: licenceSchema,
  }),
});
export type Provenance = z.infer<typeof provenanceSchema>;

export const galleryFilterSchema = z.object({
  projectId: z.string().optional(),
  runId: z.string().optional(),
  starred: z.boolean().optional(),
  /** True lists the trash instead. */
  trashed: z.boolean().default(false),
});
export type GalleryFilter = z.infer<typeof galleryFilterSchema>;

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
  manifestSha256: sha256,
  createdAt: timestamp,
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

// ── The studio itself ─────────────────────────────────────────────────────────────────────────────

const preferenceFields = z.object({
  language: z.enum(['system', 'en', 'zh']),
  theme: z.enum(['system', 'dark', 'light']),
  /** What closing the window does while a run is training. */
  onClose: z.enum(['ask', 'background', 'stop']),
  /** What to train on; `auto` takes the best one there is. */
  backend: z.enum(['auto', ...backendIds]),
  /** The name of the graphics adapter to use; empty for the system's choice. */
  adapter: z.string(),
});
export type Preferences = z.infer<typeof preferenceFields>;

export const defaultPreferences: Preferences = {
  language: 'system',
  theme: 'system',
  onClose: 'ask',
  backend: 'auto',
  adapter: '',
};
/** Preferences as they are stored: what is missing has its default. */
export const preferencesSchema = z.preprocess(
  (stored) => ({ ...defaultPreferences, ...(stored as Partial<Preferences>) }),
  preferenceFields,
);
/** A change of some: here a default would undo what the user chose before. */
export const preferenceChangesSchema = preferenceFields.partial();

/** What the face around the studio can do. */
export const hostAbilitiesSchema = z.object({
  face: z.enum(['desktop', 'browser', 'command-line']),
  nativeDialogs: z.boolean(),
  showInFolder: z.boolean(),
  upload: z.boolean(),
});
export type HostAbilities = z.infer<typeof hostAbilitiesSchema>;

export const machineSchema = z.object({
  cores: z.number().int(),
  memoryBytes: z.number().int(),
  freeMemoryBytes: z.number().int(),
  /** 0…1 over all cores, averaged over the last minute; null where the system does not tell. */
  load: z.number().nullable(),
  freeDiskBytes: z.number().int(),
  platform: z.string(),
});
export type Machine = z.infer<typeof machineSchema>;

export const studioInfoSchema = z.object({
  version: z.string(),
  workspace: z.string(),
  abilities: hostAbilitiesSchema,
  /** What start-up found when it compared the store with the disk; empty when all is well. */
  notices: z.array(z.string()),
});
export type StudioInfo = z.infer<typeof studioInfoSchema>;
