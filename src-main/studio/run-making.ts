import { join } from 'node:path';
import type { StartPlan } from '../contract/domain/estimates.ts';
import type { Run, RunNote } from '../contract/domain/runs.ts';
import { modelConfigSchema, type ModelConfig } from '../contract/engine-messages.ts';
import { StudioError } from '../contract/errors.ts';
import { precisionOf } from '../contract/precision.ts';
import { learnsClasses } from '../contract/presets.ts';
import type { NewRun, RunChange, RunQueries } from '../store/runs.ts';
import { requireDiskSpace, writeFileAtomic } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { StudioBackends } from './backends.ts';
import type { Datasets } from './datasets.ts';
import type { RunCheckpoints, StoredCheckpoint } from './run-checkpoints.ts';
import { copyCheckpoint, planFork, requireLoads, type ForkRequest } from './run-fork.ts';
import { planRun, type NewRunRequest } from './run-plan.ts';
import { layersAtStart, planStart, startFile, startPlanOf, type StartRequest } from './run-start.ts';
import type { RunTraining } from './run-training.ts';

/** Checkpoints and sheets of a run stay well below this. */
const bytesOfRun = 100_000_000;

/** Makes runs, new ones and forks of others. */
export function createRunMaking({
  queries,
  backends,
  workspace,
  datasets,
  checkpoints,
  training,
  get,
  note,
  change,
  signal,
  begin,
}: {
  queries: RunQueries;
  backends: StudioBackends;
  workspace: Workspace;
  datasets: Datasets;
  checkpoints: RunCheckpoints;
  training: RunTraining;
  get: (id: string) => Run;
  note: (id: string, kind: RunNote['kind'], detail?: string) => void;
  change: (id: string, changes: RunChange) => Run;
  /** Aborted when the studio closes. */
  signal: AbortSignal;
  /** Told of each run that is whole and queued. */
  begin: (id: string) => void;
}) {
  /** Keeps a new run, with a copy of the checkpoint that it goes on from, and queues it. */
  const enqueue = async (plan: NewRun, checkpoint: StoredCheckpoint | null): Promise<Run> => {
    const { id, parent, datasetId, datasetVersion } = plan;
    await backends.requirePrecision(precisionOf(plan.settings), plan.wantedBackend);
    const folder = workspace.runFolder(id);
    const { hash } = datasets.version(datasetId, datasetVersion);
    const about = {
      ...configOf(plan),
      dataset: { id: datasetId, version: datasetVersion, hash },
      ...(parent ? { parent } : {}),
    };
    await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(about, null, 2)}\n`);
    if (checkpoint)
      await copyCheckpoint(checkpoint.path, join(folder, parent?.start ? startFile : checkpoint.file));
    // The rows come last, and together: nobody can begin a run that is half made.
    queries.insert(plan);
    if (checkpoint && !parent?.start) {
      const { step, file, sha256, bytes, score } = checkpoint;
      queries.putCheckpoint(id, {
        ...{ step, file, sha256, bytes, score },
        trainedMs: 0,
        createdAt: Date.now(),
      });
      queries.change(id, { step });
    }
    note(id, 'created');
    change(id, {});
    begin(id);
    return get(id);
  };
  const tellParent = (id: string, step: number, detail: string): void => {
    queries.putNote(id, { at: Date.now(), step, kind: 'forked', detail });
    change(id, {});
  };
  const configOf = (plan: NewRun): ModelConfig => {
    const { family, presetId, sizePx, channels, seed, settings } = plan;
    const { classes } = datasets.version(plan.datasetId, plan.datasetVersion);
    const named = learnsClasses(family, settings) ? { classes: classes.map(({ name }) => name) } : {};
    return modelConfigSchema.parse({ family, presetId, sizePx, channels, seed, ...named, settings });
  };

  /** The checkpoint of a run that was asked for, or its newest good one. */
  const checkpointOf = (id: string, step: number | undefined): Promise<StoredCheckpoint | null> =>
    step === undefined ? checkpoints.last(id) : checkpoints.at(id, step);

  /** A run that starts from another's layers, tried out in an engine. */
  const start = async (request: NewRunRequest, { runId, step, mode = 'fresh' }: StartRequest) => {
    const source = get(runId);
    const checkpoint = await checkpointOf(source.id, step);
    if (!checkpoint) {
      throw new StudioError(
        'checkpoint-missing',
        `“${source.name}” has no checkpoint to start from yet. Train it first, or choose another run.`,
        { run: source.id, step: 0, known: '' },
      );
    }
    const settings = training.settingsAfter(source, checkpoint.step);
    const plan = planStart(request, source, checkpoint, settings, datasets);
    await checkpoints.requireWhole(source.id, checkpoint);
    const layers = await layersAtStart(configOf(plan), checkpoint.path, mode, signal);
    return { source, checkpoint, plan, layers };
  };

  return {
    /**
     * Makes a run and queues it. One that starts from another's checkpoint begins at step 0 with the layers of it
     * that fit.
     *
     * @throws StudioError `preset-unknown`, `setting-unknown`, `setting-out-of-range`,
     *   `dataset-does-not-fit`, `pictures-too-few`, `disk-full`, `checkpoint-missing`, `checkpoint-corrupt`,
     *   `checkpoint-foreign`, `precision-unavailable`
     */
    async create(request: NewRunRequest): Promise<Run> {
      if (request.from) {
        const { source, checkpoint, plan } = await start(request, request.from);
        await requireDiskSpace(workspace.folder, bytesOfRun + checkpoint.bytes);
        const run = await enqueue(plan, checkpoint);
        tellParent(source.id, checkpoint.step, run.name);
        return run;
      }
      const version = datasets.version(request.datasetId, request.version);
      const plan = planRun(request, datasets.get(request.datasetId), version);
      await requireDiskSpace(workspace.folder, bytesOfRun);
      return enqueue(plan, null);
    },

    /** What a run that starts from another's checkpoint would take over; makes nothing. Throws what `create` throws. */
    async planStart(request: NewRunRequest & { from: StartRequest }): Promise<StartPlan> {
      const { plan, layers } = await start(request, request.from);
      return startPlanOf(plan, layers);
    },

    /**
     * Makes a run that goes on from a checkpoint of another, with other settings, pictures or a later end, and
     * queues it. One that has no checkpoint yet only passes its settings on.
     *
     * @throws StudioError `checkpoint-missing`, `checkpoint-corrupt`, `checkpoint-foreign`, and what `create` throws
     */
    async fork(request: ForkRequest): Promise<Run> {
      const parent = get(request.id);
      const checkpoint = await checkpointOf(parent.id, request.step);
      const step = checkpoint?.step ?? 0;
      const plan = planFork(request, parent, checkpoint, training.settingsAfter(parent, step), datasets);
      if (checkpoint) {
        await checkpoints.requireWhole(parent.id, checkpoint);
        await requireLoads(configOf(plan), checkpoint.path, signal);
      }
      await requireDiskSpace(workspace.folder, bytesOfRun + (checkpoint?.bytes ?? 0));
      const run = await enqueue(plan, checkpoint);
      tellParent(parent.id, step, run.name);
      return run;
    },
  };
}
