import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { backend, memory, setBackend, util, type TensorInfo } from '@tensorflow/tfjs-core';
import { setWasmPaths, type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { StudioError } from '../../contract/errors.ts';
import { attachKernels, type KernelAttachment } from '../kernels/attachment.ts';
import {
  createKernels,
  type KernelHost,
  type Kernels,
  type KernelThreads,
} from '../kernels/kernel-module.ts';
import { startThreads } from '../kernels/thread-pool.ts';
import {
  bestVariant,
  kernelDirectory,
  kernelFileName,
  prepareFor,
  supportsVariant,
  type KernelVariant,
} from '../kernels/variants.ts';
import { registerFusedKernels } from '../ops/fused-kernels.ts';
import type { BackendHandle, BackendOptions } from './backend.ts';
import { registerPlainFilterGradient } from './plain-filter-gradient.ts';
import { keepTensorsByShare } from './saved-tensors.ts';
import { registerSharedMemoryBackend } from './shared-memory-start.ts';
import { replaceStockKernels } from './stock-kernels.ts';

/** The parts of Emscripten's module that tfjs does not declare. */
interface EmscriptenModule {
  _malloc(bytes: number): number;
  _free(address: number): void;
  /** The exports of the instance. */
  asm: Record<string, unknown>;
  HEAP8: Int8Array;
  HEAPU8: Uint8Array;
}

/** Beyond this many threads the kernels of picture-sized layers gain nothing more. */
const mostThreads = 8;

/**
 * Opens tfjs's wasm backend and puts the training kernels to work in its memory. Where the kernels are
 * missing or cannot run, tfjs's own kernels stay in place and the handle's `reason` says why.
 */
export async function openWasmBackend(options: BackendOptions): Promise<BackendHandle> {
  const wanted = Math.max(1, Math.floor(options.threads ?? Math.min(mostThreads, availableParallelism())));
  let choice = await loadKernels(options, wanted > 1);
  const shared = wanted > 1 && 'module' in choice ? await startSharedTensors() : null;
  let threadsReason = shared !== null && 'reason' in shared ? shared.reason : null;
  const sharedMemory = shared !== null && 'memory' in shared ? shared.memory : null;
  if (sharedMemory === null) {
    await startTensors();
    if (wanted > 1) choice = await loadKernels(options, false);
  }
  const wasm = backend() as BackendWasm;
  const module = wasm.wasm as unknown as EmscriptenModule;
  const host = createHost(module, sharedMemory);

  let threads = 1;
  if ('module' in choice) {
    let pool: KernelThreads | null = null;
    try {
      if (sharedMemory) pool = await startThreads(choice.module, host, wanted, options.threadFile);
    } catch (error) {
      threadsReason = `The other threads did not start (${messageOf(error)}), so one does all the work.`;
    }
    threads = pool?.count ?? 1;
    const attachment = attach(wasm, createKernels(choice.module, host, pool));
    attachKernels(attachment);
    replaceStockKernels(attachment);
    registerFusedKernels(attachment);
    keepTensorsByShare(attachment);
  } else {
    registerPlainFilterGradient();
  }
  const variant = 'module' in choice ? choice.variant : 'stock';
  const build = variant === 'stock' ? 'wasm (stock tfjs kernels)' : `wasm SIMD (${variant})`;
  return {
    id: 'wasm',
    device: `CPU, ${build}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    threads,
    variant,
    reason: 'reason' in choice ? choice.reason : threadsReason,
    memory: () => ({ bytes: memory().numBytes, tensors: memory().numTensors }),
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Starts tfjs's backend in shared memory, which kernel threads can join; or says why it cannot be had. */
async function startSharedTensors(): Promise<{ memory: WebAssembly.Memory } | { reason: string }> {
  try {
    return { memory: await startTensors(registerSharedMemoryBackend) };
  } catch (error) {
    return { reason: `Shared memory cannot be had (${messageOf(error)}), so one thread does all the work.` };
  }
}

/** Starts tfjs's backend after `prepare` has had its folder, and returns what that gave. */
async function startTensors(): Promise<undefined>;
async function startTensors<T>(prepare: (packageFolder: string) => Promise<T>): Promise<T>;
async function startTensors<T>(prepare?: (packageFolder: string) => Promise<T>): Promise<T | undefined> {
  const require = createRequire(import.meta.url);
  const packageFolder = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  setWasmPaths(path.join(packageFolder, 'dist', path.sep));
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = new Set(events.flatMap((name) => process.listeners(name as 'uncaughtException')));
  const prepared = await prepare?.(packageFolder);
  if (!(await setBackend('wasm'))) {
    throw new StudioError('backend-unavailable', 'The wasm backend of tfjs did not start.', {
      backend: 'wasm',
    });
  }
  // Emscripten's handlers rethrow, and Node then prints the whole minified source of tfjs.
  for (const name of events) {
    for (const listener of process.listeners(name as 'uncaughtException')) {
      if (!before.has(listener)) process.removeListener(name, listener);
    }
  }
  return prepared;
}

/**
 * The memory and allocator of tfjs, made safe: a failed allocation throws, where tfjs would write to
 * address 0, and growth renews the views that tfjs keeps.
 */
function createHost(module: EmscriptenModule, sharedMemory: WebAssembly.Memory | null): KernelHost {
  const found = Object.values(module.asm ?? {}).find((value) => value instanceof WebAssembly.Memory);
  const heap = sharedMemory ?? found;
  if (heap === undefined) {
    throw new StudioError('backend-unavailable', 'The memory of the wasm backend was not found.', {
      backend: 'wasm',
    });
  }
  // The first call makes Emscripten replace its lazy stub by the real export.
  module._free(module._malloc(8));
  const allocate = module._malloc;
  module._malloc = (bytes) => {
    const address = allocate(bytes) >>> 0;
    if (address === 0 && bytes > 0) {
      const megabytes = Math.round(bytes / 2 ** 20);
      throw new StudioError(
        'out-of-memory',
        `A tensor of ${megabytes} MB does not fit: WebAssembly is limited to 4 GB. ` +
          'Use a smaller batch, picture or model.',
        { requestedBytes: bytes, hadBytes: heap.buffer.byteLength },
      );
    }
    // A grown shared memory leaves the old views valid but short.
    if (module.HEAPU8.byteLength !== heap.buffer.byteLength) {
      module.HEAP8 = new Int8Array(heap.buffer);
      module.HEAPU8 = new Uint8Array(heap.buffer);
    }
    return address;
  };
  return {
    memory: heap,
    allocate: (bytes) => module._malloc(bytes),
    release: (address) => module._free(address),
  };
}

type KernelChoice = { module: WebAssembly.Module; variant: KernelVariant } | { reason: string };

async function loadKernels(options: BackendOptions, threaded: boolean): Promise<KernelChoice> {
  const wanted = options.kernels ?? 'best';
  if (wanted === 'none') return { reason: 'The training kernels were turned off.' };
  const variant = wanted === 'best' ? bestVariant() : wanted;
  if (variant === null || !supportsVariant(variant)) {
    return { reason: 'This runtime has no WebAssembly SIMD, so the training kernels cannot run.' };
  }
  const name = kernelFileName(variant, threaded);
  try {
    const bytes = await readFile(new URL(name, options.kernelDirectory ?? kernelDirectory));
    prepareFor(variant);
    return { module: new WebAssembly.Module(new Uint8Array(bytes)), variant };
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return {
      reason: missing
        ? `The training kernels are not built (${name} is missing): run "npm run build".`
        : `The training kernels do not load (${error instanceof Error ? error.message : String(error)}).`,
    };
  }
}

function attach(wasm: BackendWasm, kernels: Kernels): KernelAttachment {
  return {
    kernels,
    address: (tensor) => wasm.dataIdMap.get(tensor.dataId).memoryOffset >>> 0,
    output: (shape, dtype = 'float32') => wasm.makeOutput(shape, dtype),
    shares: (tensor) => wasm.refCount(tensor.dataId),
    share: (tensor: TensorInfo, shape) => {
      util.assert(
        util.sizeFromShape(shape) === util.sizeFromShape(tensor.shape),
        () => 'Tensors that share storage have one size.',
      );
      wasm.incRef(tensor.dataId);
      return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
    },
  };
}
