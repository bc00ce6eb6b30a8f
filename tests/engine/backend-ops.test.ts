import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import {
  batchNormalization,
  convolution,
  dense,
  leakyRelu,
  normalizeWith,
  relu,
  tanh,
  transposedConvolution,
  type Activation,
} from '../../src-main/engine/ops/layers.ts';
import { meanBinaryCrossEntropyWithLogits } from '../../src-main/engine/ops/losses.ts';
import { createNumbers } from './kernels-reference.ts';

type Inputs = { shape: number[]; values?: number[] }[];
type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

beforeAll(async () => {
  await buildKernels();
  await openBackend('cpu');
  await openBackend('wasm', { threads: 2 });
});

afterEach(async () => {
  await tf.setBackend('wasm');
});

/** Value of an op, and the gradients of its weighted sum with respect to every input, on one backend. */
async function evaluate(backend: 'cpu' | 'wasm', op: Op, inputs: Inputs): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const numbers = createNumbers(17);
  return tf.tidy(() => {
    const tensors = inputs.map(({ shape, values }) =>
      tf.tensor(values ?? numbers.floats(tf.util.sizeFromShape(shape)), shape, 'float32'),
    );
    const value = op(...tensors);
    const weights = tf.tensor(createNumbers(23).floats(value.size), value.shape, 'float32');
    const gradients = tf.grads((...x: tf.Tensor[]) => tf.sum(tf.mul(op(...x), weights)))(tensors);
    return [value, ...gradients].map((tensor) => tensor.dataSync<'float32'>().slice());
  });
}

/** The op on wasm with the fused kernels agrees with its composition on tfjs's JavaScript backend. */
async function expectAgreement(op: Op, inputs: Inputs, tolerance = 2e-5): Promise<void> {
  const expected = await evaluate('cpu', op, inputs);
  const actual = await evaluate('wasm', op, inputs);
  expected.forEach((values, which) => {
    const scale = values.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1e-2);
    expect(actual[which].length).toBe(values.length);
    const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - actual[which][i])), 0);
    expect(worst / scale, which === 0 ? 'value' : `gradient ${which}`).toBeLessThan(tolerance);
  });
}

const activations: Activation[] = [
  'linear',
  'relu',
  'leakyRelu',
  'tanh',
  'sigmoid',
  'softplus',
  'silu',
  'gelu',
];

describe('an op gives on wasm the value and gradients of its plain composition', () => {
  it.each(activations)('dense, %s', async (activation) => {
    const op: Op = (x, w, b) => dense(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D, activation);
    await expectAgreement(op, [{ shape: [7, 13] }, { shape: [13, 10] }, { shape: [10] }]);
    await expectAgreement(op, [{ shape: [3, 100] }, { shape: [100, 1] }, { shape: [1] }]);
  });

  it.each(activations)('convolution, %s', async (activation) => {
    for (const stride of [1, 2] as const) {
      for (const padding of ['same', 'valid'] as const) {
        const op: Op = (x, w, b) =>
          convolution(x as tf.Tensor4D, w as tf.Tensor4D, b as tf.Tensor1D, stride, activation, padding);
        await expectAgreement(op, [{ shape: [2, 8, 7, 3] }, { shape: [4, 3, 3, 5] }, { shape: [5] }]);
      }
    }
  });

  it.each(activations)('transposed convolution, %s', async (activation) => {
    for (const stride of [1, 2] as const) {
      const op: Op = (x, w, b) =>
        transposedConvolution(x as tf.Tensor4D, w as tf.Tensor4D, b as tf.Tensor1D, stride, activation);
      await expectAgreement(op, [{ shape: [2, 5, 4, 6] }, { shape: [4, 4, 3, 6] }, { shape: [3] }]);
      await expectAgreement(op, [{ shape: [1, 3, 3, 9] }, { shape: [5, 5, 1, 9] }, { shape: [1] }]);
    }
  });

  it('both convolutions without a bias', async () => {
    await expectAgreement(
      (x, w) => convolution(x as tf.Tensor4D, w as tf.Tensor4D, null, 2, 'tanh'),
      [{ shape: [2, 6, 6, 4] }, { shape: [3, 3, 4, 2] }],
    );
    await expectAgreement(
      (x, w) => transposedConvolution(x as tf.Tensor4D, w as tf.Tensor4D, null, 2, 'tanh'),
      [{ shape: [2, 3, 3, 4] }, { shape: [4, 4, 2, 4] }],
    );
  });

  it.each([[[30, 7]], [[4, 5, 3, 16]], [[2, 3, 3, 5]]])('batch normalization of %j', async (shape) => {
    const channels = { shape: shape.slice(-1) };
    await expectAgreement(
      (x, gamma, beta) =>
        batchNormalization(x as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3).y,
      [{ shape }, channels, channels],
      1e-4,
    );
  });

  it('the statistics that batch normalization returns are those of the batch', async () => {
    for (const backend of ['cpu', 'wasm'] as const) {
      await openBackend(backend);
      tf.tidy(() => {
        const x = tf.tensor2d([1, 10, 3, 10, 5, 40], [3, 2]);
        const ones = tf.ones([2]) as tf.Tensor1D;
        const { y, mean, variance } = batchNormalization(x, ones, tf.zerosLike(ones), 0);
        expect([...mean.dataSync()]).toEqual([3, 20]);
        expect(variance.dataSync()[0]).toBeCloseTo(8 / 3, 5);
        expect(variance.dataSync()[1]).toBeCloseTo(200, 3);
        const again = normalizeWith(x, mean, variance, ones, tf.zerosLike(ones), 0);
        again.dataSync().forEach((value, i) => expect(value).toBeCloseTo(y.dataSync()[i], 5));
      });
    }
  });

  it('batched products of all transpositions, with a side for each or one for all', async () => {
    for (const [batchA, batchB] of [
      [[3], [3]],
      [[5], [1]],
      [[1], [70]],
      [
        [2, 3],
        [2, 3],
      ],
    ] as const) {
      for (const left of [false, true]) {
        for (const right of [false, true]) {
          await expectAgreement(
            (a, b) => tf.matMul(a, b, left, right),
            [
              { shape: [...batchA, ...(left ? [6, 7] : [7, 6])] },
              { shape: [...batchB, ...(right ? [9, 6] : [6, 9])] },
            ],
          );
        }
      }
    }
  });

  it('activations on their own', async () => {
    await expectAgreement((x) => relu(x), [{ shape: [3, 5, 7] }]);
    await expectAgreement((x) => leakyRelu(x), [{ shape: [41] }]);
    await expectAgreement((x) => tanh(x), [{ shape: [6, 9] }]);
  });

  it('the loss, with a target for all and with one each', async () => {
    const targets = [0, 1, 0.5, 0.9];
    for (const target of [0, 1, 0.9]) {
      await expectAgreement((x) => meanBinaryCrossEntropyWithLogits(x, target), [{ shape: [9, 1] }]);
    }
    await expectAgreement(
      (x) => meanBinaryCrossEntropyWithLogits(x, tf.tensor2d(targets, [4, 1])),
      [{ shape: [4, 1], values: [-3, 0, 2, 50] }],
    );
  });
});

