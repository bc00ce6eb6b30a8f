/** The gradient of softmax, and the logarithm of softmax, as fused kernels with two derivatives. */
import {
  add,
  mul,
  neg,
  registerGradient,
  softmax,
  sub,
  sum,
  zerosLike,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';
import { fusedKernelNames, registerFused, runFused, sizeOf } from './run-fused.ts';

/** Registers the kernels and their gradients; called once, when the kernels are attached. */
export function registerSoftmaxKernels({ kernels, address, output }: KernelAttachment): void {
  const extents = (x: TensorInfo) => {
    const columns = x.shape[x.shape.length - 1]!;
    return { rows: sizeOf(x) / columns, columns };
  };

  registerFused('logSoftmax', ({ x }) => {
    const y = output(x.shape);
    kernels.softmax({ ...extents(x), input: address(x), output: address(y), logarithm: true });
    return y;
  });
  for (const [name, logarithm] of [
    ['softmaxGradient', false],
    ['logSoftmaxGradient', true],
  ] as const) {
    registerFused(name, ({ dy, y }) => {
      const dx = output(y.shape);
      const [gradient, result] = [address(dy), address(y)];
      kernels.softmaxGradient({ ...extents(y), result, gradient, output: address(dx), logarithm });
      return dx;
    });
  }

  registerGradient({
    kernelName: fusedKernelNames.logSoftmax,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: (dy, [x, y]) => ({
      x: () => runFused('logSoftmaxGradient', { dy: dy as Tensor, logits: x, y }, {}),
    }),
  });

  // With y = softmax(z) and J = diag y - y yT, which is its own transpose: dz = J dy.
  registerGradient({
    kernelName: fusedKernelNames.softmaxGradient,
    inputsToSave: ['dy', 'logits', 'y'],
    gradFunc: (upstream, [dy, logits, y]) => {
      const u = upstream as Tensor;
      const through = (of: Tensor): Tensor => runFused('softmaxGradient', { dy: of, logits, y }, {});
      return {
        dy: () => through(u),
        logits: () => {
          const again = softmax(logits);
          const rowSum = (z: Tensor): Tensor => sum(mul(z, again), -1, true);
          return through(sub(mul(u, dy), add(mul(u, rowSum(dy)), mul(dy, rowSum(u)))));
        },
        // It is a function of the logits, whose gradient includes it.
        y: () => zerosLike(y),
      };
    },
  });

  // dz = dy - y (sum of dy).
  registerGradient({
    kernelName: fusedKernelNames.logSoftmaxGradient,
    inputsToSave: ['dy', 'logits', 'y'],
    gradFunc: (upstream, [dy, logits, y]) => {
      const u = upstream as Tensor;
      const again = softmax(logits);
      return {
        dy: () => sub(u, sum(mul(u, again), -1, true)),
        logits: () => {
          const through: Tensor = runFused('softmaxGradient', { dy: u, logits, y: again }, {});
          return neg(mul(sum(dy, -1, true), through));
        },
        y: () => zerosLike(y),
      };
    },
  });
}
