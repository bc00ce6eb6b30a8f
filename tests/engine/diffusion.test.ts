import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { ddpm } from '../../src-main/engine/models/ddpm.ts';
import { denoiseImplicitly, repaint, split } from '../../src-main/engine/models/denoising.ts';
import { cosineSchedule, stepsDown, weightAt } from '../../src-main/engine/models/diffusion-schedule.ts';
import { normals } from '../../src-main/engine/random.ts';
import { smallConfig } from './engine-fixtures.ts';
import { trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm');
}, 60_000);

const schedule = cosineSchedule(1000);

describe('the way from picture to noise', () => {
  it('loses the picture step by step, at equal strength', () => {
    schedule.alpha.forEach((alpha, step) => {
      expect(alpha ** 2 + schedule.sigma[step]! ** 2).toBeCloseTo(1, 10);
      if (step > 0) expect(alpha).toBeLessThan(schedule.alpha[step - 1]!);
    });
    expect(schedule.alpha[0]).toBeGreaterThan(0.999);
    expect(schedule.alpha[999]).toBeLessThan(0.01);
    // Half way there is as much picture as noise, which is what the cosine is for.
    expect(schedule.alpha[499]! ** 2).toBeCloseTo(0.5, 1);
  });

  it('is walked back from the noisiest step to the clearest', () => {
    expect(stepsDown(schedule, 10)).toEqual([999, 888, 777, 666, 555, 444, 333, 222, 111, 0]);
    expect(stepsDown(cosineSchedule(100), 250)).toHaveLength(100);
  });

  it('counts nearly clean pictures no more than the limit says', () => {
    expect(weightAt(schedule, 10, 'noise', { limit: 0, floor: 1 })).toBe(1);
    const ratio = (schedule.alpha[10]! / schedule.sigma[10]!) ** 2;
    expect(weightAt(schedule, 10, 'noise', { limit: 5, floor: 1 })).toBeCloseTo(5 / ratio, 10);
    expect(weightAt(schedule, 10, 'velocity', { limit: 5, floor: 1 })).toBeCloseTo(5 / (ratio + 1), 10);
    expect(weightAt(schedule, 990, 'noise', { limit: 5, floor: 1 })).toBe(1);
  });

  it('lets the noisiest pictures count no less than the floor says, unless the noise is told', () => {
    const ratio = (schedule.alpha[900]! / schedule.sigma[900]!) ** 2;
    expect(ratio).toBeLessThan(0.1);
    expect(weightAt(schedule, 900, 'velocity', { limit: 5, floor: 0 })).toBeCloseTo(ratio / (ratio + 1), 10);
    expect(weightAt(schedule, 900, 'velocity', { limit: 5, floor: 1 })).toBeCloseTo(1 / (ratio + 1), 10);
    expect(weightAt(schedule, 900, 'picture', { limit: 5, floor: 1 })).toBe(1);
    expect(weightAt(schedule, 10, 'picture', { limit: 5, floor: 1 })).toBe(5);
    expect(weightAt(schedule, 900, 'noise', { limit: 5, floor: 1 })).toBe(1);
  });
});

let picture: tf.Tensor4D;
let noise: tf.Tensor4D;
beforeAll(() => {
  picture = tf.tensor4d(
    normals(1, 'picture', 0, 32).map((value) => Math.tanh(value)),
    [2, 4, 4, 1],
  );
  noise = tf.tensor4d(normals(1, 'noise', 0, 32), [2, 4, 4, 1]);
});
const noisyAt = (step: number) =>
  tf.add(tf.mul(picture, schedule.alpha[step]!), tf.mul(noise, schedule.sigma[step]!)) as tf.Tensor4D;
const difference = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

