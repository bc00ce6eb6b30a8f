import '@tensorflow/tfjs-backend-cpu';
import { backend, memory, setBackend } from '@tensorflow/tfjs-core';
import { StudioError } from '../../contract/errors.ts';
import type { BackendHandle } from './backend.ts';

/** Opens tfjs's backend in plain JavaScript: right everywhere, and hundreds of times slower than wasm. */
export async function openCpuBackend(): Promise<BackendHandle> {
  if (!(await setBackend('cpu'))) {
    throw new StudioError('backend-unavailable', 'The cpu backend of tfjs did not start.', {
      backend: 'cpu',
    });
  }
  // Otherwise it prints an advertisement for another backend at the first tensor.
  Object.assign(backend(), { firstUse: false });
  return {
    id: 'cpu',
    device: 'CPU, plain JavaScript, 1 thread',
    threads: 1,
    variant: 'stock',
    reason: null,
    memory: () => ({ bytes: memory().numBytes, tensors: memory().numTensors }),
  };
}
