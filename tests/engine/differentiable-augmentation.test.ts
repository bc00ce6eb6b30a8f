import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { squaredSlope } from '../../src-main/engine/models/slope-penalties.ts';
import { adaptiveDose } from '../../src-main/engine/optimisation/adaptive-dose.ts';
import {
  alter,
  drawAlterations,
  type AlterationKinds,
} from '../../src-main/engine/optimisation/differentiable-augmentation.ts';
import { normals, uniforms } from '../../src-main/engine/random.ts';

const none: AlterationKinds = { colour: false, translation: false, cutout: false, turns: false };
const all: AlterationKinds = { colour: true, translation: true, cutout: true, turns: true };
const [batch, sizePx] = [8, 8];
const draw = (kinds: AlterationKinds, probability = 1, step = 0) =>
  drawAlterations({ seed: 5, stream: 'test', draw: step }, kinds, { batch, sizePx }, probability);
const shapeOf = (channels: number): [number, number, number, number] => [batch, sizePx, sizePx, channels];
const noise = (channels: number, stream = 'test-pictures') =>
  uniforms(2, stream, 0, batch * sizePx * sizePx * channels).map((value) => value * 2 - 1);

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await buildKernels();
    await openBackend(backend, { threads: 1 });
  }, 60_000);

  const alteredValues = (values: Float32Array, channels: number, kinds: AlterationKinds, probability = 1) =>
    tf.tidy(() => alter(tf.tensor4d(values, shapeOf(channels)), draw(kinds, probability)).dataSync());

  it.each([1, 3])('nothing happens at probability 0, with %i channels', (channels) => {
    const values = noise(channels);
    alteredValues(values, channels, all, 0).forEach((value, at) => expect(value).toBeCloseTo(values[at]!, 5));
  });

  it('colour is brightness, saturation about the mean of a pixel, contrast about that of the picture', () => {
    const values = noise(3);
    const { colour } = draw({ ...none, colour: true });
    const altered = alteredValues(values, 3, { ...none, colour: true });
    const each = sizePx * sizePx * 3;
    for (let picture = 0; picture < batch; picture++) {
      const [b, s, c] = [
        colour!.brightness[picture]!,
        colour!.saturation[picture]!,
        colour!.contrast[picture]!,
      ];
      const source = values.slice(picture * each, (picture + 1) * each).map((value) => value + b);
      const saturated = source.map((value, at) => {
        const first = at - (at % 3);
        const mean = (source[first]! + source[first + 1]! + source[first + 2]!) / 3;
        return (value - mean) * s + mean;
      });
      const mean = saturated.reduce((sum, value) => sum + value, 0) / each;
      saturated.forEach((value, at) =>
        expect(altered[picture * each + at]).toBeCloseTo((value - mean) * c + mean, 4),
      );
    }
  });

  it('covers half the side, or what of it lies on the picture, and moves by at most an eighth', () => {
    const ones = new Float32Array(batch * sizePx * sizePx).fill(1);
    const covered = alteredValues(ones, 1, { ...none, cutout: true });
    const holes = (values: ArrayLike<number>) =>
      Array.from(
        { length: batch },
        (_, picture) =>
          Array.from(values)
            .slice(picture * 64, (picture + 1) * 64)
            .filter((value) => value === 0).length,
      );
    expect(Math.max(...holes(covered))).toBeLessThanOrEqual(16);
    expect(Math.min(...holes(covered))).toBeGreaterThanOrEqual(4);
    const moved = holes(alteredValues(ones, 1, { ...none, translation: true }));
    expect(Math.max(...moved)).toBeLessThanOrEqual(15);
    expect(Math.max(...moved)).toBeGreaterThan(0);
  });

  it('turns by quarters and mirrors without losing a pixel', () => {
    const values = noise(1);
    const turned = alteredValues(values, 1, { ...none, turns: true });
    const kinds = new Set<string>();
    for (let picture = 0; picture < batch; picture++) {
      const [plain, other] = [values, turned].map((array) => [
        ...array.slice(picture * 64, (picture + 1) * 64),
      ]);
      expect([...other!].sort()).toEqual([...plain!].sort());
      kinds.add(String(plain!.indexOf(other![0]!)));
    }
    expect(kinds.size).toBeGreaterThan(2);
    // Corners stay corners.
    for (const corner of kinds) expect(['0', '7', '56', '63']).toContain(corner);
  });

  it('gives the same pixels and gradients whether this process or the device moves them', () => {
    const pictures = tf.tensor4d(noise(3), shapeOf(3));
    const weights = tf.tensor4d(noise(3, 'test-weights'), shapeOf(3));
    const both = (['process', 'device'] as const).map((way) =>
      tf.tidy(() => {
        const { value, grad } = tf.valueAndGrad((x) =>
          tf.sum(tf.mul(alter(x as tf.Tensor4D, draw(all), way), weights)),
        )(pictures);
        return [...value.dataSync(), ...grad.dataSync()];
      }),
    );
    both[0]!.forEach((value, at) => expect(both[1]![at]).toBeCloseTo(value, 4));
    tf.dispose([pictures, weights]);
  });

  it.each([1, 3])('has the gradient that finite differences show, with %i channels', (channels) => {
    const values = noise(channels);
    const direction = normals(6, 'test-direction', 0, values.length);
    const alterations = draw(all, 0.8);
    const along = (distance: number) =>
      tf.tidy(() => {
        const at = values.map((value, index) => value + distance * direction[index]!);
        return tf.sum(tf.square(alter(tf.tensor4d(at, shapeOf(channels)), alterations))).dataSync()[0]!;
      });
    const slope = tf.tidy(() => {
      const gradient = tf.grad((x) => tf.sum(tf.square(alter(x as tf.Tensor4D, alterations))))(
        tf.tensor4d(values, shapeOf(channels)),
      );
      return gradient.dataSync<'float32'>().reduce((sum, value, at) => sum + value * direction[at]!, 0);
    });
    expect(slope / ((along(0.01) - along(-0.01)) / 0.02)).toBeCloseTo(1, 2);
  });

  it('lets a slope penalty through to the weights: its second derivative is that of finite differences', () => {
    const values = noise(1);
    const direction = normals(7, 'test-direction', 0, sizePx * sizePx);
    const start = normals(8, 'test-start', 0, sizePx * sizePx);
    const alterations = draw(all, 0.8);
    const penaltyOf = (weights: tf.Tensor) =>
      squaredSlope(
        (x) => {
          const seen = tf.reshape(alter(x as tf.Tensor4D, alterations), [batch, sizePx * sizePx]);
          return tf.square(tf.matMul(seen as tf.Tensor2D, tf.reshape(weights, [-1, 1]) as tf.Tensor2D));
        },
        tf.tensor4d(values, shapeOf(1)),
      );
    const along = (distance: number) =>
      tf.tidy(
        () =>
          penaltyOf(tf.tensor1d(start.map((value, at) => value + distance * direction[at]!))).dataSync()[0]!,
      );
    const slope = tf.tidy(() =>
      tf
        .grad(penaltyOf)(tf.tensor1d(start))
        .dataSync<'float32'>()
        .reduce((sum, value, at) => sum + value * direction[at]!, 0),
    );
    expect(slope / ((along(0.003) - along(-0.003)) / 0.006)).toBeCloseTo(1, 2);
  });
});

