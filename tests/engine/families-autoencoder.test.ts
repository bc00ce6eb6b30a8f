import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { divergenceFromPrior, reconstructionLoss } from '../../src-main/engine/models/vae.ts';
import { normals } from '../../src-main/engine/random.ts';
import { samplePixels } from '../../src-main/engine/sample-sheet.ts';
import { smallConfig } from './engine-fixtures.ts';
import { build, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm');
}, 60_000);

/** Left half white or right half white, in equal numbers. */
const halves = (batch: number) =>
  tf.tidy(() => {
    const white = tf.fill([batch / 2, 28, 14, 1], 0.9);
    const black = tf.fill([batch / 2, 28, 14, 1], -0.9);
    const parts = [tf.concat([white, black], 2), tf.concat([black, white], 2)];
    return tf.concat(parts) as tf.Tensor4D;
  });

describe('the evidence lower bound', () => {
  it('has the divergence of two normal distributions', () => {
    const divergences = tf.tidy(() => {
      // Two pictures with two latents: means 1, 0 and 3, 0; variances 1, 4 and 1, 4.
      const log4 = Math.log(4);
      const moments = tf.tensor2d([1, 0, 0, log4, 3, 0, 0, log4], [2, 4]);
      return [...divergenceFromPrior(moments).divergences.dataSync()];
    });
    expect(divergences[0]).toBeCloseTo((0.5 * 1 + 0.5 * 9) / 2, 5);
    expect(divergences[1]).toBeCloseTo(0.5 * (4 - Math.log(4) - 1), 5);
  });

  it('counts a pixel by the Bernoulli or the Gaussian logarithm, summed over a picture', () => {
    const values = [-1, 0.5, 1, 0];
    const decoded = [-2, 0.3, 1.5, -0.4];
    const bernoulli = values.reduce((sum, value, index) => {
      const on = (value + 1) / 2;
      const probability = 1 / (1 + Math.exp(-decoded[index]!));
      return sum - on * Math.log(probability) - (1 - on) * Math.log(1 - probability);
    }, 0);
    const deviation = 0.3;
    const gaussian = values.reduce((sum, value, index) => {
      const density =
        Math.exp(-((value - decoded[index]!) ** 2) / (2 * deviation ** 2)) /
        (deviation * Math.sqrt(2 * Math.PI));
      return sum - Math.log(density);
    }, 0);
    const lossOf = (likelihood: 'bernoulli' | 'gaussian') =>
      tf.tidy(() => {
        // Two pictures alike: the loss is the one of a single picture.
        const images = tf.tensor4d([...values, ...values], [2, 2, 2, 1]);
        const output = tf.tensor4d([...decoded, ...decoded], [2, 2, 2, 1]);
        return reconstructionLoss(images, output, likelihood, deviation).dataSync()[0]!;
      });
    expect(lossOf('bernoulli')).toBeCloseTo(bernoulli, 4);
    expect(lossOf('gaussian')).toBeCloseTo(gaussian, 4);
  });
});

describe.each(['bernoulli', 'gaussian'])('a VAE with the %s likelihood', (likelihood) => {
  it('learns what its pictures are like, and to draw both kinds of them', () => {
    const config = smallConfig('vae-28', {
      ...{ likelihood, batchSize: 16, learningRate: 0.005, klWarmUpSteps: 100, averageDecay: 0.9 },
    });
    const model = build(config);
    const images = halves(16);
    const first = model.trainStep(images, 0);
    let last = first;
    for (let step = 1; step < 200; step++) last = model.trainStep(images, step);
    images.dispose();
    expect(last.reconstructionLoss).toBeLessThan(first.reconstructionLoss! * 0.7);
    // One bit, which half is white, is ln 2 = 0.69 nats; less could not tell them apart.
    expect(last.klDivergence).toBeGreaterThan(0.5);
    const pixels = samplePixels(model, normals(1, 'test-latents', 0, 32 * 8), 32);
    const leftIsWhite = Array.from({ length: 32 }, (_, picture) => {
      const row = picture * 784 + 14 * 28;
      return pixels[row + 5]! > pixels[row + 22]!;
    });
    expect(new Set(leftIsWhite).size).toBe(2);
    model.dispose();
  });
});

describe('the weight of the divergence', () => {
  const divergenceAfter = (settings: Record<string, number>) => {
    const model = build(smallConfig('vae-28', { batchSize: 8, learningRate: 0.005, ...settings }));
    const { klDivergence } = trainOn(model, 0, 60);
    model.dispose();
    return klDivergence!;
  };

  it('presses the latents to the prior when it is large, and less while it warms up', () => {
    const pressed = divergenceAfter({ beta: 50, klWarmUpSteps: 0 });
    expect(pressed).toBeLessThan(divergenceAfter({ beta: 50, klWarmUpSteps: 100_000 }) / 2);
  });

  it('leaves each latent its free information', () => {
    const pressed = divergenceAfter({ beta: 50, klWarmUpSteps: 0 });
    expect(divergenceAfter({ beta: 50, klWarmUpSteps: 0, freeNats: 1 })).toBeGreaterThan(pressed * 2);
  });
});
