import { rmSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { damagedBatch, damageOf } from '../../src-main/engine/damage.ts';
import { openPairs } from '../../src-main/engine/dataset-reader.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { distancesOf, edgeDistanceOf, holeDistanceOf, keptOf } from '../../src-main/engine/models/holes.ts';
import { uniforms } from '../../src-main/engine/random.ts';
import { drawSampleSheet } from '../../src-main/engine/sample-sheet.ts';
import { holeGrey } from '../../src-main/imaging/pure/derive-input.ts';
import { makeRunFolders, smallConfig } from './engine-fixtures.ts';
import { build, inputsFor, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm', { threads: 1 });
}, 60_000);

const hole = holeGrey / 127.5 - 1;
const config = smallConfig('denoiser-28');

/** A mask that keeps all but the upper quarter. */
const upperQuarter = (batch: number): tf.Tensor4D =>
  tf.tidy(() => tf.concat([tf.zeros([batch, 7, 28, 1]), tf.ones([batch, 21, 28, 1])], 1) as tf.Tensor4D);

describe('holes', () => {
  it('are where every channel has their grey, and nowhere else', () => {
    const kept = tf.tidy(() =>
      keptOf(
        tf.tensor4d([hole, hole, hole, hole, hole, 0.9, 129 / 127.5 - 1, hole, hole], [1, 1, 3, 3]),
      ).arraySync(),
    );
    expect(kept).toEqual([[[[0], [1], [1]]]]);
  });

  it('count as often as they are told, in distances of pixels and of edges', () => {
    const [distance, weighted, unweighted, inHoles, nowhere, edges] = tf.tidy(() => {
      const drawn = tf.tensor4d([1, 0, 0, 0], [1, 2, 2, 1]);
      const images = tf.tensor4d([0, 0, 0, 0.5], [1, 2, 2, 1]);
      const kept = tf.tensor4d([0, 1, 1, 1], [1, 2, 2, 1]);
      const whole = tf.onesLike(kept);
      return [
        distancesOf(drawn, images, kept, 6).distance,
        distancesOf(drawn, images, kept, 6).weighted,
        distancesOf(drawn, images, kept, 1).weighted,
        holeDistanceOf(drawn, images, kept),
        holeDistanceOf(drawn, images, whole),
        edgeDistanceOf(drawn, images),
      ].map((scalar) => scalar.dataSync()[0]);
    });
    expect(distance).toBeCloseTo(1.5 / 4);
    expect(weighted).toBeCloseTo(6.5 / 4);
    expect(unweighted).toBeCloseTo(1.5 / 4);
    expect(inHoles).toBeCloseTo(1);
    expect(nowhere).toBe(0);
    // Across: −1 and −0.5; down: −1 and −0.5.
    expect(edges).toBeCloseTo(0.75 + 0.75);
  });
});

