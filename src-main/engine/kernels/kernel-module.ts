/** The compiled kernels, working in a WebAssembly memory that somebody else owns. */
import { createAdamKernel, type AdamKernel } from './adam-kernel.ts';
import { createElementKernels, type ElementKernels } from './element-kernels.ts';
import { createRunner } from './kernel-runner.ts';
import { createMovementKernels, type MovementKernels } from './movement-kernels.ts';
import { createNormalizationKernels, type NormalizationKernels } from './normalization-kernels.ts';
import { createPictureKernels, type PictureKernels } from './picture-kernels.ts';
import { createProductKernels, type ProductKernels } from './product-kernels.ts';

/** The memory that the kernels share with the tensors, and its allocator. */
export interface KernelHost {
  memory: WebAssembly.Memory;
  /** Address of `bytes` fresh bytes; throws when there are none. */
  allocate(bytes: number): number;
  release(address: number): void;
}

/** Threads that wait for jobs in the same, shared memory; see `thread-pool.ts`. */
export interface KernelThreads {
  /** How many work on a job, the caller included. */
  count: number;
  /** Address of the control block through which they are called. */
  control: number;
}

/**
 * The kernels as functions of addresses (byte offsets into the memory). All matrices are dense, row
 * major, 32-bit floats. An address of 0 means "none" where a parameter is called optional.
 */
export interface Kernels
  extends ProductKernels, ElementKernels, NormalizationKernels, PictureKernels, MovementKernels, AdamKernel {
  /** Gives scratch memory back to the host; call no kernel afterwards. */
  dispose(): void;
}

/**
 * Instantiates compiled kernels in the host's memory. Growth of that memory at any time is fine: no
 * view of it outlives a call. With `threads`, which need a threaded build, large jobs are shared out;
 * no sum is ever split between threads, so their number does not change a bit of any result.
 */
export function createKernels(
  module: WebAssembly.Module,
  host: KernelHost,
  threads: KernelThreads | null = null,
): Kernels {
  const runner = createRunner(module, host, threads);
  const adam = createAdamKernel(runner, host);
  return {
    ...createProductKernels(runner),
    ...createElementKernels(runner, host),
    ...createNormalizationKernels(runner),
    ...createPictureKernels(runner),
    ...createMovementKernels(runner),
    ...adam,
    dispose: () => {
      adam.dispose();
      runner.dispose();
    },
  };
}
