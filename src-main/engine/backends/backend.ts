import type { BackendId, Device } from '../../contract/domain/backends.ts';
import type { Precision } from '../../contract/precision.ts';
import type { KernelVariant } from '../kernels/variants.ts';

export type { BackendId } from '../../contract/domain/backends.ts';

/** What every tensor backend tells about itself. */
export interface BackendHandle {
  id: BackendId;
  /** The device in words, for example "CPU, wasm SIMD (relaxed), 1 thread". */
  device: string;
  threads: number;
  /** Which build of the kernels runs: `wide`, `relaxed`, `plain`, or `stock` for tfjs's own paths. */
  variant: string;
  /** Why the backend runs slower than it could, in one sentence; null when it does not. */
  reason: string | null;
  /** What the device is beyond its name; absent on the processor. */
  accelerator?: Pick<Device, 'vendor' | 'memoryBytes' | 'software' | 'adapters' | 'halfPrecision'>;
  /** The most bytes that one tensor may have; absent where memory alone is the limit. */
  largestTensorBytes?: number;
  /** Bytes and number of the tensors alive now. */
  memory(): { bytes: number; tensors: number };
}

/** Choices beside the backend itself; all have a default. */
export interface BackendOptions {
  /** Kernel build to use: the best one this runtime can execute (default), a named one, or none. */
  kernels?: 'best' | KernelVariant | 'none';
  /** Threads that share the kernels' work; default: one per core, at most 8. Results do not depend on it. */
  threads?: number;
  /** Folder of the compiled kernels, when it is not `out/kernels/`. */
  kernelDirectory?: URL;
  /** What a kernel thread runs, when it is not `kernel-thread.ts`. */
  threadFile?: URL;
  /** `mixed` rounds the operands of matrix products to 16 bits, on graphics that can; `full` by default. */
  precision?: Precision;
  /** The name of the graphics adapter to use; empty or absent for the system's choice. */
  adapter?: string;
}
