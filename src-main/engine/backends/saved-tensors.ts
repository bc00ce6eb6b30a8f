import { engine, getBackend, type Tensor } from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';

/** The parts of tfjs's engine that keep tensors, which it does not declare. */
interface KeepingEngine {
  readonly state: { readonly gradientDepth: number };
  clone(x: Tensor): Tensor;
}

/**
 * Makes cheap what tfjs does to keep a tensor for the way back. It runs its identity kernel for each and notes it on the
 * tape, two of five kernels of a small network's step; sharing the storage is enough. The note is needed only where a
 * gradient is itself differentiated: then the kept tensor has to lead back to the one it was made of.
 */
export function keepTensorsByShare({ share }: KernelAttachment): void {
  const keeping = engine() as unknown as KeepingEngine;
  const cloneOnTape = keeping.clone.bind(keeping);
  keeping.clone = (x) =>
    keeping.state.gradientDepth === 1 && getBackend() === 'wasm'
      ? engine().makeTensorFromTensorInfo(share(x, x.shape))
      : cloneOnTape(x);
}
