/** Matrix products and convolutions, the kernels in which a step spends most of its time. */
import { activationNumbers, type Activation } from './activations.ts';
import type { ConvolutionShape } from './kernel-jobs.ts';
import type { KernelRunner } from './kernel-runner.ts';
import { createWinograd, suitsWinograd } from './winograd.ts';

export interface ProductKernels {
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
    /** A side that is the same matrix for the whole batch. */
    shared?: 'left' | 'right';
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
}

/** The fields of a job over pictures, in the order of `ConvolutionJob` in `assembly/picture.ts`. */
export function convolutionFields(
  shape: ConvolutionShape,
  input: number,
  filter: number,
  output: number,
  bias: number,
  activation: Activation,
): number[] {
  return [
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
}

/** Multiplications of a convolution. */
export function multiplications(shape: ConvolutionShape): number {
  const taps = shape.filterHeight * shape.filterWidth * shape.inputChannels;
  return shape.batch * shape.outputHeight * shape.outputWidth * shape.outputChannels * taps;
}

/** Rows or columns of a product below which a part would spend more than a tenth of its time on packing. */
const sideOfPart = 300;

export function createProductKernels(runner: KernelRunner): ProductKernels {
  const { execute } = runner;
  const winograd = createWinograd(runner);
  return {
    matrixProduct: ({ batch = 1, ...job }) => {
      const fields = [
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
        job.shared === 'left' ? 0 : job.rows * job.depth * 4,
        job.shared === 'right' ? 0 : job.depth * job.columns * 4,
        job.rows * job.columns * 4,
      ];
      // Parts share the longer side and pack the other one each for itself.
      const mostParts = batch > 1 ? Infinity : Math.floor(Math.max(job.rows, job.columns) / sideOfPart);
      execute('matrixProduct', batch * job.rows * job.columns * job.depth, fields, [], mostParts);
    },
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
  };
}
