import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { openDataset } from '../../src-main/engine/dataset-reader.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { normals } from '../../src-main/engine/random.ts';
import { drawSampleSheet, samplePixels } from '../../src-main/engine/sample-sheet.ts';
import { makeRunFolders, smallConfig } from './engine-fixtures.ts';
import { build, trainOn } from './model-fixtures.ts';

const made: string[] = [];
beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm');
}, 60_000);
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

describe('a conditional model', () => {
  it.each<[string, Settings]>([
    ['cgan-28', { learningRate: 0.002 }],
    ['cgan-28', { learningRate: 0.002, classGuidance: 'auxiliary' }],
    [
      'vae-28',
      { learningRate: 0.005, learnClasses: true, averageHalfLifeSteps: 10, klWarmUpSteps: 0, beta: 20 },
    ],
    ['resnet-gan-28', { learningRate: 0.005, learnClasses: true, averageHalfLifeSteps: 10 }],
    ['ddpm-28', { learningRate: 0.005, learnClasses: true, averageHalfLifeSteps: 20, snrLimit: 0 }],
    ['vqvae-transformer-28', { learningRate: 0.005, learnClasses: true, averageHalfLifeSteps: 20 }],
  ])('%s %o draws what its classes look like: the dark class dark, the bright class bright', (id, chosen) => {
    const config = { ...smallConfig(id, { batchSize: 16, ...chosen }), classes: ['dark', 'bright'] };
    const model = build(config);
    const labels = Int32Array.from({ length: 16 }, (_, index) => index % 2);
    const images = tf.tidy(
      () =>
        tf.tile(
          tf.reshape(tf.tensor1d([...labels].map((label) => (label === 1 ? 0.8 : -0.8))), [16, 1, 1, 1]),
          [1, 28, 28, 1],
        ) as tf.Tensor4D,
    );
    for (let step = 0; step < 150; step++) model.trainStep(images, step, labels);
    images.dispose();
    const latents = normals(1, 'test-latents', 0, 8 * model.latentSize);
    const sampling: Settings = config.family === 'ddpm' ? { samplingSteps: 10 } : {};
    const brightness = (label: number) => {
      const pixels = samplePixels(model, latents, 8, new Array<number>(8).fill(label), sampling);
      return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    };
    expect(brightness(0)).toBeLessThan(100);
    expect(brightness(1)).toBeGreaterThan(155);
    model.dispose();
  });

  it('draws a sheet with a column for each class, of sixteen at most', () => {
    const few = build(smallConfig('cgan-28'));
    expect(drawSampleSheet(few)).toMatchObject({ columns: 3, rows: 8 });
    few.dispose();
    const classes = Array.from({ length: 20 }, (_, index) => `class ${index}`);
    const many = build({ ...smallConfig('cgan-28'), classes });
    expect(drawSampleSheet(many)).toMatchObject({ columns: 16, rows: 8 });
    many.dispose();
  });
});

describe('truncation', () => {
  it('brings the pictures of a style-modulated generator together, and is refused where there are no styles', () => {
    const model = build(smallConfig('resnet-gan-28', { generatorKind: 'style', averageHalfLifeSteps: 0 }));
    trainOn(model, 0, 3);
    const latents = normals(1, 'test-latents', 0, 16 * model.latentSize);
    const spread = (truncation: number) =>
      tf.tidy(() => {
        const drawn = model.sample(tf.tensor2d(latents, [16, model.latentSize]), undefined, { truncation });
        return tf.mean(tf.squaredDifference(drawn, tf.mean(drawn, 0))).dataSync()[0]!;
      });
    expect(spread(0.3)).toBeLessThan(spread(1) / 2);
    model.dispose();
    const plain = build(smallConfig('resnet-gan-28'));
    expect(() => samplePixels(plain, latents, 16, undefined, { truncation: 0.5 })).toThrow(
      expect.objectContaining({ code: 'setting-unknown' }),
    );
    plain.dispose();
  });
});

describe('the labels of a dataset', () => {
  const open = (versionFolder: string, classes: number) =>
    openDataset({
      versionFolder,
      images: 20,
      sizePx: 28,
      channels: 1,
      batchSize: 4,
      seed: 3,
      augmentation: null,
      classes,
    });

  it('come in the order of the pictures', () => {
    const folders = makeRunFolders(smallConfig('cgan-28'));
    made.push(folders.root);
    // Each picture wears its class: all of its pixels have that value.
    const pixels = new Uint8Array(20 * 784).map((_, at) => (Math.floor(at / 784) % 3) * 100);
    writeFileSync(path.join(folders.versionFolder, 'images.u8'), pixels);
    const dataset = open(folders.versionFolder, 3);
    for (const step of [0, 3, 7]) {
      const [batch, labels] = [dataset.batch(step), dataset.labels(step)!];
      labels.forEach((label, index) => {
        expect(Math.round((batch[index * 784]! + 1) * 127.5)).toBe(label * 100);
      });
    }
    dataset.close();
  });

  it('are refused when the file is cut short or speaks of a class that is not there', () => {
    const folders = makeRunFolders(smallConfig('cgan-28'));
    made.push(folders.root);
    const refusal = expect.objectContaining({
      code: 'dataset-changed',
      message: expect.stringContaining('labels.i32'),
    });
    expect(() => open(folders.versionFolder, 2)).toThrow(refusal);
    writeFileSync(path.join(folders.versionFolder, 'labels.i32'), Buffer.alloc(12));
    expect(() => open(folders.versionFolder, 3)).toThrow(refusal);
  });
});
