import type { LayerRow, StartPlan } from '../contract/domain/estimates.ts';
import type { StartMode } from '../contract/domain/run-history.ts';
import type { Run } from '../contract/domain/runs.ts';
import { engineProtocol, type ModelConfig } from '../contract/engine-messages.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { findPreset, presets } from '../contract/presets.ts';
import type { NewRun } from '../store/runs.ts';
import type { Datasets } from './datasets.ts';
import { runEngineJob } from './engine-process.ts';
import type { StoredCheckpoint } from './run-checkpoints.ts';
import { planRun, type NewRunRequest } from './run-plan.ts';

/** Where a new run starts from: the layers of another's checkpoint, as far as they fit. */
export interface StartRequest {
  runId: string;
  /** A step it was saved at; the newest good one without it. */
  step?: number;
  /** `fresh` unless said. */
  mode?: StartMode;
}

/** A copy of the checkpoint that a run starts from, in its own folder: the other run thins its own out. */
export const startFile = 'start.safetensors';

/**
 * Everything a run that starts from another's layers will be. What is not said stays as it is there, so that as many
 * layers as can be fit.
 *
 * @param settings of the other run at the checkpoint
 * @throws StudioError `checkpoint-foreign` for a preset of another family or of other channels, naming those that fit;
 *   and whatever {@link planRun} refuses
 */
export function planStart(
  request: NewRunRequest,
  source: Run,
  checkpoint: StoredCheckpoint,
  settings: Settings,
  datasets: Datasets,
): NewRun {
  const preset = findPreset(request.presetId);
  if (preset.family !== source.family || preset.channels !== source.channels) {
    const form = (of: { family: string; channels: number }) =>
      `${of.family}, ${of.channels === 1 ? 'grey' : 'RGB'}`;
    const fitting = presets
      .filter(({ family, channels }) => family === source.family && channels === source.channels)
      .map(({ id }) => id)
      .join(', ');
    throw new StudioError(
      'checkpoint-foreign',
      `“${preset.id}” cannot start from “${source.name}”: its checkpoint is ${form(source)}, and ${form(preset)} is needed. These presets can start from it: ${fitting}.`,
      { name: source.name, found: form(source), needed: form(preset), known: fitting },
    );
  }
  const dataset = datasets.get(request.datasetId);
  const version = datasets.version(request.datasetId, request.version);
  // A batch that nobody chose here shrinks to fewer pictures.
  const batchSize = Math.max(2, Math.min(Number(settings.batchSize), version.images));
  const plan = planRun(
    {
      ...request,
      name: request.name?.trim() || `${dataset.name}, from ${source.name}`,
      settings: { ...settings, batchSize, ...request.settings },
      seed: request.seed ?? source.seed,
    },
    dataset,
    version,
  );
  const { step, sha256 } = checkpoint;
  const start = request.from?.mode ?? 'fresh';
  return { ...plan, parent: { runId: source.id, name: source.name, step, sha256, start } };
}

/**
 * Has an engine try a start, so that one which does not fit is refused before a run is made of it.
 *
 * @returns the layers of the new model: which are taken over, which start anew, which stay frozen
 * @throws StudioError `checkpoint-corrupt`; `checkpoint-foreign` when no layer fits
 */
export async function layersAtStart(
  config: ModelConfig,
  checkpoint: string,
  startMode: StartMode,
  signal: AbortSignal,
): Promise<LayerRow[]> {
  let layers: LayerRow[] = [];
  await runEngineJob(
    {
      ...{ job: 'inspect', protocol: engineProtocol, config, checkpoint, startMode },
      // Loading needs no speed, and no device that may be in use.
      backend: { id: 'cpu', threads: 1 },
    },
    (report) => {
      if (report.report === 'inspected') ({ layers } = report);
    },
    signal,
  );
  return layers;
}

/** What a start will be, for those who are to decide on it. */
export const startPlanOf = ({ settings, parent }: NewRun, layers: LayerRow[]): StartPlan => ({
  step: parent!.step,
  settings,
  layers,
});
