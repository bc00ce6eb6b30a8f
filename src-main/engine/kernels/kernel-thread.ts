/** Body of one kernel thread: instantiates the kernels in the shared memory and serves jobs for ever. */
import { parentPort, workerData } from 'node:worker_threads';
import type { KernelThreadStart } from './thread-pool.ts';

interface ThreadedExports {
  serve(control: number, index: number, seen: number): void;
}

const { module, memory, control, index } = workerData as KernelThreadStart;
const instance = new WebAssembly.Instance(module, { env: { memory } });
const { serve } = instance.exports as unknown as ThreadedExports;
parentPort?.postMessage('ready');
serve(control, index, 0);
