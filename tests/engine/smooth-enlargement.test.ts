import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import type { Layer } from '../../src-main/engine/models/layers.ts';
import { declareWeights, forward, initialValues } from '../../src-main/engine/models/layers.ts';
import { normals } from '../../src-main/engine/random.ts';

const enlarging = (smooth: boolean): Layer => ({
  ...{ kind: 'transposed-convolution', name: 'enlarge', inputs: 3, outputs: 5, kernelPx: 4, stride: 2 },
  ...{ activation: 'linear', smooth, initial: { mean: 0, deviation: 0.3 } },
});
const weightsOf = (layer: Layer) =>
  new Map(
    declareWeights([layer]).map((declaration) => [
      declaration.name,
      tf.tensor(initialValues(declaration, 5, 'generator'), [...declaration.shape]),
    ]),
  );
const through = (layer: Layer, x: tf.Tensor) =>
  forward([layer], weightsOf(layer), x, { by: 'batch' }) as tf.Tensor4D;
const largest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0]!;

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm');
}, 60_000);

describe('a smooth enlargement', () => {
  it('is a nearest-neighbour enlargement and then a convolution of three pixels', () => {
    tf.tidy(() => {
      const x = tf.tensor4d(normals(1, 'maps', 0, 2 * 6 * 7 * 3), [2, 6, 7, 3]);
      const filter = weightsOf(enlarging(true)).get('enlarge.filter') as tf.Tensor4D;
      expect(filter.shape).toEqual([3, 3, 5, 3]);
      const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D;
      const expected = tf.conv2d(tf.image.resizeNearestNeighbor(x, [12, 14]), turned, 1, 'same');
      expect(largest(tf.sub(through(enlarging(true), x), expected))).toBeLessThan(1e-5);
    });
  });

  it('draws no grid over a surface of one colour, as a kernel of four pixels does', () => {
    tf.tidy(() => {
      const inside = (layer: Layer) =>
        tf.slice(through(layer, tf.ones([1, 8, 8, 3])), [0, 2, 2, 0], [1, 12, 12, 5]);
      const steps = (map: tf.Tensor) =>
        largest(
          tf.sub(tf.slice(map, [0, 0, 1, 0], [1, 12, 11, 5]), tf.slice(map, [0, 0, 0, 0], [1, 12, 11, 5])),
        );
      expect(steps(inside(enlarging(true)))).toBeLessThan(1e-5);
      expect(steps(inside(enlarging(false)))).toBeGreaterThan(0.1);
    });
  });
});
