/** Double-precision references of the kernels, written for clarity, and a memory to run kernels in. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import type { Activation } from '../../src-main/engine/kernels/activations.ts';
import type { ConvolutionShape } from '../../src-main/engine/kernels/kernel-jobs.ts';
import { createKernels, type KernelHost, type Kernels } from '../../src-main/engine/kernels/kernel-module.ts';
import { startThreads } from '../../src-main/engine/kernels/thread-pool.ts';
import {
  kernelDirectory,
  kernelFileName,
  prepareFor,
  type KernelVariant,
} from '../../src-main/engine/kernels/variants.ts';

/** Kernels of one variant in a memory of their own, with arrays copied in and out by address. */
export interface Bench {
  kernels: Kernels;
  /** Copies values in and returns their address. */
  put(values: ArrayLike<number>): number;
  /** Address of `length` floats holding NaN, so that a missed element shows. */
  space(length: number): number;
  get(address: number, length: number): Float32Array;
  buffer(): ArrayBufferLike;
  grow(): void;
  bytes(): number;
}

export function openBench(variant: KernelVariant): Bench {
  const host = createHost(new WebAssembly.Memory({ initial: 16 }));
  return benchOf(createKernels(loadModule(variant, false), host), host);
}

/** The same in shared memory, with `count` threads at work on every large job. */
export async function openThreadedBench(variant: KernelVariant, count: number): Promise<Bench> {
  const host = createHost(new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true }));
  const module = loadModule(variant, true);
  return benchOf(createKernels(module, host, await startThreads(module, host, count)), host);
}

// A run spends its hours in optimised code, in which alone vectors are joined: so that is what is checked.
setFlagsFromString('--no-liftoff');

function loadModule(variant: KernelVariant, threaded: boolean): WebAssembly.Module {
  prepareFor(variant);
  return new WebAssembly.Module(
    new Uint8Array(readFileSync(new URL(kernelFileName(variant, threaded), kernelDirectory))),
  );
}

function createHost(memory: WebAssembly.Memory): KernelHost {
  let top = 8;
  const allocate = (bytes: number): number => {
    const address = top;
    // An odd multiple of eight, because that is all an allocator promises.
    top += Math.ceil(bytes / 16) * 16 + 8;
    const missing = top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    return address;
  };
  return { memory, allocate, release: () => undefined };
}

function benchOf(kernels: Kernels, { memory, allocate }: KernelHost): Bench {
  const view = (address: number, length: number) => new Float32Array(memory.buffer, address, length);
  return {
    kernels,
    put: (values) => {
      const address = allocate(values.length * 4);
      view(address, values.length).set(values);
      return address;
    },
    space: (length) => {
      const address = allocate(length * 4);
      view(address, length).fill(NaN);
      return address;
    },
    get: (address, length) => view(address, length).slice(),
    buffer: () => memory.buffer,
    grow: () => void memory.grow(1),
    bytes: () => memory.buffer.byteLength,
  };
}

/** Reproducible numbers, uniform in [-1, 1). */
export function createNumbers(seed: number): {
  floats(length: number): Float32Array;
  integer(from: number, to: number): number;
} {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let mixed = state ^ (state >>> 15);
    mixed = Math.imul(mixed, 0x2c1b3c6d);
    mixed ^= mixed >>> 13;
    return (mixed >>> 0) / 4294967296;
  };
  return {
    floats: (length) => Float32Array.from({ length }, () => next() * 2 - 1),
    integer: (from, to) => from + Math.floor(next() * (to - from + 1)),
  };
}

/** A double-precision result and, per element, the sum of the absolute terms that make it up. */
export interface Reference {
  values: Float64Array;
  magnitudes: Float64Array;
}

function emptyReference(length: number): Reference {
  return { values: new Float64Array(length), magnitudes: new Float64Array(length) };
}

/** Largest error relative to the magnitude of the terms of that element; NaN counts as infinite. */
export function largestError(actual: ArrayLike<number>, { values, magnitudes }: Reference): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const error = Math.abs(actual[i] - values[i]) / Math.max(magnitudes[i], 1e-3);
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  }
  return largest;
}

export function applyActivation(x: number, activation: Activation): number {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return Math.max(0, x);
    case 'leakyRelu':
      return x > 0 ? x : 0.2 * x;
    case 'tanh':
      return Math.tanh(x);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'softplus':
      return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    case 'silu':
      return x / (1 + Math.exp(-x));
    case 'gelu':
      return x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  }
}

