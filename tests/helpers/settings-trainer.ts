/*
 * Trains small models for a few steps with settings of every kind on one backend, in a process of its own, and prints
 * the scalars of each step as one line of JSON. Run by the optimisation suite: `node settings-trainer.ts <backend>`.
 */
import type { BackendId } from '../../src-main/contract/domain/backends.ts';
import { toFailure, type Failure } from '../../src-main/contract/errors.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import { smallConfig } from '../engine/engine-fixtures.ts';
import { pictures } from '../engine/model-fixtures.ts';

export const settingCases: readonly { name: string; presetId: string; settings: Settings }[] = [
  {
    name: 'AdamW, accumulated, clipped, warmed up',
    presetId: 'dcgan-28',
    settings: {
      optimiser: 'adamw',
      weightDecay: 0.1,
      gradientAccumulation: 2,
      gradientClip: 0.1,
      warmUpSteps: 4,
    },
  },
  {
    name: 'RMSprop with weight decay, cosine',
    presetId: 'mlp-gan-28',
    settings: { optimiser: 'rmsprop', weightDecay: 0.1, schedule: 'cosine', scheduleSteps: 4 },
  },
  {
    name: 'SGD, linear',
    presetId: 'vae-28',
    settings: { optimiser: 'sgd', gradientClip: 1, schedule: 'linear', scheduleSteps: 4 },
  },
  {
    name: 'DiffAugment in colour with R1, R2, dropout and smoothed labels',
    presetId: 'dcgan-32-rgb',
    settings: {
      ...{ discriminatorAugmentation: 'always', discriminatorTurns: true, discriminatorDropout: 0.3 },
      ...{
        r1Weight: 1,
        r2Weight: 1,
        penaltyInterval: 1,
        labelSmoothing: 0.1,
        discriminatorLearningRate: 0.001,
      },
    },
  },
  {
    name: 'ADA',
    presetId: 'mlp-gan-28',
    settings: { discriminatorAugmentation: 'adaptive', adaptivePictures: 100 },
  },
];

export type SettingsTrained =
  { cases: { name: string; steps: Record<string, number>[] }[] } | { failure: Failure };

const steps = 3;

async function perform(backend: BackendId): Promise<SettingsTrained> {
  try {
    await openBackend(backend, { threads: 1 });
    const cases = settingCases.map(({ name, presetId, settings }) => {
      const config = smallConfig(presetId, settings);
      const model = familyOf(config.family).build(config);
      const told = Array.from({ length: steps }, (_, step) => {
        const images = pictures(config, step);
        const values = model.trainStep(images, step);
        images.dispose();
        return values;
      });
      model.dispose();
      return { name, steps: told };
    });
    return { cases };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

if (process.argv[1] === import.meta.filename) {
  console.log(JSON.stringify(await perform(process.argv[2] as BackendId)));
  process.exit(0);
}
