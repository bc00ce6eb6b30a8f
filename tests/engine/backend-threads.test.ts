import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { dense } from '../../src-main/engine/ops/layers.ts';

it('where threads do not start, one does the work and the reason is told', async () => {
  await buildKernels();
  const folder = await mkdtemp(path.join(tmpdir(), 'kernel-thread-'));
  try {
    const file = path.join(folder, 'thread.mjs');
    await writeFile(file, "throw new Error('no thread today');");
    const handle = await openBackend('wasm', { threads: 3, threadFile: pathToFileURL(file) });
    expect(handle.threads).toBe(1);
    expect(handle.device).toContain('1 thread');
    expect(handle.reason).toContain('no thread today');
    expect(handle.variant).not.toBe('stock');
    const product = tf.tidy(() => {
      const ones = tf.ones([64, 300]) as tf.Tensor2D;
      return dense(ones, tf.ones([300, 64]), tf.ones([64]), 'linear').dataSync();
    });
    expect(product.every((value) => value === 301)).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