export function finish(reference: Reference, bias: Float32Array | null, activation: Activation): Reference {
  for (let i = 0; i < reference.values.length; i++) {
    if (bias) {
      const term = bias[i % bias.length];
      reference.values[i] += term;
      reference.magnitudes[i] += Math.abs(term);
    }
    reference.values[i] = applyActivation(reference.values[i], activation);
    // The exponential's own rounding is relative to a result of at most one.
    if (!['linear', 'relu', 'leakyRelu'].includes(activation)) reference.magnitudes[i] += 0.1;
  }
  return reference;
}

export function matrixProductReference(
  left: Float32Array,
  right: Float32Array,
  shape: { rows: number; columns: number; depth: number; transposeLeft: boolean; transposeRight: boolean },
): Reference {
  const { rows, columns, depth } = shape;
  const result = emptyReference(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      for (let k = 0; k < depth; k++) {
        const a = left[shape.transposeLeft ? k * rows + i : i * depth + k];
        const b = right[shape.transposeRight ? j * depth + k : k * columns + j];
        result.values[i * columns + j] += a * b;
        result.magnitudes[i * columns + j] += Math.abs(a * b);
      }
    }
  }
  return result;
}

/** Calls `visit` with the flat indices of every (input, filter, output) triple of the convolution. */
function forEachTerm(
  shape: ConvolutionShape,
  visit: (input: number, filter: number, output: number) => void,
): void {
  const s = shape;
  for (let n = 0; n < s.batch; n++)
    for (let oy = 0; oy < s.outputHeight; oy++)
      for (let ox = 0; ox < s.outputWidth; ox++)
        for (let ky = 0; ky < s.filterHeight; ky++)
          for (let kx = 0; kx < s.filterWidth; kx++) {
            const y = oy * s.stride - s.paddingTop + ky;
            const x = ox * s.stride - s.paddingLeft + kx;
            if (y < 0 || x < 0 || y >= s.inputHeight || x >= s.inputWidth) continue;
            for (let c = 0; c < s.inputChannels; c++)
              for (let o = 0; o < s.outputChannels; o++)
                visit(
                  ((n * s.inputHeight + y) * s.inputWidth + x) * s.inputChannels + c,
                  ((ky * s.filterWidth + kx) * s.inputChannels + c) * s.outputChannels + o,
                  ((n * s.outputHeight + oy) * s.outputWidth + ox) * s.outputChannels + o,
                );
          }
}

export interface ConvolutionSizes {
  input: number;
  filter: number;
  output: number;
}

export function sizesOf(s: ConvolutionShape): ConvolutionSizes {
  return {
    input: s.batch * s.inputHeight * s.inputWidth * s.inputChannels,
    filter: s.filterHeight * s.filterWidth * s.inputChannels * s.outputChannels,
    output: s.batch * s.outputHeight * s.outputWidth * s.outputChannels,
  };
}

/** The part of a convolution named by `wanted`, from the other two. */
export function convolutionReference(
  shape: ConvolutionShape,
  wanted: 'input' | 'filter' | 'output',
  known: { input?: Float32Array; filter?: Float32Array; output?: Float32Array },
): Reference {
  const result = emptyReference(sizesOf(shape)[wanted]);
  forEachTerm(shape, (input, filter, output) => {
    const target = wanted === 'input' ? input : wanted === 'filter' ? filter : output;
    const term =
      (wanted === 'input' ? 1 : (known.input?.[input] ?? NaN)) *
      (wanted === 'filter' ? 1 : (known.filter?.[filter] ?? NaN)) *
      (wanted === 'output' ? 1 : (known.output?.[output] ?? NaN));
    result.values[target] += term;
    result.magnitudes[target] += Math.abs(term);
  });
  return result;
}

/** The extents of a convolution with TensorFlow's rule for the padding. */
export function convolutionShape(options: {
  batch: number;
  height: number;
  width: number;
  inputChannels: number;
  outputChannels: number;
  filterHeight: number;
  filterWidth: number;
  stride: number;
  padding: 'same' | 'valid';
}): ConvolutionShape {
  const extent = (size: number, filter: number) => {
    if (options.padding === 'valid')
      return { size: Math.floor((size - filter) / options.stride) + 1, before: 0 };
    const out = Math.ceil(size / options.stride);
    const total = Math.max(0, (out - 1) * options.stride + filter - size);
    return { size: out, before: Math.floor(total / 2) };
  };
  const vertical = extent(options.height, options.filterHeight);
  const horizontal = extent(options.width, options.filterWidth);
  return {
    batch: options.batch,
    inputHeight: options.height,
    inputWidth: options.width,
    inputChannels: options.inputChannels,
    outputHeight: vertical.size,
    outputWidth: horizontal.size,
    outputChannels: options.outputChannels,
    filterHeight: options.filterHeight,
    filterWidth: options.filterWidth,
    stride: options.stride,
    paddingTop: vertical.before,
    paddingLeft: horizontal.before,
  };
}
