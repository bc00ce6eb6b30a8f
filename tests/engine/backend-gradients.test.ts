import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { createNumbers } from './kernels-reference.ts';

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

beforeAll(async () => {
  await buildKernels();
  await openBackend('cpu');
  await openBackend('wasm', { threads: 1 });
});

/** Checks every partial derivative of the op's weighted sum by central differences. */
function expectRightGradients(op: Op, shapes: number[][], shift = 0): void {
  tf.tidy(() => {
    const numbers = createNumbers(5);
    const values = shapes.map((shape) =>
      numbers.floats(tf.util.sizeFromShape(shape)).map((x) => x + shift + Math.sign(x) * 0.1),
    );
    const tensors = () => values.map((value, i) => tf.tensor(value.slice(), shapes[i]));
    const sample = op(...tensors());
    const weights = tf.tensor(numbers.floats(sample.size), sample.shape);
    const total: Op = (...inputs) => tf.sum(tf.mul(op(...inputs), weights));
    const gradients = tf
      .grads(total)(tensors())
      .map((gradient) => gradient.dataSync());
    const step = 1e-2;
    values.forEach((value, which) => {
      expect(gradients[which].length).toBe(value.length);
      value.forEach((original, i) => {
        value[i] = original + step;
        const above = total(...tensors()).dataSync()[0];
        value[i] = original - step;
        const below = total(...tensors()).dataSync()[0];
        value[i] = original;
        expect(gradients[which][i], `input ${which}, element ${i}`).toBeCloseTo(
          (above - below) / (2 * step),
          1.7,
        );
      });
    });
  });
}

const smooth: [string, Op, number][] = [
  ['abs', tf.abs, 0],
  ['square', tf.square, 0],
  ['square root', tf.sqrt, 2],
  ['reciprocal square root', tf.rsqrt, 2],
  ['reciprocal', tf.reciprocal, 2],
  ['exponential', tf.exp, 0],
  ['logarithm', tf.log, 2],
  ['log1p', tf.log1p, 2],
  ['sine', tf.sin, 0],
  ['cosine', tf.cos, 0],
  ['sigmoid', tf.sigmoid, 0],
  ['tanh', tf.tanh, 0],
  ['softplus', tf.softplus, 0],
  ['relu', tf.relu, 0],
  ['leaky relu', (x) => tf.leakyRelu(x, 0.1), 0],
  ['clip', (x) => tf.clipByValue(x, -0.55, 0.45), 0],
  ['negation', tf.neg, 0],
  ['mean over everything', (x) => tf.mean(x), 0],
  ['mean over one axis', (x) => tf.mean(x, 1), 0],
  ['sum over one axis, kept', (x) => tf.sum(x, 0, true), 0],
  ['sum over the last axis', (x) => tf.sum(x, -1), 0],
  ['largest over an axis', (x) => tf.max(x, 1), 0],
  ['softmax', (x) => tf.softmax(x), 0],
  ['log softmax', (x) => tf.logSoftmax(x), 0],
  ['log of a sum of exponentials', (x) => tf.logSumExp(x, 1), 0],
  ['reshape', (x) => tf.reshape(x, [4, 3]), 0],
  ['transpose', (x) => tf.transpose(x), 0],
  ['expand dims', (x) => tf.expandDims(x, 1), 0],
  ['broadcast', (x) => tf.broadcastTo(x, [2, 3, 4]), 0],
  ['slice', (x) => tf.slice(x, [1, 0], [2, 2]), 0],
  [
    'pad',
    (x) =>
      tf.pad(x, [
        [1, 0],
        [2, 1],
      ]),
    0,
  ],
  ['tile', (x) => tf.tile(x, [2, 3]), 0],
  ['gather', (x) => tf.gather(x, tf.tensor1d([2, 0, 2], 'int32')), 0],
  ['clone', (x) => tf.clone(x), 0],
];

