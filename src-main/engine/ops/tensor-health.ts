import { square, stack, sum, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { attachedKernels } from '../kernels/attachment.ts';

/** The sum of the squares of each tensor. */
function squareSums(tensors: Tensor[]): ArrayLike<number> {
  if (tensors.length === 0) return [];
  const attached = tensors.every(({ dtype }) => dtype === 'float32') ? attachedKernels() : null;
  if (attached) {
    return tensors.map((tensor) =>
      tensor.size === 0 ? 0 : attached.kernels.squareSum(tensor.size, attached.address(tensor)),
    );
  }
  // One read for all of them: each one waits until a graphics device has caught up.
  return tidy(() => stack(tensors.map((tensor) => sum(square(tensor)))).dataSync());
}

/**
 * Square root of the sum of all squares of all tensors, the norm that gradient clipping speaks of. The
 * sums are added in double precision (on wasm the squares too); NaN or infinite when an element is.
 */
export function globalNorm(tensors: Tensor[]): number {
  return Math.sqrt(Array.from(squareSums(tensors)).reduce((total, value) => total + value, 0));
}

/**
 * Name of the first tensor that holds a NaN or an infinity, or null. On wasm it reads every element
 * once and copies nothing.
 */
export function findNonFinite(named: { name: string; tensor: Tensor }[]): string | null {
  const sums = squareSums(named.map(({ tensor }) => tensor));
  for (const [at, { name, tensor }] of named.entries()) {
    if (Number.isFinite(sums[at])) continue;
    // Elsewhere the squares are 32-bit and overflow from 1.8e19 on: look at the elements themselves.
    if (tensor.dataSync().some((value) => !Number.isFinite(value))) return name;
  }
  return null;
}
