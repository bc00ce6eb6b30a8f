import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import type { ModelConfig } from '../../src-main/contract/engine-messages.ts';
import type { AdversarialModel } from '../../src-main/engine/models/adversarial-model.ts';
import { cgan } from '../../src-main/engine/models/cgan.ts';
import { dcgan } from '../../src-main/engine/models/dcgan.ts';
import { mlpGan } from '../../src-main/engine/models/mlp-gan.ts';
import { wganGp } from '../../src-main/engine/models/wgan-gp.ts';
import { normals } from '../../src-main/engine/random.ts';
import { samplePixels } from '../../src-main/engine/sample-sheet.ts';
import { smallConfig } from './engine-fixtures.ts';
import { labelsFor, moved, pictures, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm');
}, 60_000);

const families = { 'mlp-gan': mlpGan, dcgan, cgan, 'wgan-gp': wganGp };
const build = (config: ModelConfig): AdversarialModel =>
  families[config.family as keyof typeof families].build(config);

describe.each(['mlp-gan-28', 'dcgan-28', 'dcgan-64-rgb', 'cgan-28', 'wgan-gp-28'])('%s', (presetId) => {
  const config = smallConfig(presetId);

  it('moves only the discriminator in its half of a step, only the generator in the other', () => {
    const model = build(config);
    const images = pictures(config);
    const start = model.save();
    model.discriminatorStep(images, 0, labelsFor(config, images.shape[0]));
    const between = model.save();
    model.generatorStep(4, 0);
    const end = model.save();
    images.dispose();
    model.dispose();

    const networks = (names: string[]) => [...new Set(names.map((name) => name.split('.')[0]!))].sort();
    expect(networks(moved(start, between))).toEqual(['discriminator', 'discriminator-adam']);
    const statistics = config.family === 'mlp-gan' ? [] : ['statistics'];
    expect(networks(moved(between, end))).toEqual(['average', 'generator', 'generator-adam', ...statistics]);
    // Every weight takes part: a layer left out of the gradients would stand still.
    // Only the last bias of a critic does not: a distance is the same wherever it is measured from.
    const idle = config.family === 'wgan-gp' ? 'discriminator.score.bias' : null;
    const weightsOf = (network: string) =>
      [...start.keys()].filter((name) => name.startsWith(`${network}.`) && name !== idle);
    expect(moved(start, between)).toEqual(expect.arrayContaining(weightsOf('discriminator')));
    expect(moved(between, end)).toEqual(expect.arrayContaining(weightsOf('generator')));
  });
});

describe('the textbook recipe of the MLP GAN', () => {
  const config = smallConfig('mlp-gan-28', { recipe: 'textbook' });

  it('has nothing but straight lines before the last layer', () => {
    const model = build(config);
    // Without activations the logits behind tanh⁻¹ are an affine function of the latent.
    const at = (latent: number[]) =>
      Array.from(tf.tidy(() => tf.atanh(model.sample(tf.tensor2d([latent]))).dataSync()));
    const zero = new Array<number>(8).fill(0);
    const [one, two] = [
      [1, 0, 0, 0, 0, 0, 0, 0],
      [0, 1, 0, 0, 0, 0, 0, 0],
    ];
    const both = at([1, 1, 0, 0, 0, 0, 0, 0]);
    const [origin, first, second] = [at(zero), at(one), at(two)];
    both.forEach((value, index) => {
      expect(value).toBeCloseTo(first[index]! + second[index]! - origin[index]!, 4);
    });
    model.dispose();
  });
});

describe('the moving average', () => {
  it('turned off is the generator itself', () => {
    const model = build(smallConfig('dcgan-28', { averageDecay: 0 }));
    trainOn(model, 0, 3);
    const state = model.save();
    for (const [name, { data }] of state) {
      if (name.startsWith('average.'))
        expect(data).toEqual(state.get(name.replace('average', 'generator'))!.data);
    }
    model.dispose();
  });

  it('trails the generator otherwise', () => {
    const model = build(smallConfig('dcgan-28', { averageDecay: 0.9 }));
    trainOn(model, 0, 3);
    const state = model.save();
    expect(state.get('average.project.weights')!.data).not.toEqual(
      state.get('generator.project.weights')!.data,
    );
    model.dispose();
  });
});

describe.each(['non-saturating', 'least-squares', 'hinge'])('the %s loss', (loss) => {
  it('tells a discriminator that learns: it comes to tell constant pictures from generated ones', () => {
    const free = { r1Weight: 0 };
    const model = build(smallConfig('mlp-gan-28', { loss, learningRate: 0.002, batchSize: 32, ...free }));
    const white = tf.ones<tf.Rank.R4>([32, 28, 28, 1]);
    const first = model.discriminatorStep(white, 0);
    let last = first;
    for (let step = 1; step < 50; step++) last = model.discriminatorStep(white, step);
    white.dispose();
    expect(last.discriminatorLoss).toBeLessThan(first.discriminatorLoss! / 4);
    expect(last.realScore).toBeGreaterThan(0.9);
    expect(last.generatedScore).toBeLessThan(0.1);
    model.dispose();
  });

  it('brings the generator to the pictures it is shown: white pixels from white pictures', () => {
    const model = build(smallConfig('mlp-gan-28', { loss, learningRate: 0.002, batchSize: 16 }));
    const white = tf.fill([16, 28, 28, 1], 0.8) as tf.Tensor4D;
    const brightness = () => {
      const pixels = samplePixels(model, normals(1, 'test-latents', 0, 16 * 8), 16);
      return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    };
    const before = brightness();
    for (let step = 0; step < 250; step++) model.trainStep(white, step);
    white.dispose();
    expect(before).toBeLessThan(140);
    expect(brightness()).toBeGreaterThan(180);
    model.dispose();
  });
});
