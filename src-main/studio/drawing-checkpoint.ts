import type { Provenance } from '../contract/domain/images.ts';
import type { Run } from '../contract/domain/runs.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { StudioBackends } from './backends.ts';
import type { Datasets } from './datasets.ts';
import type { Gallery } from './gallery.ts';
import type { Jobs } from './jobs.ts';
import { licenceOfSummary } from './licence-summary.ts';
import type { StoredCheckpoint } from './run-checkpoints.ts';
import type { Runs } from './runs.ts';

/** What drawing into the gallery works with. */
export interface DrawingTools {
  readonly workspace: Workspace;
  readonly backends: StudioBackends;
  readonly jobs: Jobs;
  readonly runs: Runs;
  readonly datasets: Datasets;
  readonly gallery: Gallery;
  /** Of the studio, for the provenance. */
  readonly version: string;
}

/** A generous bound for one small PNG with its provenance. */
export const bytesPerImage = 40_000;

/** A checkpoint to draw from, with all that its pictures say about where they come from. */
export interface DrawingCheckpoint {
  readonly run: Run;
  readonly checkpoint: StoredCheckpoint;
  readonly classIndex?: number;
  /** Absent where there is nothing to choose. */
  readonly sampling?: Settings;
  readonly provenance: Omit<Provenance, 'seed' | 'label' | 'input' | 'repair'>;
}

/** The failure for a class that a run cannot draw; names those it can. */
export function classUnknown(run: Run, wanted: string): StudioError {
  const known = run.classes?.join(', ') ?? '';
  const advice = run.classes
    ? `Its classes: ${known}.`
    : 'It was trained without classes: generate without one, or train a conditional preset.';
  return new StudioError('class-unknown', `“${run.name}” cannot draw the class “${wanted}”. ${advice}`, {
    run: run.name,
    wanted,
    known,
  });
}

/**
 * The name of a run's class at a place; undefined where none was asked for.
 *
 * @throws StudioError `class-unknown`
 */
export function classNameOf(run: Run, classIndex: number | undefined): string | undefined {
  if (classIndex === undefined) return undefined;
  const name = run.classes?.[classIndex];
  if (name === undefined) throw classUnknown(run, String(classIndex));
  return name;
}

/** `count` seeds from `first` on, modulo 2³². */
export const seedsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => (first + index) % 0x1_0000_0000);

/** For the provenance: what the run branched off, without its name, which may change. */
function parentOf({ parent }: Run): Pick<Provenance['run'], 'parent'> {
  if (!parent) return {};
  const { runId, step, sha256 } = parent;
  return { parent: { runId, step, sha256 } };
}

/**
 * Finds a checkpoint, the newest where no step is named.
 *
 * @param className one of the run's classes; undefined for none
 * @param settings how the run is to be sampled
 * @throws StudioError `not-found`, `class-unknown`, `checkpoint-missing`, and what `settings` throws
 */
export async function drawingCheckpoint(
  { runs, datasets, version }: Pick<DrawingTools, 'runs' | 'datasets' | 'version'>,
  { runId, checkpointStep }: { runId: string; checkpointStep?: number | undefined },
  className: string | undefined,
  settings: (run: Run) => Settings,
): Promise<DrawingCheckpoint> {
  const run = runs.get(runId);
  const classIndex = className === undefined ? undefined : run.classes?.indexOf(className);
  if (className !== undefined && (classIndex ?? -1) < 0) throw classUnknown(run, className);
  const chosen = settings(run);
  const sampling = Object.keys(chosen).length === 0 ? {} : { sampling: chosen };
  const checkpoint =
    checkpointStep === undefined
      ? await runs.checkpoints.last(run.id)
      : await runs.checkpoints.at(run.id, checkpointStep);
  if (!checkpoint) {
    throw new StudioError(
      'checkpoint-missing',
      `“${run.name}” has no checkpoint to generate from yet. Save one, or let it train on.`,
      { run: run.name, step: run.step, known: '' },
    );
  }
  const dataset = datasets.get(run.datasetId);
  const datasetVersion = datasets.version(run.datasetId, run.datasetVersion);
  return {
    run,
    checkpoint,
    ...(classIndex === undefined ? {} : { classIndex }),
    ...sampling,
    provenance: {
      generator: { name: 'Imago Studio', version },
      ...sampling,
      run: {
        id: run.id,
        name: run.name,
        preset: run.presetId,
        family: run.family,
        seed: run.seed,
        step: checkpoint.step,
        checkpointSha256: checkpoint.sha256,
        settings: run.settings,
        backend: run.backend?.device ?? '',
        ...parentOf(run),
      },
      dataset: {
        id: dataset.id,
        name: dataset.name,
        version: datasetVersion.version,
        hash: datasetVersion.hash,
        images: datasetVersion.images,
        licence: licenceOfSummary(datasets.sources.licence(dataset.id, datasetVersion.version)),
      },
    },
  };
}
