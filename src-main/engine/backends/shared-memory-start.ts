import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';

const initialMegabytes = 64;
const pagesPerMegabyte = 16;
const maximumPages = 65536;

type Factory = (configuration: Record<string, unknown>) => Promise<FactoryModule>;

interface FactoryModule {
  cwrap(name: string, returns: string | null, parameters: string[]): (...values: unknown[]) => unknown;
  tfjs?: Record<string, unknown>;
}

/**
 * Registers tfjs's wasm backend anew on its build for shared memory, so that kernel threads can work on
 * its tensors, and returns that memory.
 *
 * tfjs itself never picks this build in Node, and its own threads are not wanted: they would sit idle.
 * So the build's factory is called here, with a memory of ours and with a stand-in for its workers that
 * claims to be ready and does nothing; XNNPACK is told to use one thread.
 */
export async function registerSharedMemoryBackend(packageFolder: string): Promise<WebAssembly.Memory> {
  const require = createRequire(import.meta.url);
  const name = 'tfjs-backend-wasm-threaded-simd';
  const factory = require(path.join(packageFolder, 'wasm-out', `${name}.js`)) as Factory;
  const binary = new Uint8Array(await readFile(path.join(packageFolder, 'dist', `${name}.wasm`)));
  const memory = new WebAssembly.Memory({
    initial: initialMegabytes * pagesPerMegabyte,
    maximum: maximumPages,
    shared: true,
  });
  const module = await withIdleWorkers(() =>
    factory({
      wasmMemory: memory,
      INITIAL_MEMORY: memory.buffer.byteLength,
      locateFile: (file: string) => path.join(packageFolder, 'dist', file),
      mainScriptUrlOrBlob: 'unused.js',
      instantiateWasm: (
        imports: ConstructorParameters<typeof WebAssembly.Instance>[1],
        ready: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
      ) => {
        const compiled = new WebAssembly.Module(binary);
        const instance = new WebAssembly.Instance(compiled, imports);
        ready(instance, compiled);
        return instance.exports;
      },
    }),
  );
  // The bridge that tfjs's own initialization would have made.
  module.tfjs = {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  };
  setThreadsCount(1);
  removeBackend('wasm');
  registerBackend('wasm', () => new BackendWasm(module as unknown as BackendWasm['wasm']), 2);
  return memory;
}

/** Runs `start` while new workers on `globalThis` are stand-ins that report that they have loaded. */
async function withIdleWorkers<T>(start: () => Promise<T>): Promise<T> {
  class IdleWorker {
    onmessage: ((message: { data: { cmd: string } }) => void) | null = null;
    postMessage(message: { cmd: string }): void {
      if (message.cmd === 'load') queueMicrotask(() => this.onmessage?.({ data: { cmd: 'loaded' } }));
    }
    on(): void {}
    addEventListener(): void {}
    ref(): void {}
    unref(): void {}
    terminate(): void {}
  }
  const own = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
  // The factory assigns Node's worker class to the global first; that assignment is swallowed.
  Object.defineProperty(globalThis, 'Worker', {
    get: () => IdleWorker,
    set: () => undefined,
    configurable: true,
  });
  try {
    return await start();
  } finally {
    if (own) Object.defineProperty(globalThis, 'Worker', own);
    else Reflect.deleteProperty(globalThis, 'Worker');
  }
}
