import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { convolution, transposedConvolution } from '../../src-main/engine/ops/layers.ts';
import { createNumbers } from './kernels-reference.ts';

it('without built kernels wasm says so and a convolutional model still has its gradients', async () => {
  const empty = await mkdtemp(path.join(tmpdir(), 'kernels-'));
  const listeners = process.listenerCount('uncaughtException');
  try {
    const handle = await openBackend('wasm', { kernelDirectory: pathToFileURL(`${empty}/`) });
    expect(handle.variant).toBe('stock');
    expect(handle.reason).toContain('not built');
    expect(handle.device).toContain('stock');
    expect(process.listenerCount('uncaughtException')).toBe(listeners);
  } finally {
    await rm(empty, { recursive: true });
  }
  await openBackend('cpu');

  const gradientsOn = async (backend: 'wasm' | 'cpu') => {
    await openBackend(backend);
    return tf.tidy(() => {
      const numbers = createNumbers(3);
      const x = tf.tensor(numbers.floats(72), [2, 6, 6, 1]) as tf.Tensor4D;
      const down = tf.tensor(numbers.floats(48), [4, 4, 1, 3]) as tf.Tensor4D;
      const up = tf.tensor(numbers.floats(96), [4, 4, 2, 3]) as tf.Tensor4D;
      const bias = tf.tensor1d([0.5, -0.5]);
      const loss = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
        tf.sum(
          transposedConvolution(
            convolution(x, a as tf.Tensor4D, null, 2, 'tanh'),
            b as tf.Tensor4D,
            c as tf.Tensor1D,
            2,
            'sigmoid',
          ),
        );
      return tf
        .grads(loss)([down, up, bias])
        .map((gradient) => [...gradient.dataSync()]);
    });
  };
  const wasm = await gradientsOn('wasm');
  const cpu = await gradientsOn('cpu');
  cpu.forEach((values, which) => values.forEach((value, i) => expect(wasm[which][i]).toBeCloseTo(value, 4)));
});
