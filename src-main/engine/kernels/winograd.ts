import { activationNumbers, type Activation } from './activations.ts';
import type { ConvolutionShape } from './kernel-jobs.ts';
import type { KernelName, KernelRunner } from './kernel-runner.ts';

/** A convolution and its gradients by Winograd's minimal filtering; parameters as in `Kernels`. */
export interface WinogradConvolution {
  forward(
    shape: ConvolutionShape,
    input: number,
    filter: number,
    output: number,
    bias: number,
    activation: Activation,
  ): void;
  inputGradient(
    shape: ConvolutionShape,
    input: number,
    filter: number,
    output: number,
    bias: number,
    activation: Activation,
  ): void;
  filterGradient(shape: ConvolutionShape, input: number, filter: number, output: number): void;
}

const tileSize = 4;
const points = 25;
const phases = 4;
/** Below this many channels the transformations cost as much as they save. */
const fewestChannels = 16;
/** Transformed pictures that are worked on at a time, so that they stay near the processor. */
const groupBytes = 6 << 20;
/** Fewer tiles than this at a time would read the transformed filter too often. */
const fewestTiles = 128;

const tilesOf = (s: ConvolutionShape): number =>
  Math.ceil(s.outputHeight / tileSize) * Math.ceil(s.outputWidth / tileSize);

/**
 * Whether a convolution is done that way. The batch has no say: a picture must have the same bits whatever
 * else is in its batch.
 */
export function suitsWinograd(s: ConvolutionShape): boolean {
  if (s.filterHeight !== 4 || s.filterWidth !== 4 || s.stride !== 2) return false;
  if (s.paddingTop !== 1 || s.paddingLeft !== 1) return false;
  const fewest = Math.min(s.inputChannels, s.outputChannels);
  if (fewest < fewestChannels || s.inputChannels % 4 !== 0 || s.outputChannels % 4 !== 0) return false;
  // Tiles that reach far over the edge would make more products than they save.
  const products = points * phases * tilesOf(s);
  return products < 0.6 * 16 * s.outputHeight * s.outputWidth;
}

/** Distance of the points' matrices; not a power of two, or all would meet in one set of the cache. */
const strideOf = (rows: number, columns: number): number =>
  Math.ceil((rows * columns * 4) / 4096) * 4096 + 192;

/** Puts the kernels of `assembly/winograd.ts` and the batched matrix product together. */
export function createWinograd(runner: KernelRunner): WinogradConvolution {
  /** The pictures in groups, and where their transformations stand. */
  const plan = (s: ConvolutionShape) => {
    const depth = phases * s.inputChannels;
    const tiles = tilesOf(s);
    const pictureBytes = points * tiles * (depth + s.outputChannels) * 4;
    const wanted = Math.max(Math.ceil(fewestTiles / tiles), Math.floor(groupBytes / pictureBytes));
    const pictures = Math.min(s.batch, wanted);
    const inputStride = strideOf(pictures * tiles, depth);
    const outputStride = strideOf(pictures * tiles, s.outputChannels);
    const filterStride = strideOf(depth, s.outputChannels);
    const input = runner.workspace(points * (inputStride + outputStride + filterStride));
    const output = input + points * inputStride;
    const filter = output + points * outputStride;
    const groups = Array.from({ length: Math.ceil(s.batch / pictures) }, (_, i) => {
      const first = i * pictures;
      const batch = Math.min(pictures, s.batch - first);
      return {
        batch,
        rows: batch * tiles,
        inputOffset: first * s.inputHeight * s.inputWidth * s.inputChannels * 4,
        outputOffset: first * s.outputHeight * s.outputWidth * s.outputChannels * 4,
      };
    });
    return { depth, inputStride, outputStride, filterStride, input, output, filter, groups };
  };

  const transform = (
    kernel: KernelName,
    s: ConvolutionShape,
    batch: number,
    plain: number,
    transformed: number,
    stride: number,
    bias = 0,
    activation: Activation = 'linear',
  ): void => {
    const pixels = s.inputHeight * s.inputWidth * s.inputChannels;
    const work = kernel.startsWith('winogradFilter')
      ? 16 * s.inputChannels * s.outputChannels
      : batch * pixels;
    runner.execute(kernel, work * 8, [
      plain,
      transformed,
      stride,
      bias,
      activationNumbers[activation],
      batch,
      s.inputHeight,
      s.inputWidth,
      s.inputChannels,
      s.outputHeight,
      s.outputWidth,
      s.outputChannels,
    ]);
  };

  const multiply = (
    size: { rows: number; columns: number; depth: number },
    left: { address: number; stride: number; transposed?: boolean },
    right: { address: number; stride: number; transposed?: boolean },
    output: { address: number; stride: number; accumulate?: boolean },
  ): void =>
    runner.execute('matrixProduct', points * size.rows * size.columns * size.depth, [
      left.transposed ? 1 : 0,
      right.transposed ? 1 : 0,
      size.rows,
      size.columns,
      size.depth,
      left.address,
      right.address,
      output.address,
      0,
      activationNumbers.linear,
      output.accumulate ? 1 : 0,
      points,
      left.stride,
      right.stride,
      output.stride,
    ]);

  return {
    forward(s, input, filter, output, bias, activation) {
      const at = plan(s);
      transform('winogradFilter', s, s.batch, filter, at.filter, at.filterStride);
      for (const { batch, rows, inputOffset, outputOffset } of at.groups) {
        transform('winogradInput', s, batch, input + inputOffset, at.input, at.inputStride);
        multiply(
          { rows, columns: s.outputChannels, depth: at.depth },
          { address: at.input, stride: at.inputStride },
          { address: at.filter, stride: at.filterStride },
          { address: at.output, stride: at.outputStride },
        );
        const target = output + outputOffset;
        transform('winogradOutput', s, batch, target, at.output, at.outputStride, bias, activation);
      }
    },
    inputGradient(s, input, filter, output, bias, activation) {
      const at = plan(s);
      transform('winogradFilter', s, s.batch, filter, at.filter, at.filterStride);
      for (const { batch, rows, inputOffset, outputOffset } of at.groups) {
        transform('winogradOutputBack', s, batch, output + outputOffset, at.output, at.outputStride);
        multiply(
          { rows, columns: at.depth, depth: s.outputChannels },
          { address: at.output, stride: at.outputStride },
          { address: at.filter, stride: at.filterStride, transposed: true },
          { address: at.input, stride: at.inputStride },
        );
        const target = input + inputOffset;
        transform('winogradInputBack', s, batch, target, at.input, at.inputStride, bias, activation);
      }
    },
    filterGradient(s, input, filter, output) {
      const at = plan(s);
      at.groups.forEach(({ batch, rows, inputOffset, outputOffset }, i) => {
        transform('winogradInput', s, batch, input + inputOffset, at.input, at.inputStride);
        transform('winogradOutputBack', s, batch, output + outputOffset, at.output, at.outputStride);
        multiply(
          { rows: at.depth, columns: s.outputChannels, depth: rows },
          { address: at.input, stride: at.inputStride, transposed: true },
          { address: at.output, stride: at.outputStride },
          { address: at.filter, stride: at.filterStride, accumulate: i > 0 },
        );
      });
      transform('winogradFilterBack', s, s.batch, filter, at.filter, at.filterStride);
    },
  };
}
