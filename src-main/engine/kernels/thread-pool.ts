import { Worker } from 'node:worker_threads';
import type { KernelHost, KernelThreads } from './kernel-module.ts';

/** What a thread is started with; its index counts from 1, the caller being 0. */
export interface KernelThreadStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: number;
  index: number;
}

const controlBytes = 64;

/**
 * Starts `count` - 1 threads that wait for kernel jobs in the host's shared memory, and resolves when
 * all are ready. They do not keep the process alive. Rejects when one does not start.
 */
export async function startThreads(
  module: WebAssembly.Module,
  host: KernelHost,
  count: number,
  file = new URL('./kernel-thread.ts', import.meta.url),
): Promise<KernelThreads> {
  const control = Math.ceil(host.allocate(controlBytes * 2) / controlBytes) * controlBytes;
  new Uint8Array(host.memory.buffer, control, controlBytes).fill(0);
  const indices = Array.from({ length: count - 1 }, (_, i) => i + 1);
  const start = { module, memory: host.memory, control };
  const started = await Promise.allSettled(indices.map((index) => startThread({ ...start, index }, file)));
  const failed = started.find((result) => result.status === 'rejected');
  if (failed) {
    for (const result of started) if (result.status === 'fulfilled') void result.value.terminate();
    throw failed.reason;
  }
  return { count, control };
}

function startThread(start: KernelThreadStart, file: URL): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: start });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread ended with code ${code}`)));
    worker.once('message', () => {
      worker.unref();
      resolve(worker);
    });
  });
}
