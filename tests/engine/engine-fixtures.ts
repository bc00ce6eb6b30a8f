import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelConfig, TrainJob } from '../../src-main/contract/engine-messages.ts';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { families, findPreset, learnsClasses, settingsFor } from '../../src-main/contract/presets.ts';
import { words } from '../../src-main/engine/random.ts';

/** What makes the networks of any family small, where the family has it. */
const smallSettings: Settings = {
  ...{ batchSize: 4, latentSize: 8, hiddenSize: 16, baseChannels: 4, sheetSamplingSteps: 10 },
  ...{
    codebookSize: 8,
    codeSize: 4,
    firstPhaseSteps: 150,
    transformerSize: 16,
    transformerLayers: 1,
    transformerHeads: 2,
  },
};

/** A preset's configuration, with a network small enough to train in milliseconds. */
export function smallConfig(presetId: string, chosen: Settings = {}, seed = 3): ModelConfig {
  const preset = findPreset(presetId);
  const known = families[preset.family].parameters.map(({ key }) => key);
  const small = Object.entries(smallSettings).filter(([key]) => known.includes(key));
  const settings = settingsFor(preset, { ...Object.fromEntries(small), ...chosen });
  return {
    family: preset.family,
    presetId,
    sizePx: preset.sizePx,
    channels: preset.channels,
    seed,
    ...(learnsClasses(preset.family, settings) ? { classes: ['ash', 'beech', 'cedar'] } : {}),
    settings,
  };
}

/** A temporary folder with a dataset version of noise and an empty run; remove it after use. */
export function makeRunFolders(config: ModelConfig, images = 20) {
  const root = mkdtempSync(path.join(tmpdir(), 'imago-engine-'));
  const versionFolder = path.join(root, 'version');
  const runFolder = path.join(root, 'run');
  mkdirSync(versionFolder);
  mkdirSync(runFolder);
  const bytes = images * config.sizePx ** 2 * config.channels;
  const pixels = Uint8Array.from(words(1, 'test-pictures', 0, bytes), (word) => word >>> 24);
  writeFileSync(path.join(versionFolder, 'images.u8'), pixels);
  if (families[config.family].needsPairs) {
    writeFileSync(
      path.join(versionFolder, 'inputs.u8'),
      pixels.map((byte) => 255 - byte),
    );
  }
  const labels = Buffer.alloc(images * 4);
  for (let index = 0; index < images; index++) labels.writeInt32LE(index % 3, index * 4);
  writeFileSync(path.join(versionFolder, 'labels.i32'), labels);
  return { root, versionFolder, runFolder, images };
}

/** A training job in such folders. */
export function trainJob(
  config: ModelConfig,
  folders: { versionFolder: string; runFolder: string; images: number },
  steps: number,
  resumeFrom: string | null = null,
): TrainJob {
  return {
    job: 'train',
    protocol: engineProtocol,
    backend: { id: 'wasm', threads: 1 },
    config,
    runFolder: folders.runFolder,
    versionFolder: folders.versionFolder,
    images: folders.images,
    stop: { kind: 'steps', steps },
    resumeFrom,
  };
}
