/** The kernels as they work on the tensors of tfjs's wasm backend. */
import { getBackend, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernels } from './kernel-module.ts';

/** The kernels and the way from a tensor to its address in their memory. */
export interface KernelAttachment {
  kernels: Kernels;
  /** Byte address of the tensor's first element. */
  address(tensor: TensorInfo): number;
  /** A fresh tensor, float32 unless said, whose contents are undefined until a kernel has written them. */
  output(shape: number[], dtype?: 'float32' | 'int32'): TensorInfo;
  /** How many tensors share the tensor's storage, itself included. */
  shares(tensor: TensorInfo): number;
  /** The same storage under another shape. */
  share(tensor: TensorInfo, shape: number[]): TensorInfo;
}

let attachment: KernelAttachment | null = null;

/** Makes the kernels known to the ops; called once by the backend that owns the memory. */
export function attachKernels(to: KernelAttachment): void {
  attachment = to;
}

/** The kernels when the backend in use is the one they are attached to, otherwise null. */
export function attachedKernels(): KernelAttachment | null {
  return attachment !== null && getBackend() === 'wasm' ? attachment : null;
}
