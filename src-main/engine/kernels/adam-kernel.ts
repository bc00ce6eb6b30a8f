import type { AdamScalars, AdamTensorAddresses } from './kernel-jobs.ts';
import type { KernelHost } from './kernel-module.ts';
import type { KernelRunner } from './kernel-runner.ts';

export interface AdamKernel {
  /** One Adam step over all tensors, in place, with moving averages of the variables where asked for. */
  adam(tensors: AdamTensorAddresses[], scalars: AdamScalars): void;
  dispose(): void;
}

export function createAdamKernel({ execute }: KernelRunner, host: KernelHost): AdamKernel {
  let tableBlock = 0;
  let tableSize = 0;
  return {
    adam: (tensors, scalars) => {
      const bytes = tensors.length * 24;
      if (bytes > tableSize) {
        if (tableBlock !== 0) host.release(tableBlock);
        tableBlock = host.allocate(bytes);
        tableSize = bytes;
      }
      const table = new Uint32Array(host.memory.buffer, tableBlock, tensors.length * 6);
      let index = 0;
      for (const tensor of tensors) {
        table[index++] = tensor.variable;
        table[index++] = tensor.gradient;
        table[index++] = tensor.firstMoment;
        table[index++] = tensor.secondMoment;
        table[index++] = tensor.average;
        table[index++] = tensor.length;
      }
      const { beta1, beta2, averageDecay, step } = scalars;
      execute(
        'adam',
        tensors.reduce((total, tensor) => total + tensor.length * 8, 0),
        [tableBlock, tensors.length],
        [
          scalars.learningRate / (1 - beta1 ** step),
          beta1,
          1 - beta1,
          beta2,
          1 - beta2,
          scalars.epsilon,
          1 / Math.sqrt(1 - beta2 ** step),
          averageDecay,
          1 - averageDecay,
          1 - scalars.learningRate * (scalars.weightDecay ?? 0),
        ],
      );
    },
    dispose: () => {
      if (tableBlock !== 0) host.release(tableBlock);
      tableBlock = tableSize = 0;
    },
  };
}
