/*
 * What can go wrong with a graphics device, tried in a process of its own; prints what came of it as one line of
 * JSON. Run by the WebGPU tests: `node graphics-trouble.ts <trouble>`.
 */
import * as tf from '@tensorflow/tfjs-core';
import { toFailure } from '../../src-main/contract/errors.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';

const [trouble, adapter = ''] = process.argv.slice(2);

const deviceOf = () => (tf.backend() as unknown as { device: GPUDevice }).device;
const sums = () => [...tf.tidy(() => tf.add(tf.range(0, 2000), 1).dataSync())];

async function perform(): Promise<unknown> {
  switch (trouble) {
    case 'none': {
      const handle = await openBackend('webgpu', { adapter });
      const immediate = await new Promise((resolve) => setImmediate(resolve, 'came'));
      const [first, last] = [sums()[0], sums()[1999]];
      const later = await tf.tidy(() => tf.square(tf.range(0, 2000))).data();
      const { device, accelerator, largestTensorBytes } = handle;
      return { first, last, later: later[1999], immediate, device, accelerator, largestTensorBytes };
    }
    case 'lost': {
      await openBackend('webgpu');
      sums();
      deviceOf().destroy();
      return sums();
    }
    case 'buffer-too-large': {
      await openBackend('webgpu');
      deviceOf().createBuffer({ size: 2 ** 45, usage: GPUBufferUsage.STORAGE });
      return sums();
    }
    default:
      throw new Error(`There is no trouble called ${trouble}.`);
  }
}

const outcome = await perform().catch((error: unknown) => ({ failure: toFailure(error) }));
console.log(JSON.stringify(outcome));
process.exit(0);
