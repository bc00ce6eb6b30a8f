/** The compiled kernels, working in a WebAssembly memory that somebody else owns. */
import { createRunner } from './kernel-runner.ts';
import { createWinograd, suitsWinograd } from './winograd.ts';

/** The memory that the kernels share with the tensors, and its allocator. */
export interface KernelHost {
  memory: WebAssembly.Memory;
  /** Address of `bytes` fresh bytes; throws when there are none. */
  allocate(bytes: number): number;
  release(address: number): void;
}

/** Activation that a kernel applies to its result; leaky ReLU has slope 0.2. */
export type Activation = 'linear' | 'relu' | 'leakyRelu' | 'tanh' | 'sigmoid' | 'softplus' | 'silu';

/** The numbers by which the kernels know the activations. */
export const activationNumbers: Record<Activation, number> = {
  linear: 0,
  relu: 1,
  leakyRelu: 2,
  tanh: 3,
  sigmoid: 4,
  softplus: 5,
  silu: 6,
};

/** Extents of a forward convolution; pictures are [batch, height, width, channel]. */
export interface ConvolutionShape {
  batch: number;
  inputHeight: number;
  inputWidth: number;
  inputChannels: number;
  outputHeight: number;
  outputWidth: number;
  outputChannels: number;
  filterHeight: number;
  filterWidth: number;
  stride: number;
  paddingTop: number;
  paddingLeft: number;
}

/** Addresses of one tensor of an optimiser step; `average` is 0 where none is kept. */
export interface AdamTensorAddresses {
  variable: number;
  gradient: number;
  firstMoment: number;
  secondMoment: number;
  average: number;
  length: number;
}

/** Scalars of one Adam step, t counted from 1. */
export interface AdamScalars {
  step: number;
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  averageDecay: number;
  /** Of decoupled weight decay (AdamW); default 0. */
  weightDecay?: number;
}

/** Of a layer normalization; mean and inverse deviation are one float per row. */
export interface LayerNormalizationAddresses {
  rows: number;
  channels: number;
  input: number;
  scale: number;
  output: number;
  mean: number;
  inverseDeviation: number;
}

/** Threads that wait for jobs in the same, shared memory; see `thread-pool.ts`. */
export interface KernelThreads {
  /** How many work on a job, the caller included. */
  count: number;
  /** Address of the control block through which they are called. */
  control: number;
}

/**
 * The kernels as functions of addresses (byte offsets into the memory). All matrices are dense, row
 * major, 32-bit floats. An address of 0 means "none" where a parameter is called optional.
 */