describe('drawing alterations', () => {
  it('gives the same for the same draw, others for the next', () => {
    expect(draw(all, 0.5, 3)).toEqual(draw(all, 0.5, 3));
    expect(draw(all, 0.5, 3)).not.toEqual(draw(all, 0.5, 4));
  });

  it('falls to about as many pictures as the probability says', () => {
    let altered = 0;
    for (let step = 0; step < 100; step++) {
      altered += draw({ ...none, colour: true }, 0.25, step).colour!.brightness.filter((b) => b !== 0).length;
    }
    expect(altered / (100 * batch)).toBeGreaterThan(0.2);
    expect(altered / (100 * batch)).toBeLessThan(0.3);
  });
});

describe('the adaptive dose', () => {
  const settings = { adaptiveTarget: 0.6, adaptivePictures: 800 };
  const sure = new Array<number>(10).fill(2);
  const torn = [1, -1, 1, -1, 1, -1, 1, -1, 1, -1];

  it('rises every four batches while the sign is above the target, falls below it, and stays in 0…1', () => {
    const dose = adaptiveDose(settings);
    for (let round = 0; round < 3; round++) dose.observe(sure, 0);
    expect(dose.probability).toBe(0);
    expect(dose.observe(sure, 0)).toEqual({
      realSign: 1,
      realSignTarget: 0.6,
      augmentationProbability: Math.fround(40 / 800),
    });
    for (let round = 0; round < 200; round++) dose.observe(sure, 0);
    expect(dose.probability).toBe(1);
    for (let round = 0; round < 8; round++) dose.observe(torn, 0);
    expect(dose.probability).toBeCloseTo(0.9, 5);
    for (let round = 0; round < 200; round++) dose.observe(torn, 0);
    expect(dose.probability).toBe(0);
  });

  it('counts from where the loss decides between real and generated', () => {
    expect(adaptiveDose(settings).observe([0.6, 0.7, 0.4], 0.5).realSign).toBeCloseTo(1 / 3);
  });

  it('goes on between two decisions exactly as it was saved', () => {
    const dose = adaptiveDose(settings);
    for (let round = 0; round < 6; round++) dose.observe(sure, 0);
    const resumed = adaptiveDose(settings);
    resumed.load(dose.save()!, 'test');
    for (const each of [dose, resumed]) for (let round = 0; round < 3; round++) each.observe(torn, 0);
    expect(resumed.save()).toEqual(dose.save());
  });
});