describe('the loss', () => {
  it('has the gradient (sigmoid(x) - target) / n, at zero and for huge logits too', async () => {
    await openBackend('wasm');
    tf.tidy(() => {
      const logits = tf.tensor1d([0, 200, -200, 1]);
      for (const target of [0, 1, 0.25]) {
        const [gradient] = tf.grads((x: tf.Tensor) => meanBinaryCrossEntropyWithLogits(x, target))([logits]);
        const values = gradient.dataSync();
        logits.dataSync().forEach((x, i) => {
          expect(values[i]).toBeCloseTo((1 / (1 + Math.exp(-x)) - target) / 4, 6);
        });
        const loss = meanBinaryCrossEntropyWithLogits(logits, target).dataSync()[0];
        const expected = [0, 200, -200, 1].map(
          (x) => Math.max(x, 0) - x * target + Math.log1p(Math.exp(-Math.abs(x))),
        );
        expect(loss).toBeCloseTo(expected.reduce((a, b) => a + b) / 4, 3);
      }
    });
  });
});

describe('a gradient penalty, which differentiates a gradient', () => {
  it('agrees between wasm and the JavaScript backend through convolutions and dense layers', async () => {
    const penalty: Op = (x, w0, w1, w2) => {
      const critic = (input: tf.Tensor) => {
        const first = convolution(input as tf.Tensor4D, w0 as tf.Tensor4D, null, 2, 'tanh');
        const second = convolution(first, w1 as tf.Tensor4D, null, 1, 'leakyRelu');
        const flat = tf.reshape(second, [2, -1]) as tf.Tensor2D;
        return tf.sum(dense(flat, w2 as tf.Tensor2D, tf.zeros([1]) as tf.Tensor1D, 'linear'));
      };
      return tf.sum(tf.square(tf.grad(critic)(x)));
    };
    await expectAgreement(
      penalty,
      [{ shape: [2, 6, 6, 2] }, { shape: [4, 4, 2, 5] }, { shape: [3, 3, 5, 4] }, { shape: [36, 1] }],
      1e-4,
    );
  });
});

describe('tensors', () => {
  it('are all freed after a value and its gradients, and survive growth of the memory', async () => {
    const handle = await openBackend('wasm');
    const x = tf.tensor2d(createNumbers(2).floats(20), [4, 5]);
    const weights = tf.tensor2d(createNumbers(3).floats(15), [5, 3]);
    const bias = tf.zeros([3]) as tf.Tensor1D;
    const run = () => tf.tidy(() => [...dense(x, weights, bias, 'tanh').dataSync()]);
    const first = run();
    const before = handle.memory();
    // tfjs's memory starts at 16 MB.
    const large = tf.zeros([64, 1024, 1024]);
    expect(run()).toEqual(first);
    large.dispose();
    tf.tidy(
      () => void tf.grads((a: tf.Tensor) => tf.sum(dense(a as tf.Tensor2D, weights, bias, 'relu')))([x]),
    );
    expect(handle.memory()).toEqual(before);
    tf.dispose([x, weights, bias]);
  });
});
