import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from '../../../src-main/engine/models/layers.ts';
import { forward } from '../../../src-main/engine/models/layers.ts';
import { createWeights } from '../../../src-main/engine/models/network-state.ts';
import { createAdam } from '../../../src-main/engine/ops/adam.ts';
import { gradientsOf } from '../../../src-main/engine/optimisation/optimiser.ts';
import { integers, permutation } from '../../../src-main/engine/random.ts';

/** Grey pictures of one size with their classes. */
export interface Digits {
  /** `[count, sizePx, sizePx]`, 0…255. */
  readonly pixels: Uint8Array;
  /** 0…9, one for each picture. */
  readonly labels: Uint8Array;
}

export const sizePx = 28;
export const classes = 10;
export const featureSize = 64;
const picturePixels = sizePx * sizePx;

const convolution = (
  name: string,
  kernelPx: number,
  stride: 1 | 2,
  inputs: number,
  outputs: number,
): Layer => ({
  ...{ kind: 'convolution', name, kernelPx, stride, inputs, outputs, activation: 'relu' },
  initial: { mean: 0, deviation: Math.sqrt(2 / (kernelPx ** 2 * inputs)) },
});
const dense = (name: string, inputs: number, outputs: number, activation: 'relu' | 'linear'): Layer => ({
  ...{ kind: 'dense', name, inputs, outputs, activation },
  initial: { mean: 0, deviation: Math.sqrt(2 / inputs) },
});

const body: readonly Layer[] = [
  convolution('edges', 3, 1, 1, 16),
  convolution('strokes', 4, 2, 16, 32),
  convolution('parts', 4, 2, 32, 64),
  { kind: 'reshape', name: 'flat', shape: [7 * 7 * 64] },
  dense('features', 7 * 7 * 64, featureSize, 'relu'),
];
const head: readonly Layer[] = [dense('classes', featureSize, classes, 'linear')];

const batchSize = 64;
const epochs = 12;
/** Digits stand a little elsewhere each time they are seen. */
const largestShiftPx = 2;

export interface Judgement {
  /** The class each picture most looks like. */
  readonly classes: Uint8Array;
  /** `[count, featureSize]`, row by row. */
  readonly features: Float32Array;
}

export interface DigitJudge {
  judge(pixels: Uint8Array): Judgement;
  dispose(): void;
}

function shifted(
  pixels: Uint8Array,
  index: number,
  x: number,
  y: number,
  into: Float32Array,
  at: number,
): void {
  for (let row = 0; row < sizePx; row++) {
    for (let column = 0; column < sizePx; column++) {
      const [fromRow, fromColumn] = [row - y, column - x];
      const isInside = fromRow >= 0 && fromRow < sizePx && fromColumn >= 0 && fromColumn < sizePx;
      const value = isInside ? pixels[index * picturePixels + fromRow * sizePx + fromColumn]! : 0;
      into[at * picturePixels + row * sizePx + column] = value / 127.5 - 1;
    }
  }
}

/**
 * A small convolutional classifier, trained on these digits with the engine's own operations; what its last layer
 * but one says of a picture are the features that distances are taken in.
 */
export function trainJudge(digits: Digits, seed: number): DigitJudge {
  const count = digits.labels.length;
  const weights = createWeights([...body, ...head], seed, 'judge');
  const adam = createAdam([...weights.values()], {
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-7,
  });
  const run = (layers: readonly Layer[], x: tf.Tensor) => forward(layers, weights, x, { by: 'batch' });
  const steps = Math.floor(count / batchSize);
  for (let epoch = 0; epoch < epochs; epoch++) {
    adam.settings.learningRate = epoch < epochs - 3 ? 1e-3 : 1e-4;
    const order = permutation(seed, 'judge-order', epoch, count);
    const shifts = integers(seed, 'judge-shifts', epoch, 2 * count, 2 * largestShiftPx + 1);
    for (let step = 0; step < steps; step++) {
      const values = new Float32Array(batchSize * picturePixels);
      const labels = new Int32Array(batchSize);
      for (let at = 0; at < batchSize; at++) {
        const place = step * batchSize + at;
        const index = order[place]!;
        const [x, y] = [shifts[2 * place]! - largestShiftPx, shifts[2 * place + 1]! - largestShiftPx];
        shifted(digits.pixels, index, x, y, values, at);
        labels[at] = digits.labels[index]!;
      }
      tf.tidy(() => {
        const batch = tf.tensor4d(values, [batchSize, sizePx, sizePx, 1]);
        const target = tf.oneHot(tf.tensor1d(labels, 'int32'), classes);
        const learning = { moved: [...weights.values()] };
        const { gradients } = gradientsOf(() => {
          const logits = run(head, run(body, batch)) as tf.Tensor2D;
          return tf.neg(tf.mean(tf.sum(tf.mul(target, tf.logSoftmax(logits)), 1))) as tf.Scalar;
        }, learning);
        adam.step(gradients);
      });
    }
  }
  return {
    judge(pixels) {
      const total = pixels.length / picturePixels;
      const found = new Uint8Array(total);
      const features = new Float32Array(total * featureSize);
      for (let start = 0; start < total; start += 250) {
        const end = Math.min(total, start + 250);
        tf.tidy(() => {
          const part = Float32Array.from(
            pixels.subarray(start * picturePixels, end * picturePixels),
            (value) => value / 127.5 - 1,
          );
          const seen = run(body, tf.tensor4d(part, [end - start, sizePx, sizePx, 1]));
          features.set(seen.dataSync<'float32'>(), start * featureSize);
          found.set(tf.argMax(run(head, seen), 1).dataSync<'int32'>(), start);
        });
      }
      return { classes: found, features };
    },
    dispose() {
      adam.dispose();
      for (const variable of weights.values()) variable.dispose();
    },
  };
}