export interface Kernels {
  /**
   * output[rows, columns] = activation(left right + bias); a transposed side is stored transposed. With a
   * batch, as many products of dense matrices that follow one another.
   */
  matrixProduct(job: {
    transposeLeft: boolean;
    transposeRight: boolean;
    rows: number;
    columns: number;
    depth: number;
    left: number;
    right: number;
    output: number;
    /** Optional, [columns]. */
    bias: number;
    activation: Activation;
    /** Default 1. */
    batch?: number;
  }): void;
  /** output = activation(input * filter + bias); bias is optional, [outputChannels]. */
  convolution(
    shape: ConvolutionShape,
    input: number,
    filter: number,
    output: number,
    bias: number,
    activation: Activation,
  ): void;
  /** input = activation(input gradient of the convolution for `output` + bias), bias [inputChannels]. */
  inputGradient(
    shape: ConvolutionShape,
    input: number,
    filter: number,
    output: number,
    bias: number,
    activation: Activation,
  ): void;
  /** filter = filter gradient of the convolution for `input` and output gradient `output`. */
  filterGradient(shape: ConvolutionShape, input: number, filter: number, output: number): void;
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
  /** output[columns] = sum over rows of input[rows, columns]. */
  columnSum(rows: number, columns: number, input: number, output: number): void;
  /** Sum of squares in double precision; not finite exactly when some element is not. */
  squareSum(length: number, input: number): number;
  /**
   * Training-mode batch normalization over rows, with its mean and biased variance. With `groups` of rows
   * that follow one another (default 1), each group by itself and with statistics of its own.
   */
  batchNormalization(job: {
    rows: number;
    channels: number;
    input: number;
    scale: number;
    shift: number;
    output: number;
    mean: number;
    variance: number;
    epsilon: number;
    groups?: number;
  }): void;
  /** The gradients of scale and shift are one row for each group. */
  batchNormalizationGradient(job: {
    rows: number;
    channels: number;
    input: number;
    scale: number;
    mean: number;
    variance: number;
    gradient: number;
    inputGradient: number;
    scaleGradient: number;
    shiftGradient: number;
    epsilon: number;
    groups?: number;
  }): void;
  /** Normalizes each of the rows by itself; see `LayerNormalizationJob`. */
  layerNormalization(job: LayerNormalizationAddresses & { shift: number; epsilon: number }): void;
  /** Input gradient into `output`, and the gradients of scale and shift. */
  layerNormalizationGradient(
    job: LayerNormalizationAddresses & { gradient: number; scaleGradient: number; shiftGradient: number },
  ): void;
  /**
   * inputGradient = gradient of the largest in each window, which goes to the first such pixel. The shape is
   * that of a convolution by the window, of as many channels out as in.
   */
  largestGradient(shape: ConvolutionShape, input: number, gradient: number, inputGradient: number): void;
  /** output[outputRows, columns] = sums of the rows of input[rows, columns] by their int32 index. */
  rowScatter(job: {
    rows: number;
    columns: number;
    input: number;
    indices: number;
    output: number;
    outputRows: number;
  }): void;
  /** One Adam step over all tensors, in place, with moving averages of the variables where asked for. */
  adam(tensors: AdamTensorAddresses[], scalars: AdamScalars): void;
  /** Gives scratch memory back to the host; call no kernel afterwards. */
  dispose(): void;
}

/** Whether an activation takes no exponential, and so costs little. */
const isPolynomial = (activation: Activation): boolean =>
  activation === 'linear' || activation === 'relu' || activation === 'leakyRelu';

/**
 * Instantiates compiled kernels in the host's memory. Growth of that memory at any time is fine: no
 * view of it outlives a call. With `threads`, which need a threaded build, large jobs are shared out;
 * no sum is ever split between threads, so their number does not change a bit of any result.
 */
