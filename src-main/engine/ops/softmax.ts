/** Softmax and its logarithm over the last axis, twice differentiable. */
import { logSumExp, mul, softmax as stockSoftmax, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { attachedKernels } from '../kernels/attachment.ts';
import { runFused } from './run-fused.ts';

/** Softmax of each row of x, of any shape; positive, each row sums to 1. */
export function softmax<T extends Tensor>(x: T): T {
  return stockSoftmax(x);
}

/**
 * Logarithm of the softmax of each row of x, of any shape. Unlike tfjs's own it has a second derivative.
 */
export function logSoftmax<T extends Tensor>(x: T): T {
  if (attachedKernels()) return runFused<T>('logSoftmax', { x }, {});
  return sub(x, logSumExp(x, -1, true));
}

/**
 * The gradient of the softmax y of logits along an axis: y (dy - sum of dy y).
 *
 * @param y spares working it out again; what is derived from here on comes from the logits
 */
export function softmaxGradient(dy: Tensor, logits: Tensor, y: Tensor, axis: number): Tensor {
  if (attachedKernels() && (axis === -1 || axis === logits.rank - 1) && dy.dtype === 'float32') {
    return runFused('softmaxGradient', { dy, logits, y }, {});
  }
  const again = stockSoftmax(logits, axis);
  const weighted = mul(dy, again);
  return sub(weighted, mul(sum(weighted, [axis], true), again));
}
