/** Activations, losses, softmax, sums over rows or axes: kernels that touch each element once or twice. */
import { activationNumbers, isPolynomial, numbersByResult, type Activation } from './activations.ts';
import type { KernelHost } from './kernel-module.ts';
import type { KernelRunner } from './kernel-runner.ts';

/** By the numbers of `assembly/axis-reduction.ts`. */
const reductionNumbers = { sum: 0, mean: 1, largest: 2 } as const;

export interface ElementKernels {
  activation(activation: Activation, length: number, input: number, output: number): void;
  /**
   * output = gradient times the slope of the activation at its argument; for ReLU and leaky ReLU the result
   * does as well.
   */
  activationGradient(
    activation: Activation,
    length: number,
    gradient: number,
    argument: number,
    output: number,
  ): void;
  /** The same from what the activation gave, of those in `numbersByResult`. */
  activationGradientByResult(
    activation: Activation,
    length: number,
    gradient: number,
    result: number,
    output: number,
  ): void;
  /**
   * output = mean of the binary cross-entropies of logits against targets; where `targets` is 0, `target`
   * stands for all.
   */
  crossEntropy(length: number, logits: number, targets: number, target: number, output: number): void;
  /** output[length] = gradient of that mean times the float at `upstream`. */
  crossEntropyGradient(
    length: number,
    logits: number,
    targets: number,
    target: number,
    upstream: number,
    output: number,
  ): void;
  /** output[rows, columns] = softmax of each row of the input, or its logarithm. */
  softmax(job: { rows: number; columns: number; input: number; output: number; logarithm: boolean }): void;
  /** The gradient of the input, from that of the result and the result itself. */
  softmaxGradient(job: {
    rows: number;
    columns: number;
    result: number;
    gradient: number;
    output: number;
    logarithm: boolean;
  }): void;
  /** output[columns] = sum over rows of input[rows, columns]. */
  columnSum(rows: number, columns: number, input: number, output: number): void;
  /** output[outer, inner] = sum, mean or largest over the middle axis of input[outer, reduced, inner]. */
  axisReduction(job: {
    reduction: 'sum' | 'mean' | 'largest';
    outer: number;
    reduced: number;
    inner: number;
    input: number;
    output: number;
  }): void;
  /** Sum of squares in double precision; not finite exactly when some element is not. */
  squareSum(length: number, input: number): number;
  /** output[outputRows, columns] = sums of the rows of input[rows, columns] by their int32 index. */
  rowScatter(job: {
    rows: number;
    columns: number;
    input: number;
    indices: number;
    output: number;
    outputRows: number;
  }): void;
}

export function createElementKernels({ execute, result }: KernelRunner, host: KernelHost): ElementKernels {
  const costOf = (activation: Activation, length: number) => length * (isPolynomial(activation) ? 1 : 8);
  return {
    activation: (activation, length, input, output) =>
      execute('activation', costOf(activation, length), [
        activationNumbers[activation],
        length,
        input,
        output,
      ]),
    activationGradient: (activation, length, gradient, argument, output) =>
      execute('activationGradient', costOf(activation, length), [
        activationNumbers[activation],
        length,
        gradient,
        argument,
        output,
      ]),
    activationGradientByResult: (activation, length, gradient, from, output) =>
      execute('activationGradient', length * 2, [
        numbersByResult[activation]!,
        length,
        gradient,
        from,
        output,
      ]),
    crossEntropy: (length, logits, targets, target, output) =>
      execute('crossEntropy', 0, [length, logits, targets, output, 0], [target]),
    crossEntropyGradient: (length, logits, targets, target, upstream, output) =>
      execute('crossEntropyGradient', length * 8, [length, logits, targets, output, upstream], [target]),
    softmax: ({ rows, columns, input, output, logarithm }) =>
      execute('softmax', rows * columns * 10, [rows, columns, input, output, logarithm ? 1 : 0]),
    softmaxGradient: ({ rows, columns, result, gradient, output, logarithm }) =>
      execute('softmaxGradient', rows * columns * (logarithm ? 10 : 2), [
        rows,
        columns,
        result,
        gradient,
        output,
        logarithm ? 1 : 0,
      ]),
    columnSum: (rows, columns, input, output) =>
      execute('columnSum', rows * columns, [rows, columns, input, output]),
    axisReduction: ({ reduction, outer, reduced, inner, input, output }) =>
      execute('axisReduction', outer * reduced * inner, [
        reductionNumbers[reduction],
        outer,
        reduced,
        inner,
        input,
        output,
      ]),
    squareSum: (length, input) => {
      execute('squareSum', 0, [length, input, result]);
      return new Float64Array(host.memory.buffer, result, 1)[0];
    },
    rowScatter: (job) =>
      execute('rowScatter', job.rows * job.columns, [
        job.rows,
        job.columns,
        job.input,
        job.indices,
        job.output,
        job.outputRows,
      ]),
  };
}
