import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { makeRunFolders, smallConfig, trainJob } from '../engine/engine-fixtures.ts';
import { startEngine } from './engine-process.ts';

const made: string[] = [];
beforeAll(async () => {
  await buildKernels();
}, 60_000);
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

const augmentation: Settings = {
  ...{ horizontalFlip: true, verticalFlip: true, rotation: 30, translation: 0.1, scale: 0.2, crop: 0.2 },
  ...{ elastic: 0.05, brightness: 0.2, contrast: 0.3, saturation: 0.5, hue: 40, cutout: 0.4, noise: 0.1 },
};
const cases: readonly { presetId: string; settings: Settings }[] = [
  {
    presetId: 'dcgan-32-rgb',
    settings: {
      ...augmentation,
      ...{ discriminatorAugmentation: 'adaptive', adaptivePictures: 200, discriminatorTurns: true },
      ...{ r1Weight: 1, penaltyInterval: 4, discriminatorDropout: 0.2, labelSmoothing: 0.1 },
    },
  },
  {
    presetId: 'mlp-gan-28',
    settings: {
      ...{ optimiser: 'rmsprop', gradientAccumulation: 2, discriminatorLearningRate: 0.001 },
      ...{ schedule: 'cosine', scheduleSteps: 35, warmUpSteps: 25, gradientClip: 0.5, weightDecay: 0.01 },
    },
  },
  {
    presetId: 'vae-28',
    settings: { optimiser: 'sgd', learningRate: 0.0001, beta1: 0.9, gradientClip: 10, elastic: 0.1 },
  },
];

it.each(cases)(
  '$presetId with $settings: 40 steps straight, or 20, a kill and 20 more, end in the same bytes',
  async ({ presetId, settings }) => {
    const rhythm = { batchSize: 4, sampleEverySteps: 10, checkpointEverySteps: 20 };
    const config = smallConfig(presetId, { ...rhythm, ...settings });
    const [straight, broken] = [makeRunFolders(config, 50), makeRunFolders(config, 50)];
    made.push(straight.root, broken.root);
    const file = (folders: typeof broken, step: number) =>
      path.join(folders.runFolder, `checkpoints/${String(step).padStart(8, '0')}.safetensors`);

    expect(await startEngine(trainJob(config, straight, 40)).ended).toMatchObject({ code: 0 });
    const killed = startEngine(trainJob(config, broken, 40), (report) => {
      if (report.report === 'sample' && report.step === 30) killed.child.kill('SIGKILL');
    });
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(existsSync(file(broken, 40))).toBe(false);
    const resumed = startEngine(trainJob(config, broken, 40, file(broken, 20)));
    expect(await resumed.ended).toMatchObject({ code: 0 });
    for (const step of [20, 40]) {
      expect(readFileSync(file(broken, step)).equals(readFileSync(file(straight, step)))).toBe(true);
    }
  },
  120_000,
);