describe('the denoiser', () => {
  it('learns to give back pictures that were damaged', () => {
    const chosen = { batchSize: 8, learningRate: 0.01, averageHalfLifeSteps: 5 };
    const model = build(smallConfig('denoiser-28', chosen));
    const damage = damageOf(model.config)!;
    const history: Record<string, number>[] = [];
    for (let step = 0; step < 100; step++) {
      // Flat pictures, each as bright as it happens to be.
      const levels = uniforms(1, 'levels', step, 8).map((value) => value * 1.6 - 0.8);
      const values = Float32Array.from({ length: 8 * 784 }, (_, at) => levels[Math.floor(at / 784)]!);
      const images = tf.tensor4d(values, [8, 28, 28, 1]);
      const inputs = tf.tensor4d(damagedBatch(values, model.config, damage, { seed: 1, step }), images.shape);
      history.push(model.trainStep(images, step, undefined, inputs));
      tf.dispose([images, inputs]);
    }
    const mean = (name: string, from: number) =>
      history.slice(from, from + 10).reduce((sum, values) => sum + values[name]! / 10, 0);
    expect(mean('repairDistance', 90)).toBeLessThan(mean('repairDistance', 0) * 0.7);
    expect(mean('holeDistance', 90)).toBeLessThan(mean('holeDistance', 0) * 0.5);

    const errors = tf.tidy(() => {
      const pictures = tf.concat([
        tf.fill([1, 28, 28, 1], 0.6),
        tf.fill([1, 28, 28, 1], -0.6),
      ]) as tf.Tensor4D;
      const mask = upperQuarter(2);
      const repaired = model.repair!({ pictures, mask, seeds: [1, 2] });
      return holeDistanceOf(repaired, pictures, mask).dataSync()[0];
    });
    // A hole is 0.6 away as it is.
    expect(errors).toBeLessThan(0.25);
    model.dispose();
  });

  it('draws what it repairs with the holes given as a mask, whatever was under it', () => {
    const model = build(config);
    trainOn(model, 0, 3);
    tf.tidy(() => {
      const pictures = inputsFor(config, 2)!;
      const mask = keptOf(pictures);
      expect(tf.sum(tf.slice(mask, [0, 0, 0, 0], [2, 7, 28, 1])).dataSync()[0]).toBe(0);
      const drawn = model.sample(tf.zeros([2, 0]), undefined, {}, pictures).dataSync();
      const under = tf.add(tf.mul(pictures, mask), tf.sub(1, mask)) as tf.Tensor4D;
      const seeds = [7, 8];
      expect(model.repair!({ pictures, mask, seeds }).dataSync()).toEqual(drawn);
      expect(model.repair!({ pictures: under, mask, seeds }).dataSync()).toEqual(drawn);
      const alone = model.repair!({
        pictures: tf.slice(under, [1, 0, 0, 0], [1, 28, 28, 1]),
        mask: tf.slice(mask, [1, 0, 0, 0], [1, 28, 28, 1]),
        seeds: [3],
      });
      expect(alone.dataSync()).toEqual(drawn.slice(784));
    });
    model.dispose();
  });

  it('cleans whole pictures too, unless it is told to fill holes only', () => {
    const model = build(config);
    trainOn(model, 0, 3);
    tf.tidy(() => {
      const pictures = tf.clipByValue(
        tf.randomNormal([2, 28, 28, 1], 0, 0.5, 'float32', 4),
        -1,
        1,
      ) as tf.Tensor4D;
      const whole = tf.ones([2, 28, 28, 1]) as tf.Tensor4D;
      const seeds = [1, 2];
      const cleaned = model.repair!({ pictures, mask: whole, seeds });
      expect(cleaned.dataSync()).not.toEqual(pictures.dataSync());
      const sampling = { keepWhole: true };
      const kept = model.repair!({ pictures, mask: whole, seeds, sampling });
      expect(kept.dataSync()).toEqual(pictures.dataSync());
      const filled = model.repair!({ pictures, mask: upperQuarter(2), seeds, sampling });
      expect(filled.dataSync().slice(196, 784)).toEqual(pictures.dataSync().slice(196, 784));
      expect(filled.dataSync().slice(0, 196)).not.toEqual(pictures.dataSync().slice(0, 196));
    });
    model.dispose();
  });

  it('shows damaged, repaired and true pictures, the held-out ones where there are any', () => {
    const folders = makeRunFolders(config, 20);
    const source = {
      versionFolder: folders.versionFolder,
      images: 15,
      heldOutImages: 5,
      sizePx: 28,
      channels: 1,
    };
    const pairs = openPairs({ ...source, damage: damageOf(config) });
    expect(pairs.part).toBe('held-out');
    const [first, again, later] = [pairs.pair(2), pairs.pair(2), pairs.pair(7)];
    expect(first).toEqual(again);
    expect(later.row).toBe(17);
    expect(later.target).toEqual(first.target);
    expect(later.input).not.toEqual(first.input);
    const model = build(config);
    expect(drawSampleSheet(model, pairs)).toMatchObject({ columns: 9, rows: 8 });
    pairs.close();
    model.dispose();
    rmSync(folders.root, { recursive: true });
  });
});
