import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import {
  batchNormalization,
  convolution,
  dense,
  gelu,
  silu,
  softplus,
  transposedConvolution,
} from '../../src-main/engine/ops/layers.ts';
import { meanBinaryCrossEntropyWithLogits } from '../../src-main/engine/ops/losses.ts';
import {
  groupNormalization,
  instanceNormalization,
  layerNormalization,
} from '../../src-main/engine/ops/normalization.ts';
import { logSoftmax, softmax } from '../../src-main/engine/ops/softmax.ts';
import { createNumbers } from './kernels-reference.ts';

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;
type Normalize = (x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D) => tf.Tensor;

beforeAll(async () => {
  await buildKernels();
  await openBackend('cpu');
  await openBackend('wasm', { threads: 2 });
});

afterEach(async () => {
  await tf.setBackend('wasm');
});

async function evaluate(backend: 'cpu' | 'wasm', op: Op, shapes: number[][]): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const numbers = createNumbers(29);
  return tf.tidy(() => {
    const tensors = shapes.map((shape) => tf.tensor(numbers.floats(tf.util.sizeFromShape(shape)), shape));
    const value = op(...tensors);
    const weights = tf.tensor(createNumbers(31).floats(value.size), value.shape);
    const gradients = tf.grads((...x: tf.Tensor[]) => tf.sum(tf.mul(op(...x), weights)))(tensors);
    return [value, ...gradients].map((tensor) => tensor.dataSync<'float32'>().slice());
  });
}

/** On wasm the op gives the value and gradients of its composition on tfjs's JavaScript backend. */
async function expectAgreement(op: Op, shapes: number[][], tolerance = 2e-4): Promise<void> {
  const expected = await evaluate('cpu', op, shapes);
  const actual = await evaluate('wasm', op, shapes);
  expected.forEach((values, which) => {
    const scale = values.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1e-2);
    const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - actual[which][i])), 0);
    expect(worst / scale, which === 0 ? 'value' : `gradient ${which}`).toBeLessThan(tolerance);
  });
}

/** The squared gradient of an op in its first input, as a penalty has it. */
const penaltyOf =
  (op: Op): Op =>
  (x, ...rest) =>
    tf.sum(tf.square(tf.grad((input) => tf.sum(tf.square(op(input, ...rest))))(x)));

/** Checks the derivative of a scalar op along one direction by central differences, on wasm. */
function expectRightSlope(op: Op, shapes: number[][], tolerance: number): void {
  tf.tidy(() => {
    const numbers = createNumbers(41);
    const draw = () => shapes.map((shape) => tf.tensor(numbers.floats(tf.util.sizeFromShape(shape)), shape));
    const at = draw();
    const direction = draw();
    const gradients = tf.grads(op)(at);
    const slope = gradients.reduce((sum, g, i) => sum + tf.sum(tf.mul(g, direction[i])).dataSync()[0], 0);
    const step = 2e-3;
    const [above, below] = [step, -step].map(
      (width) => op(...at.map((x, i) => tf.add(x, tf.mul(direction[i], width)))).dataSync()[0],
    );
    const measured = (above - below) / (2 * step);
    expect(Math.abs(slope - measured) / Math.max(1, Math.abs(measured))).toBeLessThan(tolerance);
  });
}

const mirrored: Op = (x) =>
  tf.mirrorPad(
    x,
    [
      [2, 1],
      [0, 3],
    ],
    'reflect',
  );

const normalizations: [string, Normalize][] = [
  ['batch', (x, gamma, beta) => batchNormalization(x as tf.Tensor4D, gamma, beta, 1e-2).y],
  ['instance', (x, gamma, beta) => instanceNormalization(x as tf.Tensor4D, gamma, beta, 1e-2)],
  ['layer', (x, gamma, beta) => layerNormalization(x, gamma, beta, 1e-2)],
  ['group', (x, gamma, beta) => groupNormalization(x as tf.Tensor4D, 3, gamma, beta, 1e-2)],
];