const combined: [string, Op, number[][], number][] = [
  ['sum with broadcasting', tf.add, [[3, 4], [4]], 0],
  [
    'difference with broadcasting',
    tf.sub,
    [
      [1, 4],
      [3, 4],
    ],
    0,
  ],
  [
    'product with broadcasting',
    tf.mul,
    [
      [3, 4],
      [3, 1],
    ],
    0,
  ],
  ['quotient with broadcasting', tf.div, [[3, 4], [4]], 2],
  [
    'maximum',
    tf.maximum,
    [
      [3, 4],
      [3, 4],
    ],
    0,
  ],
  [
    'minimum',
    tf.minimum,
    [
      [3, 4],
      [3, 4],
    ],
    0,
  ],
  ['squared difference', tf.squaredDifference, [[3, 4], [4]], 0],
  [
    'sum of several',
    (...x) => tf.addN(x),
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    0,
  ],
  [
    'concatenation',
    (...x) => tf.concat(x, 1),
    [
      [2, 3],
      [2, 2],
    ],
    0,
  ],
  [
    'stacking',
    (...x) => tf.stack(x, 1),
    [
      [2, 3],
      [2, 3],
    ],
    0,
  ],
  [
    'choice',
    (a, b) => tf.where(tf.tensor2d([[1, 0, 1]], [1, 3], 'bool'), a, b),
    [
      [1, 3],
      [1, 3],
    ],
    0,
  ],
  [
    'product of matrices',
    (a, b) => tf.matMul(a, b),
    [
      [3, 4],
      [4, 2],
    ],
    0,
  ],
  [
    'product with the left transposed',
    (a, b) => tf.matMul(a, b, true),
    [
      [4, 3],
      [4, 2],
    ],
    0,
  ],
  [
    'product with the right transposed',
    (a, b) => tf.matMul(a, b, false, true),
    [
      [3, 4],
      [2, 4],
    ],
    0,
  ],
  [
    'product with both transposed',
    (a, b) => tf.matMul(a, b, true, true),
    [
      [4, 3],
      [2, 4],
    ],
    0,
  ],
  [
    'batched product',
    (a, b) => tf.matMul(a, b),
    [
      [2, 3, 4],
      [2, 4, 2],
    ],
    0,
  ],
  [
    'convolution',
    (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'same'),
    [
      [1, 4, 4, 2],
      [3, 3, 2, 2],
    ],
    0,
  ],
  [
    'transposed convolution',
    (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [1, 4, 4, 2], 2, 'same'),
    [
      [1, 2, 2, 3],
      [4, 4, 2, 3],
    ],
    0,
  ],
  ['largest in a window', (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'same'), [[1, 4, 4, 2]], 0],
  [
    'bilinear enlargement',
    (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [4, 6], false, true),
    [[1, 2, 3, 2]],
    0,
  ],
  [
    'batched product with a shared right side',
    (a, b) => tf.matMul(a, b, false, true),
    [
      [2, 3, 4],
      [1, 2, 4],
    ],
    0,
  ],
  [
    'batched product with a shared left side',
    (a, b) => tf.matMul(a, b, true, false),
    [
      [1, 4, 3],
      [3, 4, 2],
    ],
    0,
  ],
  ['strided slice', (x) => tf.stridedSlice(x, [0, 3], [3, 0], [2, -2]), [[3, 4]], 0],
  [
    'strided slice that drops and adds axes',
    (x) => tf.stridedSlice(x, [1, 0, 1], [2, 1, 4], [1, 1, 1], 0, 0, 0, 2, 1),
    [[3, 4]],
    0,
  ],
  [
    'mirrored margins',
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [2, 0],
        ],
        'reflect',
      ),
    [[3, 4]],
    0,
  ],
  [
    'mirrored margins with the edge',
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 3],
          [4, 0],
        ],
        'symmetric',
      ),
    [[3, 4]],
    0,
  ],
  ['reversal', (x) => tf.reverse(x, [1]), [[3, 4]], 0],
  [
    'bilinear enlargement with aligned corners',
    (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [5, 4], true),
    [[1, 2, 3, 2]],
    0,
  ],
  ['splitting', (x) => tf.mul(...(tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor])), [[3, 4]], 0],
  ['depth to space', (x) => tf.depthToSpace(x as tf.Tensor4D, 2), [[1, 2, 3, 8]], 0],
  ['average pooling', (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'same'), [[1, 4, 4, 2]], 0],
  [
    'nearest-neighbour enlargement',
    (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [4, 6]),
    [[1, 2, 2, 2]],
    0,
  ],
];

describe.each(['cpu', 'wasm'] as const)('on %s a model may differentiate', (backend) => {
  beforeAll(async () => {
    await openBackend(backend);
  });

  it.each(smooth)('%s', (_name, op, shift) => {
    expectRightGradients(op, [[3, 4]], shift);
  });

  it.each(combined)('%s', (_name, op, shapes, shift) => {
    expectRightGradients(op, shapes, shift);
  });
});
