import type { BackendId } from '../contract/domain/backends.ts';
import type { Dataset, DatasetVersion } from '../contract/domain/datasets.ts';
import type { StopCondition } from '../contract/domain/runs.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { families, findPreset, learnsClasses, settingsFor, type Preset } from '../contract/presets.ts';
import type { NewRun } from '../store/runs.ts';
import { newId } from '../workspace/files.ts';
import type { StartRequest } from './run-start.ts';

export interface NewRunRequest {
  projectId: string;
  name?: string;
  datasetId: string;
  version: number;
  presetId: string;
  settings?: Settings;
  seed?: number;
  stop?: StopCondition;
  /** What to train on this time, instead of the usual one. */
  backend?: BackendId;
  /** A checkpoint of another run to start from. */
  from?: StartRequest;
}

/** @throws StudioError `dataset-does-not-fit` when a picture has no class, or all have the same */
function requireClasses(preset: Preset, version: DatasetVersion): void {
  const labelled = version.classes.reduce((sum, { images }) => sum + images, 0);
  if (version.classes.length >= 2 && labelled === version.images) return;
  const found =
    version.classes.length < 2
      ? `${version.classes.length === 0 ? 'no' : 'one'} class`
      : `${version.images - labelled} pictures without a class`;
  throw new StudioError(
    'dataset-does-not-fit',
    `With these settings “${preset.id}” learns classes, and version ${version.version} of the dataset holds ${found}. Choose a preset without classes, switch learnClasses off, or make a version with a folder for each class.`,
    { preset: preset.id, needed: 'at least two classes, and every picture in one', found },
  );
}

/** @throws StudioError `dataset-not-paired` when there is no input beside each picture */
function requirePairs(preset: Preset, version: DatasetVersion): void {
  if (version.paired) return;
  throw new StudioError(
    'dataset-not-paired',
    `“${preset.id}” learns from pairs of an input and a target, and version ${version.version} of the dataset holds single pictures. Make a version whose recipe says where the inputs come from (imago prepare --pair), or choose another preset.`,
    { preset: preset.id, version: version.version },
  );
}

const form = ({ sizePx, channels }: { sizePx: number; channels: number }) =>
  `${sizePx}×${sizePx} ${channels === 1 ? 'grey' : 'RGB'}`;

/**
 * What a run will be, with everything resolved and checked against the pictures it is to learn from. A batch
 * that nobody chose shrinks to a dataset that is smaller.
 *
 * @throws StudioError `preset-unknown`, `setting-unknown`, `setting-out-of-range`, `dataset-does-not-fit`,
 *   `dataset-not-paired`, `pictures-too-few`
 */
export function planRun(request: NewRunRequest, dataset: Dataset, version: DatasetVersion): NewRun {
  const preset = findPreset(request.presetId);
  if (version.sizePx !== preset.sizePx || version.channels !== preset.channels) {
    throw new StudioError(
      'dataset-does-not-fit',
      `The preset “${preset.id}” trains on ${form(preset)} pictures; version ${version.version} of the dataset holds ${form(version)}. Choose another preset, or make a version of that size.`,
      { preset: preset.id, needed: form(preset), found: form(version) },
    );
  }
  const settings = settingsFor(preset, request.settings);
  families[preset.family].requireFitting?.(settings);
  if (families[preset.family].needsPairs) requirePairs(preset, version);
  if (learnsClasses(preset.family, settings)) requireClasses(preset, version);
  const batchSize = Number(settings.batchSize);
  if (version.images < batchSize) {
    if (request.settings?.batchSize !== undefined || version.images < 2) {
      throw new StudioError(
        'pictures-too-few',
        `A step looks at ${batchSize} pictures and the dataset has ${version.images}. Set batchSize to ${version.images} or less, or add pictures.`,
        { images: version.images, needed: batchSize },
      );
    }
    settings.batchSize = version.images;
  }
  return {
    id: newId('run'),
    projectId: request.projectId,
    name: request.name?.trim() || `${dataset.name}, ${preset.id}`,
    datasetId: dataset.id,
    datasetVersion: version.version,
    presetId: preset.id,
    family: preset.family,
    sizePx: preset.sizePx,
    channels: preset.channels,
    seed: request.seed ?? Math.floor(Math.random() * 0x1_0000_0000),
    settings,
    stop: request.stop ?? { kind: 'steps', steps: preset.defaultSteps },
    parent: null,
    wantedBackend: request.backend ?? null,
    createdAt: Date.now(),
  };
}