describe('what a prediction means', () => {
  it.each(['noise', 'velocity', 'picture'] as const)(
    'is picture and noise again, told as %s',
    (prediction) => {
      for (const step of [5, 500, 900]) {
        const told = {
          noise,
          velocity: tf.sub(tf.mul(noise, schedule.alpha[step]!), tf.mul(picture, schedule.sigma[step]!)),
          picture,
        }[prediction];
        const seen = split(schedule, prediction, noisyAt(step), told, step);
        expect(difference(seen.picture, picture)).toBeLessThan(1e-3);
        expect(difference(seen.noise, noise)).toBeLessThan(1e-3);
      }
    },
  );
});

/** A network that always sees this one picture. */
const knowing = (noisy: tf.Tensor4D, step: number) => {
  const rest = tf.sub(noisy, tf.mul(picture, schedule.alpha[step]!));
  return { picture: tf.clone(picture), noise: tf.mul(rest, 1 / schedule.sigma[step]!) as tf.Tensor4D };
};

describe('taking noise away', () => {
  it('ends at the picture that the network sees, in however many steps', () => {
    for (const count of [10, 50]) {
      const drawn = tf.tidy(() => denoiseImplicitly(schedule, knowing, noise, count));
      expect(difference(drawn, picture)).toBeLessThan(1e-5);
    }
  });

  it('keeps what is known of a picture in a repair, and fills in the rest', () => {
    const mask = tf.tidy(() => tf.tensor4d([1, 1, 0, 0, ...new Array<number>(28).fill(1)], [2, 4, 4, 1]));
    const damaged = tf.tidy(() => tf.mul(picture, mask) as tf.Tensor4D);
    const repaired = tf.tidy(() =>
      repaint(schedule, knowing, {
        pictures: damaged,
        mask,
        ...{ seeds: [1, 2], samplingSteps: 10, resamplings: 3 },
      }),
    );
    expect(difference(repaired, picture)).toBeLessThan(1e-5);
  });
});

describe('a diffusion model', () => {
  const config = smallConfig('ddpm-28', { batchSize: 8, learningRate: 0.003 });

  it('tells noise from picture better and better', () => {
    const model = ddpm.build(config);
    const white = tf.fill([8, 28, 28, 1], 0.8) as tf.Tensor4D;
    const first = model.trainStep(white, 0).denoisingLoss!;
    let last = first;
    for (let step = 1; step < 80; step++) last = model.trainStep(white, step).denoisingLoss!;
    white.dispose();
    expect(last).toBeLessThan(first / 2);
    const drawn = tf.tidy(() =>
      model.sample(tf.tensor2d(normals(1, 'l', 0, 784), [1, 784]), undefined, { samplingSteps: 10 }),
    );
    expect(tf.mean(drawn).dataSync()[0]).toBeGreaterThan(0.3);
    model.dispose();
  });

  it('repairs a picture alike alone and beside others, and differently by another seed', () => {
    const model = ddpm.build(config);
    trainOn(model, 0, 2);
    const pictures = tf.tensor4d(
      normals(3, 'p', 0, 2 * 784).map((value) => Math.tanh(value)),
      [2, 28, 28, 1],
    );
    const mask = tf.tidy(
      () => tf.concat([tf.ones([2, 14, 28, 1]), tf.zeros([2, 14, 28, 1])], 1) as tf.Tensor4D,
    );
    const repair = (rows: number, seeds: number[]) =>
      tf.tidy(() => {
        const part = (x: tf.Tensor4D) => tf.slice(x, [0, 0, 0, 0], [rows, -1, -1, -1]);
        const order = { seeds, sampling: { samplingSteps: 10, resamplings: 2 } };
        return [...model.repair({ pictures: part(pictures), mask: part(mask), ...order }).dataSync()];
      });
    const [both, alone, other] = [repair(2, [5, 6]), repair(1, [5]), repair(1, [7])];
    expect(alone).toEqual(both.slice(0, 784));
    expect(other).not.toEqual(alone);
    // The kept half is the picture's own.
    expect(alone.slice(0, 392)).toEqual([...pictures.dataSync()].slice(0, 392));
    tf.dispose([pictures, mask]);
    model.dispose();
  });
});
