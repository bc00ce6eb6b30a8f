import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { families, familyIds, presets } from '../../src-main/contract/presets.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import { picturesPerStep } from '../../src-main/engine/models/family.ts';
import { normals } from '../../src-main/engine/random.ts';
import { samplePixels } from '../../src-main/engine/sample-sheet.ts';
import { smallConfig } from './engine-fixtures.ts';
import { build, moved, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm', { threads: 1 });
}, 60_000);

const always: Settings = { discriminatorAugmentation: 'always' };

/** Everything that changes how a step moves the weights, each with what it can be tried on. */
const choices: readonly { presetId: string; settings: Settings }[] = [
  ...['adamw', 'rmsprop', 'sgd'].flatMap((optimiser) =>
    ['dcgan-28', 'vae-28'].map((presetId) => ({
      presetId,
      settings: { optimiser, weightDecay: 0.001, schedule: 'cosine', scheduleSteps: 10, warmUpSteps: 2 },
    })),
  ),
  // Whatever family there is, it takes what all of them declare.
  ...familyIds.map((id) => ({
    presetId: presets.find(({ family }) => family === id)!.id,
    settings: { optimiser: 'rmsprop', gradientClip: 0.5, gradientAccumulation: 2, warmUpSteps: 7 },
  })),
  ...familyIds
    .filter((id) => families[id].parameters.some(({ key }) => key === 'discriminatorAugmentation'))
    .map((id) => ({ presetId: presets.find(({ family }) => family === id)!.id, settings: always })),
  ...['dcgan-28', 'cgan-28', 'mlp-gan-28', 'wgan-gp-28'].map((presetId) => ({
    presetId,
    settings: {
      ...always,
      discriminatorTurns: true,
      discriminatorDropout: 0.3,
      discriminatorLearningRate: 0.001,
    },
  })),
  { presetId: 'dcgan-32-rgb', settings: { ...always, r1Weight: 1, r2Weight: 0.5, penaltyInterval: 2 } },
  {
    presetId: 'dcgan-28',
    settings: { discriminatorAugmentation: 'adaptive', adaptivePictures: 100, labelSmoothing: 0.1 },
  },
];

describe.each(choices)('$presetId with $settings', ({ presetId, settings }) => {
  const config = smallConfig(presetId, settings);

  it('goes on from a saved state to exactly the numbers of an unbroken run', () => {
    const unbroken = build(config);
    trainOn(unbroken, 0, 5);
    const middle = unbroken.save();
    const values = trainOn(unbroken, 5, 10);
    const resumed = build(config);
    resumed.load(middle, 5, 'middle');
    expect(trainOn(resumed, 5, 10)).toEqual(values);
    expect(moved(unbroken.save(), resumed.save())).toEqual([]);
    for (const model of [unbroken, resumed]) model.dispose();
  });

  it('keeps no tensor from step to step', () => {
    const model = build(config);
    trainOn(model, 0, 1);
    const before = tf.memory().numTensors;
    trainOn(model, 1, 4);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  it('trains otherwise than without it', () => {
    const [with_, without] = [build(config), build(smallConfig(presetId))];
    trainOn(with_, 0, 2);
    trainOn(without, 0, 2);
    const state = with_.save();
    const shared = new Map([...without.save()].filter(([name]) => state.has(name)));
    expect(moved(shared, state).length).toBeGreaterThan(2);
    for (const model of [with_, without]) model.dispose();
  });
});

describe.each<Settings>([
  { optimiser: 'adam', learningRate: 0.002 },
  { optimiser: 'adamw', learningRate: 0.002, weightDecay: 0.01 },
  { optimiser: 'rmsprop', learningRate: 0.002 },
  { optimiser: 'sgd', learningRate: 0.0005, beta1: 0.9, gradientClip: 100 },
  { optimiser: 'adam', learningRate: 0.002, schedule: 'linear', scheduleSteps: 120, warmUpSteps: 5 },
  { optimiser: 'adam', learningRate: 0.002, gradientAccumulation: 2, gradientClip: 50 },
])('with $optimiser and its settings', (settings) => {
  it('the loss of an autoencoder falls on a few pictures', () => {
    const config = smallConfig('vae-28', { ...settings, batchSize: 8, klWarmUpSteps: 0 });
    const model = build(config);
    const count = picturesPerStep(familyOf(config.family), config);
    const images = tf.tidy(() => {
      const columns = tf.tensor1d(Float32Array.from({ length: 28 }, (_, x) => (x % 7 < 3 ? 0.9 : -0.9)));
      return tf.tile(tf.reshape(columns, [1, 1, 28, 1]), [count, 28, 1, 1]) as tf.Tensor4D;
    });
    const first = model.trainStep(images, 0).reconstructionLoss!;
    let last = first;
    for (let step = 1; step < 60; step++) last = model.trainStep(images, step).reconstructionLoss!;
    expect(last).toBeLessThan(first * 0.7);
    images.dispose();
    model.dispose();
  });
});

describe.each<Settings>([
  { discriminatorAugmentation: 'always', discriminatorColour: false },
  { discriminatorAugmentation: 'adaptive', adaptivePictures: 2000 },
  { r1Weight: 1, penaltyInterval: 4 },
  { discriminatorDropout: 0.2, labelSmoothing: 0.1 },
  { discriminatorLearningRate: 0.004 },
])('with %j', (settings) => {
  it('a generator still comes to the pictures it is shown: white pixels from white pictures', () => {
    const model = build(smallConfig('mlp-gan-28', { learningRate: 0.002, batchSize: 16, ...settings }));
    const white = tf.fill([16, 28, 28, 1], 0.8) as tf.Tensor4D;
    const brightness = () => {
      const pixels = samplePixels(model, normals(1, 'test-latents', 0, 16 * 8), 16);
      return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    };
    const before = brightness();
    for (let step = 0; step < 300; step++) model.trainStep(white, step);
    white.dispose();
    expect(before).toBeLessThan(140);
    expect(brightness()).toBeGreaterThan(175);
    model.dispose();
  });
});

describe('the adaptive augmentation', () => {
  it('doses itself upwards while the discriminator always knows the real pictures', () => {
    const config = smallConfig('mlp-gan-28', {
      ...{ discriminatorAugmentation: 'adaptive', adaptivePictures: 400, batchSize: 16, learningRate: 0.002 },
    });
    const model = build(config);
    const white = tf.ones<tf.Rank.R4>([16, 28, 28, 1]);
    const told = Array.from({ length: 60 }, (_, step) => model.trainStep(white, step));
    white.dispose();
    model.dispose();
    expect(told[0]!.augmentationProbability).toBe(0);
    expect(told[0]!.realSignTarget).toBeCloseTo(0.6);
    expect(Math.max(...told.map((values) => values.augmentationProbability!))).toBeGreaterThan(0.3);
    expect(told.every(({ realSign }) => realSign! >= -1 && realSign! <= 1)).toBe(true);
  });

  it('is not taken from a checkpoint that does not hold it', () => {
    const plain = build(smallConfig('mlp-gan-28'));
    const adaptive = build(smallConfig('mlp-gan-28', { discriminatorAugmentation: 'adaptive' }));
    expect(() => adaptive.load(plain.save(), 1, 'plain.safetensors')).toThrowError(
      expect.objectContaining({ code: 'checkpoint-corrupt' }),
    );
    for (const model of [plain, adaptive]) model.dispose();
  });
});