export function createKernels(
  module: WebAssembly.Module,
  host: KernelHost,
  threads: KernelThreads | null = null,
): Kernels {
  const runner = createRunner(module, host, threads);
  const { execute } = runner;
  const winograd = createWinograd(runner);
  let tableBlock = 0;
  let tableSize = 0;

  const convolutionFields = (
    shape: ConvolutionShape,
    input: number,
    filter: number,
    output: number,
    bias: number,
    activation: Activation,
  ): number[] => [
    input,
    filter,
    output,
    bias,
    activationNumbers[activation],
    shape.batch,
    shape.inputHeight,
    shape.inputWidth,
    shape.inputChannels,
    shape.outputHeight,
    shape.outputWidth,
    shape.outputChannels,
    shape.filterHeight,
    shape.filterWidth,
    shape.stride,
    shape.paddingTop,
    shape.paddingLeft,
  ];

  const layerFields = (
    job: LayerNormalizationAddresses,
    rest: { shift?: number; gradient?: number; scaleGradient?: number; shiftGradient?: number },
  ): number[] => [
    job.rows,
    job.channels,
    job.input,
    job.scale,
    rest.shift ?? 0,
    job.output,
    job.mean,
    job.inverseDeviation,
    rest.gradient ?? 0,
    rest.scaleGradient ?? 0,
    rest.shiftGradient ?? 0,
  ];

  const multiplications = (s: ConvolutionShape): number =>
    s.batch *
    s.outputHeight *
    s.outputWidth *
    s.outputChannels *
    s.filterHeight *
    s.filterWidth *
    s.inputChannels;

  return {
    matrixProduct: ({ batch = 1, ...job }) =>
      execute('matrixProduct', batch * job.rows * job.columns * job.depth, [
        job.transposeLeft ? 1 : 0,
        job.transposeRight ? 1 : 0,
        job.rows,
        job.columns,
        job.depth,
        job.left,
        job.right,
        job.output,
        job.bias,
        activationNumbers[job.activation],
        0,
        batch,
        job.rows * job.depth * 4,
        job.depth * job.columns * 4,
        job.rows * job.columns * 4,
      ]),
    convolution: (...job) => {
      if (suitsWinograd(job[0])) winograd.forward(...job);
      else execute('convolution', multiplications(job[0]), convolutionFields(...job));
    },
    inputGradient: (...job) => {
      if (suitsWinograd(job[0])) winograd.inputGradient(...job);
      else execute('inputGradient', multiplications(job[0]), convolutionFields(...job));
    },
    filterGradient: (shape, input, filter, output) => {
      if (suitsWinograd(shape)) return winograd.filterGradient(shape, input, filter, output);
      const fields = convolutionFields(shape, input, filter, output, 0, 'linear');
      execute('filterGradient', multiplications(shape), fields);
    },
    activation: (activation, length, input, output) =>
      execute('activation', length * (isPolynomial(activation) ? 1 : 8), [
        activationNumbers[activation],
        length,
        input,
        output,
      ]),
    activationGradient: (activation, length, gradient, argument, output) =>
      execute('activationGradient', length * (isPolynomial(activation) ? 1 : 8), [
        activationNumbers[activation],
        length,
        gradient,
        argument,
        output,
      ]),
    crossEntropy: (length, logits, targets, target, output) =>
      execute('crossEntropy', 0, [length, logits, targets, output, 0], [target]),
    crossEntropyGradient: (length, logits, targets, target, upstream, output) =>
      execute('crossEntropyGradient', length * 8, [length, logits, targets, output, upstream], [target]),
    columnSum: (rows, columns, input, output) =>
      execute('columnSum', rows * columns, [rows, columns, input, output]),
    squareSum: (length, input) => {
      execute('squareSum', 0, [length, input, runner.result]);
      return new Float64Array(host.memory.buffer, runner.result, 1)[0];
    },
    batchNormalization: ({ groups = 1, ...job }) =>
      execute(
        'batchNormalization',
        groups * job.rows * job.channels * 4,
        [job.rows, job.channels, job.input, job.scale, job.shift, job.output, job.mean, job.variance, groups],
        [job.epsilon],
      ),
    batchNormalizationGradient: ({ groups = 1, ...job }) =>
      execute(
        'batchNormalizationGradient',
        groups * job.rows * job.channels * 6,
        [
          job.rows,
          job.channels,
          job.input,
          job.scale,
          job.mean,
          job.variance,
          job.gradient,
          job.inputGradient,
          job.scaleGradient,
          job.shiftGradient,
          groups,
        ],
        [job.epsilon],
      ),
    layerNormalization: (job) =>
      execute('layerNormalization', job.rows * job.channels * 6, layerFields(job, { shift: job.shift }), [
        job.epsilon,
      ]),
    layerNormalizationGradient: (job) => {
      const fields = layerFields(job, job);
      execute('layerNormalizationGradient', job.rows * job.channels * 8, fields);
      execute('layerNormalizationParameters', job.rows * job.channels * 4, fields);
    },
    largestGradient: (shape, input, gradient, inputGradient) => {
      const fields = convolutionFields(shape, input, gradient, inputGradient, 0, 'linear');
      execute('largestGradient', multiplications(shape) / shape.outputChannels, fields);
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
      runner.dispose();
    },
  };
}
