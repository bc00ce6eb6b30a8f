import { beforeAll, describe, expect, it } from 'vitest';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import type { ConvolutionShape, ResizingShape } from '../../src-main/engine/kernels/kernel-jobs.ts';
import { kernelVariants, supportsVariant } from '../../src-main/engine/kernels/variants.ts';
import { convolutionShape, createNumbers, largestError, openBench } from './kernels-reference.ts';

const tolerances = { wide: 1e-4, relaxed: 1e-4, plain: 1e-5 };

beforeAll(async () => {
  await buildKernels();
});

/** The input indices of each output element's window, by output index. */
function windowsOf(s: ConvolutionShape): number[][] {
  const windows: number[][] = [];
  for (let n = 0; n < s.batch; n++)
    for (let row = 0; row < s.outputHeight; row++)
      for (let column = 0; column < s.outputWidth; column++)
        for (let c = 0; c < s.inputChannels; c++) {
          const window: number[] = [];
          for (let a = 0; a < s.filterHeight; a++)
            for (let b = 0; b < s.filterWidth; b++) {
              const y = row * s.stride - s.paddingTop + a;
              const x = column * s.stride - s.paddingLeft + b;
              if (y < 0 || x < 0 || y >= s.inputHeight || x >= s.inputWidth) continue;
              window.push(((n * s.inputHeight + y) * s.inputWidth + x) * s.inputChannels + c);
            }
          windows.push(window);
        }
  return windows;
}

/** Pixels and shares of one axis by tfjs's rules for resizing. */
function placesOf(from: number, to: number, shape: ResizingShape): [number, number][][] {
  const aligned = shape.alignCorners && to > 1;
  const scale = aligned ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, i) => {
    if (shape.kind === 'nearest') {
      const place = shape.halfPixelCenters ? (i + 0.5) * scale : i * scale;
      const nearest = shape.alignCorners ? Math.round(place) : Math.floor(place);
      return [[Math.min(from - 1, nearest), 1]];
    }
    const place = shape.halfPixelCenters ? (i + 0.5) * scale - 0.5 : i * scale;
    const share = place - Math.floor(place);
    return [
      [Math.max(0, Math.floor(place)), 1 - share],
      [Math.max(0, Math.min(from - 1, Math.ceil(place))), share],
    ];
  });
}

const poolings: ConvolutionShape[] = [];
const resizings: ResizingShape[] = [];
{
  const numbers = createNumbers(77);
  for (let i = 0; i < 14; i++) {
    const filterHeight = numbers.integer(1, 4);
    const filterWidth = numbers.integer(1, 4);
    const channels = numbers.integer(1, 21);
    poolings.push(
      convolutionShape({
        batch: numbers.integer(1, 3),
        height: numbers.integer(filterHeight, 9),
        width: numbers.integer(filterWidth, 9),
        inputChannels: channels,
        outputChannels: channels,
        filterHeight,
        filterWidth,
        stride: numbers.integer(1, 3),
        padding: numbers.integer(0, 1) === 0 ? 'same' : 'valid',
      }),
    );
  }
  for (let i = 0; i < 24; i++) {
    // Scales that are powers of two have places that rounding cannot move to another pixel.
    const factor = [0.5, 1, 2, 4][numbers.integer(0, 3)]!;
    const [height, width] = [2 * numbers.integer(1, 4), 2 * numbers.integer(1, 4)];
    const alignCorners = i % 3 === 1;
    resizings.push({
      batch: numbers.integer(1, 3),
      channels: numbers.integer(1, 21),
      height,
      width,
      newHeight: alignCorners ? 2 * (height - 1) + 1 : height * factor,
      newWidth: alignCorners ? 2 * (width - 1) + 1 : width * factor,
      kind: i % 2 === 0 ? 'bilinear' : 'nearest',
      alignCorners,
      halfPixelCenters: i % 3 === 2,
    });
  }
}

