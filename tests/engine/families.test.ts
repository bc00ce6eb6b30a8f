import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import { normals } from '../../src-main/engine/random.ts';
import { samplePixels } from '../../src-main/engine/sample-sheet.ts';
import type { ModelConfig } from '../../src-main/contract/engine-messages.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { smallConfig } from './engine-fixtures.ts';
import { build, inputBytesFor, inputsFor, labelsFor, moved, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm');
}, 60_000);

/** How the pictures of a test are sampled: in few steps, where there are steps. */
const samplingOf = (config: ModelConfig): Settings => (config.family === 'ddpm' ? { samplingSteps: 10 } : {});

describe.each<[string, Settings?]>([
  ['mlp-gan-28'],
  ['dcgan-28'],
  ['dcgan-32'],
  ['dcgan-32-rgb'],
  ['dcgan-64-rgb'],
  ['wgan-gp-28'],
  ['wgan-gp-32-rgb'],
  ['cgan-28'],
  ['cgan-32-rgb'],
  ['vae-28'],
  ['vae-32-rgb'],
  ['vae-64-rgb'],
  ['resnet-gan-28'],
  ['resnet-gan-32-rgb', { learnClasses: true }],
  ['resnet-gan-64-rgb'],
  ['resnet-gan-28', { scoreFrom: 'mean', furtherHalvings: 0 }],
  ['resnet-gan-28', { generatorKind: 'style' }],
  ['resnet-gan-32', { generatorKind: 'style', learnClasses: true }],
  ['cgan-28', { classGuidance: 'auxiliary' }],
  ['vae-28', { learnClasses: true }],
  ['vqvae-transformer-28'],
  ['vqvae-transformer-32-rgb', { learnClasses: true, firstPhaseSteps: 4 }],
  ['ddpm-28'],
  ['ddpm-32-rgb', { learnClasses: true }],
  ['ddpm-28', { startHalvings: 1, snrFloor: 1 }],
  ['ddpm-32-rgb', { startHalvings: 2, prediction: 'picture' }],
  ['resnet-gan-128'],
  ['vae-128'],
  ['vqvae-transformer-128'],
  ['ddpm-128-rgb'],
  ['pix2pix-128-rgb'],
  ['pix2pix-28'],
  ['pix2pix-32-rgb'],
  ['pix2pix-64-rgb', { patchHalvings: 3, generatorDropout: 0.2 }],
  ['pix2pix-32', { markHoles: false, holeWeight: 1 }],
  ['denoiser-28'],
  ['denoiser-32-rgb'],
  ['denoiser-64-rgb', { edgeWeight: 0, gradientAccumulation: 2 }],
])('%s %o', (presetId, chosen = {}) => {
  const config = smallConfig(presetId, chosen);
  const sampling = samplingOf(config);

  it('draws pictures of its size between −1 and 1', () => {
    const model = build(config);
    const sampled = tf.tidy(() =>
      model.sample(
        tf.randomNormal([3, model.latentSize]),
        labelsFor(config, 3),
        sampling,
        inputsFor(config, 3),
      ),
    );
    expect(sampled.shape).toEqual([3, config.sizePx, config.sizePx, config.channels]);
    const reach = tf.tidy(() => tf.max(tf.abs(sampled)).dataSync()[0]);
    expect(reach).toBeLessThanOrEqual(1);
    sampled.dispose();
    model.dispose();
  });

  it('keeps no tensor beyond its own from step to step, and none after its end', () => {
    const before = tf.memory().numTensors;
    const model = build(config);
    const drawTwo = () =>
      samplePixels(
        model,
        new Float32Array(2 * model.latentSize),
        2,
        config.classes && [0, 1],
        sampling,
        inputBytesFor(config, 2),
      );
    trainOn(model, 0, 1);
    drawTwo();
    const working = tf.memory().numTensors;
    trainOn(model, 1, 5);
    drawTwo();
    model.save();
    expect(tf.memory().numTensors).toBe(working);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('moves every weight of every network in a step', () => {
    const model = build(config);
    const start = model.save();
    trainOn(model, 0, 1);
    const networks = Object.keys(model.parameters);
    // Only the last bias may stay: a distance is the same wherever it is measured from, and so are both margins.
    const idle = ['wgan-gp', 'resnet-gan'].includes(config.family) ? 'discriminator.score.bias' : null;
    const weights = [...start.keys()].filter(
      (name) => networks.includes(name.split('.')[0]!) && name !== idle,
    );
    expect(moved(start, model.save())).toEqual(expect.arrayContaining(weights));
    model.dispose();
  });

  it('goes on from a saved state to exactly the numbers of an unbroken run', () => {
    const unbroken = build(config);
    trainOn(unbroken, 0, 3);
    const middle = unbroken.save();
    const values = trainOn(unbroken, 3, 6);
    const resumed = build({ ...config });
    resumed.load(middle, 3, 'middle');
    expect(trainOn(resumed, 3, 6)).toEqual(values);
    expect(moved(unbroken.save(), resumed.save())).toEqual([]);
    unbroken.dispose();
    resumed.dispose();
  });

  it('draws the same picture from a latent alone as among 63 others, bit for bit', () => {
    const model = build(config);
    trainOn(model, 0, 3);
    const { latentSize } = model;
    const latents = normals(9, 'test-latents', 0, 64 * latentSize);
    const labels = labelsFor(config, 64);
    const pictureBytes = config.sizePx ** 2 * config.channels;
    const batch = tf.tidy(() =>
      model
        .sample(tf.tensor2d(latents, [64, latentSize]), labels, sampling, inputsFor(config, 64))
        .dataSync(),
    );
    for (const row of [0, 1, 31, 63]) {
      const alone = tf.tidy(() =>
        model.sample(
          tf.tensor2d(latents.slice(row * latentSize, (row + 1) * latentSize), [1, latentSize]),
          labels?.slice(row, row + 1),
          sampling,
          inputsFor(config, 1, row),
        ),
      );
      expect(alone.dataSync()).toEqual(batch.slice(row * pictureBytes, (row + 1) * pictureBytes));
      alone.dispose();
    }
    model.dispose();
  });

  it('says of itself what it is: layers, shapes and true parameter counts', () => {
    const model = build(config);
    const { layers, parameters } = familyOf(config.family).describe(config);
    const count = (network: string) =>
      [...model.tensors()]
        .filter(([name]) => name.startsWith(`${network}.`))
        .reduce((sum, [, tensor]) => sum + tensor.size, 0);
    for (const [network, declared] of Object.entries(parameters)) {
      expect(declared).toBe(count(network));
      const rows = layers.filter((layer) => layer.network === network);
      expect(rows.reduce((sum, row) => sum + row.parameters, 0)).toBe(declared);
    }
    expect(model.parameters).toEqual(parameters);
    const drawing = layers
      .filter(({ network }) => ['generator', 'decoder', 'denoiser'].includes(network))
      .at(-1)!;
    expect(drawing.outputShape).toEqual([config.sizePx, config.sizePx, config.channels]);
    model.dispose();
  });

  it('refuses the state of a model of other sizes, naming the tensor', () => {
    const model = build(config);
    const width: Settings = config.family === 'mlp-gan' ? { hiddenSize: 9 } : { baseChannels: 8 };
    const other = build(smallConfig(presetId, { ...chosen, ...width }));
    expect(() => model.load(other.save(), 3, 'other.safetensors')).toThrow(
      expect.objectContaining({
        code: 'checkpoint-corrupt',
        message: expect.stringMatching(/other\.safetensors.*(generator|discriminator|encoder|denoiser)\./),
      }),
    );
    model.dispose();
    other.dispose();
  });

  it('starts alike from one seed, otherwise from another', () => {
    const [first, again, other] = [build(config), build(config), build({ ...config, seed: 4 })];
    expect(moved(first.save(), again.save())).toEqual([]);
    expect(moved(first.save(), other.save()).length).toBeGreaterThan(2);
    for (const model of [first, again, other]) model.dispose();
  });
});
