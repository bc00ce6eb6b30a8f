import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it, vi } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { bestVariant } from '../../src-main/engine/kernels/variants.ts';
import { createNumbers } from './kernels-reference.ts';

beforeAll(async () => {
  await buildKernels();
});

it('opens once, names the kernels it runs, and leaves no handler on the process', async () => {
  const listeners = () => [
    process.listenerCount('uncaughtException'),
    process.listenerCount('unhandledRejection'),
  ];
  const before = listeners();
  const handle = await openBackend('wasm', { threads: 2 });
  expect(handle).toMatchObject({ id: 'wasm', variant: bestVariant(), threads: 2, reason: null });
  expect(handle.device).toBe(`CPU, wasm SIMD (${bestVariant()}), 2 threads`);
  expect(await openBackend('wasm')).toBe(handle);
  expect(listeners()).toEqual(before);
});

it('names the size of a tensor that does not fit, and works on', async () => {
  await openBackend('wasm');
  const wasm = tf.backend() as BackendWasm;
  // Pages that nobody writes to cost the machine nothing.
  const first = wasm.makeOutput([600, 1024, 1024], 'float32');
  let failure: unknown;
  try {
    wasm.makeOutput([600, 1024, 1024], 'float32');
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ code: 'out-of-memory', details: { requestedBytes: 600 * 2 ** 22 } });
  // Above 2 GB an address is negative as a signed number.
  const relu = tf.tidy(() => [...tf.relu(tf.tensor1d([-1, 2, -3, 4, 5])).dataSync()]);
  expect(relu).toEqual([0, 2, 0, 4, 5]);
  wasm.disposeData(first.dataId);
  expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
});

it('gives what it does not cover to the kernels of tfjs', async () => {
  await openBackend('wasm');
  tf.tidy(() => {
    const numbers = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], 'int32');
    expect([...tf.sum(numbers, 0).dataSync()]).toEqual([5, 7, 9]);
    expect([...tf.sum(tf.cast(numbers, 'float32'), 1).dataSync()]).toEqual([6, 15]);
    const x = tf.tensor4d(createNumbers(1).floats(49), [1, 7, 7, 1]);
    const filter = tf.ones([3, 3, 1, 1]) as tf.Tensor4D;
    const dilated = tf.conv2d(x, filter, 1, 'valid', 'NHWC', 2).dataSync();
    const values = x.dataSync();
    let expected = 0;
    for (const row of [0, 2, 4]) for (const column of [0, 2, 4]) expected += values[row * 7 + column];
    expect(dilated[0]).toBeCloseTo(expected, 5);
  });
});

it('says once for each kernel that a shape goes to the slower one of tfjs, and says which', async () => {
  await openBackend('wasm');
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  try {
    tf.tidy(() => {
      const x = tf.tensor4d(createNumbers(1).floats(49), [1, 7, 7, 1]);
      for (let turn = 0; turn < 2; turn++) {
        const largest = tf.maxPool(x, [2, 2], [1, 2], 'valid');
        expect(largest.shape).toEqual([1, 6, 3, 1]);
        const [a, b, c, d] = [0, 1, 7, 8].map((at) => x.dataSync()[at]!);
        expect(largest.dataSync()[0]).toBeCloseTo(Math.max(a!, b!, c!, d!), 6);
      }
    });
    expect(warned.mock.calls).toEqual([["MaxPool of [1, 7, 7, 1] runs on tfjs's own, slower kernel."]]);
  } finally {
    warned.mockRestore();
  }
});