describe.each(kernelVariants.filter(supportsVariant))('the %s kernels', (variant) => {
  const tolerance = tolerances[variant];
  const closeTo = (actual: Float32Array, expected: number[], scale = 1) =>
    expect(
      largestError(actual, {
        values: Float64Array.from(expected),
        magnitudes: new Float64Array(expected.length).fill(scale),
      }),
    ).toBeLessThan(tolerance);

  it.each(poolings.map((shape) => [Object.values(shape).join(), shape] as const))(
    'pool %s',
    (_name, shape) => {
      const bench = openBench(variant);
      const numbers = createNumbers(5);
      const windows = windowsOf(shape);
      const inputSize = shape.batch * shape.inputHeight * shape.inputWidth * shape.inputChannels;
      // Few different values, so that windows have several largest pixels.
      const input = numbers.floats(inputSize).map((x) => Math.round(x * 4) / 4);
      const gradient = numbers.floats(windows.length);
      const values = numbers.floats(inputSize);
      const firstLargest = windows.map((window) =>
        window.reduce((best, at) => (input[at]! > input[best]! ? at : best), window[0]!),
      );
      const address = bench.put(input);
      const output = bench.space(windows.length);
      bench.kernels.largestPooling(shape, address, output);
      closeTo(
        bench.get(output, windows.length),
        firstLargest.map((at) => input[at]!),
      );
      bench.kernels.averagePooling(shape, address, output);
      const average = (window: number[]) => window.reduce((sum, at) => sum + input[at]!, 0) / window.length;
      closeTo(bench.get(output, windows.length), windows.map(average));
      bench.kernels.largestChoice(shape, address, bench.put(values), output);
      closeTo(
        bench.get(output, windows.length),
        firstLargest.map((at) => values[at]!),
      );

      const ofLargest = new Array<number>(inputSize).fill(0);
      const ofAverage = new Array<number>(inputSize).fill(0);
      windows.forEach((window, i) => {
        ofLargest[firstLargest[i]!]! += gradient[i]!;
        for (const at of window) ofAverage[at]! += gradient[i]! / window.length;
      });
      const inputGradient = bench.space(inputSize);
      bench.kernels.largestGradient(shape, address, bench.put(gradient), inputGradient);
      closeTo(bench.get(inputGradient, inputSize), ofLargest, 4);
      bench.kernels.averageGradient(shape, bench.put(gradient), inputGradient);
      closeTo(bench.get(inputGradient, inputSize), ofAverage, 4);
    },
  );

  it.each(resizings.map((shape) => [Object.values(shape).join(), shape] as const))(
    'resize %s',
    (_name, shape) => {
      const bench = openBench(variant);
      const numbers = createNumbers(6);
      const { batch, channels, height, width, newHeight, newWidth } = shape;
      const input = numbers.floats(batch * height * width * channels);
      const gradient = numbers.floats(batch * newHeight * newWidth * channels);
      const expected = new Array<number>(gradient.length).fill(0);
      const expectedGradient = new Array<number>(input.length).fill(0);
      const [rows, columns] = [placesOf(height, newHeight, shape), placesOf(width, newWidth, shape)];
      for (let n = 0; n < batch; n++)
        rows.forEach((rowPlaces, row) =>
          columns.forEach((columnPlaces, column) => {
            for (const [y, rowShare] of rowPlaces)
              for (const [x, columnShare] of columnPlaces)
                for (let c = 0; c < channels; c++) {
                  const from = ((n * height + y) * width + x) * channels + c;
                  const to = ((n * newHeight + row) * newWidth + column) * channels + c;
                  expected[to]! += rowShare * columnShare * input[from]!;
                  expectedGradient[from]! += rowShare * columnShare * gradient[to]!;
                }
          }),
        );
      const output = bench.space(gradient.length);
      bench.kernels.resize(shape, bench.put(input), output);
      closeTo(bench.get(output, gradient.length), expected);
      const inputGradient = bench.space(input.length);
      bench.kernels.resizeGradient(shape, bench.put(gradient), inputGradient);
      closeTo(bench.get(inputGradient, input.length), expectedGradient, 4);
    },
  );
});
