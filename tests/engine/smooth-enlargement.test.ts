import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import type { Layer } from '../../src-main/engine/models/layers.ts';
import { declareWeights, forward, initialValues } from '../../src-main/engine/models/layers.ts';
import { normals } from '../../src-main/engine/random.ts';

/** How many rows and columns of 12 by 14 are compared; the last ones look beyond the edge. */
const inside = [11, 13] as const;

function enlarge(x: tf.Tensor, smooth: boolean): tf.Tensor4D {
  const layer: Layer = {
    ...{ kind: 'transposed-convolution', name: 'enlarge', inputs: 3, outputs: 5, kernelPx: 4, stride: 2 },
    ...{ activation: 'linear', smooth, initial: { mean: 0, deviation: 0.3 } },
  };
  const weights = new Map(
    declareWeights([layer]).map((declaration) => [
      declaration.name,
      tf.tensor(initialValues(declaration, 5, 'generator'), [...declaration.shape]),
    ]),
  );
  return forward([layer], weights, x, { by: 'batch' }) as tf.Tensor4D;
}

/** The part of `map` that starts at a row and a column, as large as the smallest of its kind. */
const part = (map: tf.Tensor4D, row: number, column: number, [height, width]: readonly [number, number]) =>
  tf.slice(map, [0, row, column, 0], [map.shape[0], height, width, map.shape[3]]);
const largest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0]!;

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm');
}, 60_000);

describe('a smooth enlargement', () => {
  it('is the mean of two by two of what the same weights enlarge to', () => {
    tf.tidy(() => {
      const x = tf.tensor4d(normals(1, 'maps', 0, 2 * 6 * 7 * 3), [2, 6, 7, 3]);
      const plain = enlarge(x, false);
      const corners = [part(plain, 0, 0, inside), part(plain, 0, 1, inside), part(plain, 1, 0, inside)];
      const mean = tf.mul(tf.addN([...corners, part(plain, 1, 1, inside)]), 1 / 4);
      expect(largest(tf.sub(part(enlarge(x, true), 1, 1, inside), mean))).toBeLessThan(1e-5);
    });
  });

  it('draws no grid over a surface of one colour, as the weights alone do', () => {
    tf.tidy(() => {
      const steps = (map: tf.Tensor4D) =>
        largest(tf.sub(part(map, 2, 3, [10, 10]), part(map, 2, 2, [10, 10])));
      const surface = tf.ones([1, 8, 8, 3]);
      expect(steps(enlarge(surface, true))).toBeLessThan(1e-5);
      expect(steps(enlarge(surface, false))).toBeGreaterThan(0.1);
    });
  });
});
