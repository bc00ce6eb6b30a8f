import { add, mean, mul, neg, softplus, sub, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { attachedKernels } from '../kernels/attachment.ts';
import { runFused } from './run-fused.ts';

/**
 * Mean binary cross-entropy of logits (of any shape) against targets in [0, 1], one for all or one
 * each: mean(t softplus(-x) + (1 - t) softplus(x)). Nothing overflows, and the gradient is exactly
 * (sigmoid(x) - t) / n, at zero too.
 */
export function meanBinaryCrossEntropyWithLogits(logits: Tensor, targets: number | Tensor): Scalar {
  if (attachedKernels()) {
    return typeof targets === 'number'
      ? runFused('crossEntropy', { logits }, { target: targets })
      : runFused('crossEntropyOfTargets', { logits, targets }, {});
  }
  if (targets === 1) return mean(softplus(neg(logits)));
  if (targets === 0) return mean(softplus(logits));
  const positive = mul(softplus(neg(logits)), targets);
  const negative = mul(softplus(logits), sub(1, targets));
  return mean(add(positive, negative));
}
