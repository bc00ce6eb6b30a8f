import { constants } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BackendId } from '../contract/domain/backends.ts';
import type { Run, StopCondition } from '../contract/domain/runs.ts';
import { engineProtocol, type ModelConfig } from '../contract/engine-messages.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { findPreset, learnsClasses } from '../contract/presets.ts';
import type { NewRun } from '../store/runs.ts';
import type { Datasets } from './datasets.ts';
import { runEngineJob } from './engine-process.ts';
import type { StoredCheckpoint } from './run-checkpoints.ts';
import { planRun } from './run-plan.ts';

/** A run that goes on from a checkpoint of another; what is not said stays as it is there. */
export interface ForkRequest {
  id: string;
  /** A step it was saved at; the newest good checkpoint without it. */
  step?: number;
  name?: string;
  settings?: Settings;
  presetId?: string;
  seed?: number;
  stop?: StopCondition;
  backend?: BackendId;
  /** What to train on from here; of the form that the run needs. */
  dataset?: { id: string; version: number };
}

/** Steps that a fork trains where its parent has none left. */
const fewestSteps = 100;

/** The parent's end where that lies ahead; else half as far again. */
function defaultStop(parent: Run, step: number): StopCondition {
  if (parent.stop.kind === 'minutes') return parent.stop;
  const ahead = parent.stop.steps > step;
  const steps = ahead ? parent.stop.steps : step + Math.max(fewestSteps, Math.round(step / 2));
  return { kind: 'steps', steps };
}

/**
 * Everything a fork will be, checked against its parent and the pictures it is to learn from.
 *
 * @param settings of the parent at the checkpoint
 * @throws StudioError `checkpoint-foreign` for a preset of another family, size or number of channels, or other
 *   classes; and whatever {@link planRun} refuses
 */
export function planFork(
  request: ForkRequest,
  parent: Run,
  checkpoint: StoredCheckpoint | null,
  settings: Settings,
  datasets: Datasets,
): NewRun {
  const step = checkpoint?.step ?? 0;
  const preset = findPreset(request.presetId ?? parent.presetId);
  const form = (of: { family: string; sizePx: number; channels: number }) =>
    `${of.family}, ${of.sizePx}×${of.sizePx} ${of.channels === 1 ? 'grey' : 'RGB'}`;
  const foreign = (found: string, needed: string) =>
    new StudioError(
      'checkpoint-foreign',
      `“${parent.name}” cannot be trained on as that: its checkpoint is ${found}, and ${needed} is needed. Choose a preset and pictures of the same kind.`,
      { name: parent.name, found, needed },
    );
  if (form(preset) !== form(parent)) throw foreign(form(parent), form(preset));
  const dataset = datasets.get(request.dataset?.id ?? parent.datasetId);
  const version = datasets.version(dataset.id, request.dataset?.version ?? parent.datasetVersion);
  const stop = request.stop ?? defaultStop(parent, step);
  if (stop.kind === 'steps' && stop.steps <= step) {
    throw new StudioError(
      'not-possible-now',
      `The fork begins at step ${step} and is to end at step ${stop.steps}. Give it a later end.`,
      { name: parent.name, state: parent.state, wish: 'forked', step },
    );
  }
  const plan = planRun(
    {
      projectId: dataset.projectId,
      name: request.name?.trim() || `${parent.name} (${step})`,
      datasetId: dataset.id,
      version: version.version,
      presetId: preset.id,
      settings: { ...settings, ...request.settings },
      seed: request.seed ?? parent.seed,
      stop,
      ...(request.backend ? { backend: request.backend } : {}),
    },
    dataset,
    version,
  );
  if (learnsClasses(parent.family, plan.settings)) {
    const names = version.classes.map(({ name }) => name);
    if (names.join('\n') !== parent.classes?.join('\n')) {
      throw foreign(`for the classes ${parent.classes?.join(', ') ?? '–'}`, names.join(', '));
    }
  }
  const { id: runId, name } = parent;
  return { ...plan, parent: { runId, name, step, sha256: checkpoint?.sha256 ?? null } };
}

/**
 * Has an engine take the checkpoint over, so that one which does not fit is refused before a run is made of it.
 *
 * @throws StudioError `checkpoint-corrupt`, `checkpoint-foreign`
 */
export async function requireLoads(
  config: ModelConfig,
  checkpoint: string,
  signal: AbortSignal,
): Promise<void> {
  await runEngineJob(
    {
      job: 'inspect',
      protocol: engineProtocol,
      // Loading needs no speed, and no device that may be in use.
      backend: { id: 'cpu', threads: 1 },
      config,
      checkpoint,
    },
    () => undefined,
    signal,
  );
}

/** Gives a run a copy of its own, which is not thinned out with the other's. */
export async function copyCheckpoint(path: string, copy: string): Promise<void> {
  await mkdir(dirname(copy), { recursive: true });
  await copyFile(path, copy, constants.COPYFILE_FICLONE);
}
