import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { StudioError } from '../../contract/errors.ts';
import type { BackendHandle } from './backend.ts';
import { isLoadable } from './system-library.ts';
import { videoMemoryBytes } from './webgpu-adapter.ts';

const packageName = '@tensorflow/tfjs-node-gpu';
const require = createRequire(import.meta.url);

/** The part of the package's backend that says where it computes. */
interface NodeBackend {
  isUsingGpuDevice: boolean;
}

/**
 * Opens TensorFlow itself, through the package's own addon: CUDA where the card, its driver and cuDNN are
 * there, else the processor.
 *
 * @throws StudioError `backend-unavailable` with the reason
 */
export async function openTensorflowBackend(): Promise<BackendHandle> {
  requireLibrary();
  restoreRemovedFunctions();
  // Its log is about instruction sets and libraries that it looked for; what matters is told in words.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  try {
    await import('@tensorflow/tfjs-node-gpu');
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
    throw unavailable(
      'libtensorflow-broken',
      `libtensorflow does not load (${message}). Install it anew: imago backends install tensorflow`,
      { message },
    );
  }
  if (!(await tf.setBackend('tensorflow'))) {
    throw unavailable(
      'libtensorflow-broken',
      'TensorFlow did not start. Install it anew: imago backends install tensorflow',
      { message: '' },
    );
  }
  const { isUsingGpuDevice } = tf.backend() as unknown as NodeBackend;
  const missing = isUsingGpuDevice ? null : missingForCuda();
  return {
    id: 'tensorflow',
    device: isUsingGpuDevice ? 'NVIDIA GPU, TensorFlow on CUDA' : 'CPU, TensorFlow',
    threads: 1,
    variant: 'stock',
    reason: isUsingGpuDevice ? null : `TensorFlow found no CUDA device${missing ? `: ${missing}` : ''}.`,
    accelerator: {
      vendor: isUsingGpuDevice ? 'nvidia' : '',
      memoryBytes: isUsingGpuDevice ? await videoMemoryBytes('NVIDIA') : null,
      software: !isUsingGpuDevice,
      adapters: [],
    },
    memory: () => ({ bytes: tf.memory().numBytes, tensors: tf.memory().numTensors }),
  };
}

/** npm leaves an optional package without its library, silently: look before the addon says it in its own words. */
function requireLibrary(): void {
  let folder: string;
  try {
    folder = path.dirname(require.resolve(`${packageName}/package.json`));
  } catch {
    throw unavailable(
      'tensorflow-missing',
      `The package ${packageName} is not installed. Run “npm ci” without --omit=optional, then: imago backends install tensorflow`,
    );
  }
  const library = path.join(folder, 'lib');
  const hasAddon =
    existsSync(library) &&
    readdirSync(library).some((version) => existsSync(path.join(library, version, 'tfjs_binding.node')));
  if (!hasAddon) {
    throw unavailable(
      'libtensorflow-missing',
      'libtensorflow is not installed: run “imago backends install tensorflow”.',
    );
  }
}

/** The package still calls what Node 23 took out of its `util` (tensorflow/tfjs#8609). */
function restoreRemovedFunctions(): void {
  const util = require('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

/** Which part of what CUDA needs the system does not find; null when none is missing, or that cannot be told. */
function missingForCuda(): string | null {
  if (process.platform !== 'linux') return null;
  if (!isLoadable('libcuda.so.1')) return 'the NVIDIA driver (libcuda) is missing';
  if (!isLoadable('libcudart.so.11.0')) return 'CUDA 11 (libcudart.so.11.0) was not found';
  if (!isLoadable('libcudnn.so.8')) return 'cuDNN 8 was not found';
  return null;
}

function unavailable(reason: string, message: string, details: Record<string, string> = {}): StudioError {
  return new StudioError('backend-unavailable', message, { backend: 'tensorflow', reason, ...details });
}
