import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { createNumbers } from './kernels-reference.ts';

type Op = (x: tf.Tensor) => tf.Tensor;

beforeAll(async () => {
  await buildKernels();
  await openBackend('cpu');
  await openBackend('wasm', { threads: 2 });
});

/** On wasm the op gives, element for element, what tfjs's JavaScript backend gives, of floats and of integers. */
async function expectSame(op: Op, shape: number[]): Promise<void> {
  const values = createNumbers(shape.length + shape[0]!).floats(tf.util.sizeFromShape(shape));
  for (const dtype of ['float32', 'int32'] as const) {
    const results: { shape: number[]; dtype: string; values: number[] }[] = [];
    for (const backend of ['cpu', 'wasm']) {
      await tf.setBackend(backend);
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const given = dtype === 'int32' ? Int32Array.from(values, (value) => value * 1e6) : values.slice();
        const result = op(tf.tensor(given, shape, dtype));
        results.push({ shape: result.shape, dtype: result.dtype, values: [...result.dataSync()] });
      });
      expect(tf.memory().numTensors).toBe(before);
    }
    expect(results[1]).toEqual(results[0]);
  }
}

const numbers = createNumbers(99);
const randomShape = (rank: number, largest: number): number[] =>
  Array.from({ length: rank }, () => numbers.integer(1, largest));
const between = (low: number, high: number) => numbers.integer(low, high);

const cases: [string, Op, number[]][] = [];
for (let i = 0; i < 12; i++) {
  const shape = randomShape(between(1, 5), 7);
  const begin = shape.map((extent) => between(0, extent - 1));
  const size = shape.map((extent, axis) => between(1, extent - begin[axis]!));
  cases.push([`slice [${begin.join()}] + [${size.join()}]`, (x) => tf.slice(x, begin, size), shape]);
  const strides = shape.map(() => [1, 2, 3, -1, -2][between(0, 4)]!);
  const from = shape.map((extent, axis) => (strides[axis]! > 0 ? begin[axis]! : extent - 1 - begin[axis]!));
  const to = shape.map((extent, axis) => (strides[axis]! > 0 ? extent : -extent - 1));
  cases.push([
    `strided slice [${from.join()}] by [${strides.join()}]`,
    (x) => tf.stridedSlice(x, from, to, strides),
    shape,
  ]);
  const margins = shape.map((): [number, number] => [between(0, 3), between(0, 3)]);
  if (shape.length <= 4) {
    cases.push([`pad ${JSON.stringify(margins)}`, (x) => tf.pad(x, margins, 7), shape]);
    const mirrored = shape.map((extent): [number, number] => [
      between(0, Math.min(3, extent - 1)),
      between(0, Math.min(3, extent - 1)),
    ]);
    for (const mode of ['reflect', 'symmetric'] as const) {
      cases.push([`mirror pad, ${mode}`, (x) => tf.mirrorPad(x, mirrored, mode), shape]);
    }
  }
  const repeats = shape.map(() => between(1, 3));
  if (shape.length <= 4) cases.push([`tile [${repeats.join()}]`, (x) => tf.tile(x, repeats), shape]);
  const axis = between(0, shape.length - 1);
  cases.push([`reverse axis ${axis}`, (x) => tf.reverse(x, axis), shape]);
  cases.push([
    `concatenation along ${axis}`,
    (x) => tf.concat([x, tf.mul(x, 2) as tf.Tensor, x], axis),
    shape,
  ]);
  cases.push([`stack along ${axis}`, (x) => tf.stack([x, tf.neg(x)], axis), shape]);
}
for (let i = 0; i < 16; i++) {
  const shape = randomShape(between(2, 6), i < 8 ? 5 : 9);
  const order = shape.map((_, axis) => axis).sort(() => between(0, 1) - 0.5);
  cases.push([`transpose of [${shape.join()}] by [${order.join()}]`, (x) => tf.transpose(x, order), shape]);
}
cases.push(
  ['transpose of a large matrix', (x) => tf.transpose(x), [131, 270]],
  ['transpose of channels', (x) => tf.transpose(x, [0, 3, 1, 2]), [2, 9, 8, 37]],
  ['depth to space', (x) => tf.depthToSpace(tf.cast(x as tf.Tensor4D, 'float32'), 2), [2, 3, 4, 12]],
  ['depth to space of three', (x) => tf.depthToSpace(tf.cast(x as tf.Tensor4D, 'float32'), 3), [1, 2, 2, 9]],
  ['split in unequal parts', (x) => tf.concat(tf.split(x, [1, 3, 2], 1).reverse(), 1), [3, 6, 4]],
  ['space to batch', (x) => tf.spaceToBatchND(x, [2, 2], [[0, 0], [1, 1]]), [2, 4, 4, 3]], // prettier-ignore
  ['batch to space', (x) => tf.batchToSpaceND(x, [2, 2], [[0, 0], [0, 1]]), [8, 2, 2, 3]], // prettier-ignore
);

describe('what moves elements, moves them on wasm as everywhere', () => {
  it.each(cases)('%s', async (_name, op, shape) => {
    await expectSame(op, shape);
  });
});

it('a strided slice may add and drop axes, where tfjs itself takes wrong elements', async () => {
  await tf.setBackend('wasm');
  tf.tidy(() => {
    const x = tf.tensor2d([0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23], [3, 4]);
    const sliced = tf.stridedSlice(x, [0, 1, 0], [1, 2, 4], [1, 1, 2], 0, 0, 0, 1, 2);
    expect(sliced.shape).toEqual([1, 2]);
    expect([...sliced.dataSync()]).toEqual([10, 12]);
  });
});

it('empty tensors and truth values still pass', async () => {
  await tf.setBackend('wasm');
  tf.tidy(() => {
    const truth = tf.tensor2d([1, 0, 0, 1], [2, 2], 'bool');
    expect([...tf.concat([truth, truth], 1).dataSync()]).toEqual([1, 0, 1, 0, 0, 1, 0, 1]);
    expect([...tf.slice(truth, [1, 0], [1, 2]).dataSync()]).toEqual([0, 1]);
    expect(tf.concat([tf.zeros([0, 3]), tf.ones([2, 3])]).shape).toEqual([2, 3]);
    expect(tf.slice(tf.ones([3, 3]), [1, 1], [0, 2]).shape).toEqual([0, 2]);
  });
});
