import { withoutHalfPrecision } from '../../contract/precision.ts';
import type { BackendHandle, BackendId, BackendOptions } from './backend.ts';
import { registerStockGradients } from '../ops/stock-gradients.ts';

const opened = new Map<BackendId, Promise<BackendHandle>>();

/**
 * Makes a backend the one that tensors live on and returns its handle. A backend is opened once per
 * process: later calls select it again and return the same handle, and `options` are then ignored.
 *
 * Throws `backend-unavailable` when tfjs cannot start the backend on this machine, and `precision-unavailable` when
 * mixed precision is asked of one that has no 16-bit arithmetic.
 */
export async function openBackend(id: BackendId, options: BackendOptions = {}): Promise<BackendHandle> {
  if (options.precision === 'mixed' && id !== 'webgpu') throw withoutHalfPrecision(id);
  registerStockGradients();
  let handle = opened.get(id);
  if (handle === undefined) {
    handle = open(id, options);
    opened.set(id, handle);
    handle.catch(() => opened.delete(id));
  }
  const result = await handle;
  const { setBackend } = await import('@tensorflow/tfjs-core');
  await setBackend(id);
  return result;
}

async function open(id: BackendId, options: BackendOptions): Promise<BackendHandle> {
  switch (id) {
    case 'tensorflow':
      return (await import('./tensorflow-backend.ts')).openTensorflowBackend();
    case 'webgpu':
      return (await import('./webgpu-backend.ts')).openWebgpuBackend(options);
    case 'wasm':
      return (await import('./wasm-backend.ts')).openWasmBackend(options);
    case 'cpu':
      return (await import('./cpu-backend.ts')).openCpuBackend();
  }
}