describe.each(normalizations)('%s normalization', (_name, normalize) => {
  const op: Op = (x, gamma, beta) => normalize(x, gamma as tf.Tensor1D, beta as tf.Tensor1D);
  const shapes = [[3, 4, 5, 6], [6], [6]];

  it('has the value and gradients of its plain composition', async () => {
    await expectAgreement(op, shapes);
    await expectAgreement(op, [[2, 7, 3, 33], [33], [33]]);
  });

  it('has the right second derivatives', async () => {
    await expectAgreement(penaltyOf(op), shapes, 1e-3);
    expectRightSlope(penaltyOf(op), shapes, 2e-2);
  });
});

it('layer normalization takes rows of any rank', async () => {
  const op: Op = (x, gamma, beta) => layerNormalization(x, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3);
  await expectAgreement(op, [[9, 20], [20], [20]]);
  await expectAgreement(op, [[2, 5, 7], [7], [7]]);
});

describe('second derivatives, as gradient penalties take them', () => {
  const cases: [string, Op, number[][]][] = [
    [
      'a convolution that halves many channels',
      (x, w) => convolution(x as tf.Tensor4D, w as tf.Tensor4D, null, 2, 'tanh'),
      [
        [2, 8, 8, 16],
        [4, 4, 16, 16],
      ],
    ],
    [
      'a transposed convolution that doubles many channels',
      (x, w) => transposedConvolution(x as tf.Tensor4D, w as tf.Tensor4D, null, 2, 'sigmoid'),
      [
        [2, 4, 4, 16],
        [4, 4, 16, 16],
      ],
    ],
    [
      'a dense layer',
      (x, w, b) => dense(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D, 'softplus'),
      [[3, 7], [7, 5], [5]],
    ],
    ['SiLU', (x) => silu(x), [[4, 9]]],
    ['softplus', (x) => softplus(x), [[4, 9]]],
    ['GELU', (x) => gelu(x), [[4, 9]]],
    ['softmax', (x) => softmax(x), [[4, 9]]],
    ['the logarithm of softmax', (x) => logSoftmax(x), [[4, 9]]],
    [
      'attention',
      (q, k, v) => tf.matMul(softmax(tf.matMul(q, k, false, true)), v),
      [
        [2, 3, 5],
        [2, 4, 5],
        [2, 4, 6],
      ],
    ],
    ['max pooling', (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'), [[2, 5, 4, 3]]],
    ['nearest enlargement', (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [6, 6]), [[1, 3, 3, 2]]],
    [
      'reduction by bilinear interpolation',
      (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [3, 2], false, true),
      [[2, 7, 5, 5]],
    ],
    ['a strided slice', (x) => tf.stridedSlice(x, [1, 6], [5, 0], [2, -3]), [[5, 7]]],
    ['mirrored margins', mirrored, [[4, 5]]],
    ['the loss', (x) => meanBinaryCrossEntropyWithLogits(x, 0.9), [[9, 1]]],
    ['average pooling', (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'same'), [[1, 4, 4, 3]]],
    ['bilinear enlargement', (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [6, 6]), [[1, 3, 3, 2]]],
  ];

  it.each(cases)('through %s', async (_name, op, shapes) => {
    // Scaled down, so that no unit saturates and hides its curvature.
    const scaled: Op = (...inputs) => penaltyOf(op)(...inputs.map((input) => tf.mul(input, 0.3)));
    await expectAgreement(scaled, shapes, 1e-3);
    expectRightSlope(scaled, shapes, 2e-2);
  });
});

it('rows of a table are looked up, and their gradient is added up row by row', async () => {
  const indices = () => tf.tensor1d([2, 0, 2, 4], 'int32');
  await expectAgreement((table) => tf.gather(table, indices()), [[5, 12]]);
  await expectAgreement(
    penaltyOf((table) => tf.gather(table, indices())),
    [[5, 12]],
  );
});
