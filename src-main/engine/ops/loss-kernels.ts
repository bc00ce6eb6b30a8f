/** Binary cross-entropy as fused kernels with two derivatives. */
import { div, mul, neg, registerGradient, sigmoid, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';
import { fusedKernelNames, registerFused, runFused, sizeOf } from './run-fused.ts';

/** Registers the kernels and their gradients; called once, when the kernels are attached. */
export function registerLossKernels({ kernels, address, output }: KernelAttachment): void {
  // One target for all, or one each: two kernels, because a gradient cannot save an input that may be missing.
  for (const name of ['crossEntropy', 'crossEntropyOfTargets'] as const) {
    registerFused(name, ({ logits, targets }, { target }) => {
      const mean = output([]);
      const [from, to] = [address(logits), targets ? address(targets) : 0];
      kernels.crossEntropy(sizeOf(logits), from, to, target as number, address(mean));
      return mean;
    });
    registerFused(`${name}Gradient`, ({ dy, logits, targets }, { target }) => {
      const dx = output(logits.shape);
      const [from, to] = [address(logits), targets ? address(targets) : 0];
      kernels.crossEntropyGradient(sizeOf(logits), from, to, target as number, address(dy), address(dx));
      return dx;
    });
  }
  registerCrossEntropyGradients('crossEntropy');
  registerCrossEntropyGradients('crossEntropyOfTargets');
}

function registerCrossEntropyGradients(name: 'crossEntropy' | 'crossEntropyOfTargets'): void {
  const ofTargets = name === 'crossEntropyOfTargets';
  registerGradient({
    kernelName: fusedKernelNames[name],
    inputsToSave: ofTargets ? ['logits', 'targets'] : ['logits'],
    gradFunc: (dy, [logits, targets], { target }) => {
      const inputs: Record<string, Tensor> = { dy: dy as Tensor, logits };
      if (ofTargets) inputs.targets = targets;
      return {
        logits: () => runFused(`${name}Gradient`, inputs, { target }),
        targets: () => mul(neg(logits), div(dy as Tensor, logits.size)),
      };
    },
  });
  registerGradient({
    kernelName: fusedKernelNames[`${name}Gradient`],
    inputsToSave: ofTargets ? ['dy', 'logits', 'targets'] : ['dy', 'logits'],
    gradFunc: (upstream, [dy, logits, targets], { target }) => {
      const probability = sigmoid(logits);
      const weighted = mul(upstream as Tensor, div(dy, logits.size));
      return {
        dy: () => {
          const slope = sub(probability, ofTargets ? targets : (target as number));
          return sum(mul(upstream as Tensor, div(slope, logits.size)));
        },
        logits: () => mul(weighted, mul(probability, sub(1, probability))),
        targets: () => neg(weighted),
      };
    },
  });
}
