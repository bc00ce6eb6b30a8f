import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { createSpectralNormalization } from '../../src-main/engine/models/spectral-normalization.ts';
import { normals } from '../../src-main/engine/random.ts';

beforeAll(() => openBackend('cpu'));

/** The largest singular value of a matrix, by many power iterations on plain numbers. */
function largestStretch(values: ArrayLike<number>, columns: number): number {
  const rows = values.length / columns;
  let right = Array.from({ length: columns }, (_, at) => Math.sin(at + 1));
  let stretch = 0;
  for (let turn = 0; turn < 500; turn++) {
    const left = Array.from({ length: rows }, (_, row) =>
      right.reduce((sum, value, column) => sum + value * values[row * columns + column]!, 0),
    );
    const back = right.map((_, column) =>
      left.reduce((sum, value, row) => sum + value * values[row * columns + column]!, 0),
    );
    const length = Math.hypot(...back);
    stretch = Math.sqrt(length);
    right = back.map((value) => value / length);
  }
  return stretch;
}

const network = () =>
  new Map<string, tf.Variable>([
    ['reduce.filter', tf.variable(tf.tensor4d(normals(1, 'filter', 0, 3 * 3 * 2 * 4), [3, 3, 2, 4]))],
    ['score.weights', tf.variable(tf.tensor2d(normals(2, 'weights', 0, 6 * 5), [6, 5]))],
    ['score.bias', tf.variable(tf.tensor1d([3, 4, 5, 6, 7]))],
  ]);

describe('spectral normalisation', () => {
  it('holds the stretch of every matrix at 1 and leaves biases alone', () => {
    const weights = network();
    const spectral = createSpectralNormalization(weights, 3);
    for (let turn = 0; turn < 60; turn++) spectral.iterate();
    const held = spectral.normalized();
    expect(largestStretch(weights.get('reduce.filter')!.dataSync(), 4)).toBeGreaterThan(2);
    expect(largestStretch(held.get('reduce.filter')!.dataSync(), 4)).toBeCloseTo(1, 3);
    expect(largestStretch(held.get('score.weights')!.dataSync(), 5)).toBeCloseTo(1, 3);
    expect([...held.get('score.bias')!.dataSync()]).toEqual([3, 4, 5, 6, 7]);
  });

  it('leaves a matrix as it is that it is not to hold', () => {
    const weights = network();
    const holds = (name: string) => !name.startsWith('score.');
    const spectral = createSpectralNormalization(weights, 3, { holds });
    expect([...spectral.vectors.keys()]).toEqual(['reduce.filter']);
    expect(spectral.normalized().get('score.weights')).toBe(weights.get('score.weights'));
  });

  it('follows the vectors from one update to the next instead of starting again', () => {
    const spectral = createSpectralNormalization(network(), 3);
    const before = [...spectral.vectors.get('score.weights')!.dataSync()];
    spectral.iterate();
    expect([...spectral.vectors.get('score.weights')!.dataSync()]).not.toEqual(before);
    expect(spectral.vectors.has('score.bias')).toBe(false);
  });

  it('has the gradient of the weight over its stretch, the vectors standing still', () => {
    const weights = network();
    const weight = weights.get('score.weights')!;
    const spectral = createSpectralNormalization(weights, 3);
    for (let turn = 0; turn < 200; turn++) spectral.iterate();
    const probe = tf.tensor2d(normals(4, 'probe', 0, 30), [6, 5]);
    const value = () => tf.sum(tf.mul(spectral.normalized().get('score.weights')!, probe)) as tf.Scalar;
    const { grads } = tf.variableGrads(value, [weight]);
    const gradient = grads[weight.name]!.dataSync();
    const start = Float32Array.from(weight.dataSync());
    const step = 1e-2;
    for (const at of [0, 7, 29]) {
      const moved = (by: number) => {
        const changed = start.slice();
        changed[at]! += by;
        weight.assign(tf.tensor2d(changed, [6, 5]));
        return value().dataSync()[0]!;
      };
      expect(gradient[at]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 2);
    }
  });
});
