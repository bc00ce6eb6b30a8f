import * as tf from '@tensorflow/tfjs-core';
import { normals } from '../random.ts';
import type { DiffusionSchedule, Prediction } from './diffusion-schedule.ts';
import { stepsDown } from './diffusion-schedule.ts';

/** What a network makes of noisy pictures at one step: the picture and the noise that it sees in them. */
export type Denoise = (noisy: tf.Tensor4D, step: number) => { picture: tf.Tensor4D; noise: tf.Tensor4D };

/**
 * The picture and the noise that a prediction means, the picture held within −1…1.
 *
 * @param predicted what the network says of `noisy`
 */
export function split(
  schedule: DiffusionSchedule,
  prediction: Prediction,
  noisy: tf.Tensor4D,
  predicted: tf.Tensor,
  step: number,
): { picture: tf.Tensor4D; noise: tf.Tensor4D } {
  const [alpha, sigma] = [schedule.alpha[step]!, schedule.sigma[step]!];
  const told = {
    noise: () => tf.mul(tf.sub(noisy, tf.mul(predicted, sigma)), 1 / alpha),
    velocity: () => tf.sub(tf.mul(noisy, alpha), tf.mul(predicted, sigma)),
    picture: () => predicted,
  };
  const picture = tf.clipByValue(told[prediction](), -1, 1) as tf.Tensor4D;
  const noise = tf.mul(tf.sub(noisy, tf.mul(picture, alpha)), 1 / sigma) as tf.Tensor4D;
  return { picture, noise };
}

/**
 * Pictures from noise in `count` steps without further chance: Song et al., "Denoising Diffusion Implicit Models",
 * 2021, with η = 0.
 *
 * @param noise `[batch, height, width, channel]`, standard normal; stays the caller's
 */
export function denoiseImplicitly(
  schedule: DiffusionSchedule,
  denoise: Denoise,
  noise: tf.Tensor4D,
  count: number,
): tf.Tensor4D {
  const steps = stepsDown(schedule, count);
  let noisy = noise;
  for (const [index, step] of steps.entries()) {
    const before = noisy;
    const next = steps[index + 1];
    noisy = tf.tidy(() => {
      const seen = denoise(before, step);
      if (next === undefined) return seen.picture;
      const [alpha, sigma] = [schedule.alpha[next]!, schedule.sigma[next]!];
      return tf.add(tf.mul(seen.picture, alpha), tf.mul(seen.noise, sigma)) as tf.Tensor4D;
    });
    if (before !== noise) before.dispose();
  }
  return noisy;
}

export interface Repair {
  /** `[batch, height, width, channel]`, −1…1; what the mask hides does not matter. */
  readonly pictures: tf.Tensor4D;
  /** `[batch, height, width, 1]`: 1 where the picture is kept, 0 where it is to be made up. */
  readonly mask: tf.Tensor4D;
  /** One for each picture. */
  readonly seeds: readonly number[];
  readonly samplingSteps: number;
  /** How often each step is taken, so that the made-up part comes to fit the kept one. */
  readonly resamplings: number;
}

/**
 * Fills the holes of pictures: Lugmayr et al., "RePaint: Inpainting using Denoising Diffusion Probabilistic Models",
 * 2022, with jumps of one step. Every random number comes from the picture's own seed, so that a repair does not
 * depend on what else is repaired.
 */
export function repaint(
  schedule: DiffusionSchedule,
  denoise: Denoise,
  { pictures, mask, seeds, samplingSteps, resamplings }: Repair,
): tf.Tensor4D {
  const shape = pictures.shape;
  const size = pictures.size / shape[0];
  const steps = stepsDown(schedule, samplingSteps);
  const drawn = (stream: string, index: number) => {
    const values = new Float32Array(pictures.size);
    seeds.forEach((seed, row) => values.set(normals(seed, stream, index, size), row * size));
    return tf.tensor4d(values, shape);
  };
  let noisy = drawn('latent', 0);
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1];
    for (let turn = 0; turn < resamplings; turn++) {
      const at = index * resamplings + turn;
      const before = noisy;
      noisy = tf.tidy(() => {
        const seen = denoise(before, step);
        if (next === undefined) return seen.picture;
        const clearer = lessNoisy(schedule, before, seen.picture, step, next, drawn('repair-descent', at));
        const known = tf.add(
          tf.mul(pictures, schedule.alpha[next]!),
          tf.mul(drawn('repair-known', at), schedule.sigma[next]!),
        );
        const joined = tf.add(tf.mul(known, mask), tf.mul(clearer, tf.sub(1, mask))) as tf.Tensor4D;
        if (turn === resamplings - 1) return joined;
        const kept = schedule.alpha[step]! / schedule.alpha[next]!;
        return tf.add(
          tf.mul(joined, kept),
          tf.mul(drawn('repair-return', at), Math.sqrt(1 - kept * kept)),
        ) as tf.Tensor4D;
      });
      before.dispose();
      if (next === undefined) break;
    }
  }
  const made = noisy;
  const whole = tf.tidy(() => tf.add(tf.mul(pictures, mask), tf.mul(made, tf.sub(1, mask))) as tf.Tensor4D);
  made.dispose();
  return whole;
}

/** A draw from q(x_next | x_step, x₀), equations 6 and 7 of Ho et al. 2020 for steps that skip some. */
function lessNoisy(
  { alpha, sigma }: DiffusionSchedule,
  noisy: tf.Tensor,
  picture: tf.Tensor,
  step: number,
  next: number,
  chance: tf.Tensor,
): tf.Tensor {
  const kept = (alpha[step]! / alpha[next]!) ** 2;
  const variance = (sigma[next]! / sigma[step]!) ** 2 * (1 - kept);
  const ofPicture = (alpha[next]! * (1 - kept)) / sigma[step]! ** 2;
  const ofNoisy = (Math.sqrt(kept) * sigma[next]! ** 2) / sigma[step]! ** 2;
  const mean = tf.add(tf.mul(picture, ofPicture), tf.mul(noisy, ofNoisy));
  return tf.add(mean, tf.mul(chance, Math.sqrt(variance)));
}
