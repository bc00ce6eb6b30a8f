import { beforeAll, describe, expect, it } from 'vitest';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { numbersByResult, type Activation } from '../../src-main/engine/kernels/activations.ts';
import type { ConvolutionShape } from '../../src-main/engine/kernels/kernel-jobs.ts';
import { bestVariant, kernelVariants, supportsVariant } from '../../src-main/engine/kernels/variants.ts';
import {
  applyActivation,
  convolutionReference,
  convolutionShape,
  createNumbers,
  finish,
  largestError,
  matrixProductReference,
  openBench,
  sizesOf,
} from './kernels-reference.ts';

const activations: Activation[] = [
  'linear',
  'relu',
  'leakyRelu',
  'tanh',
  'sigmoid',
  'softplus',
  'silu',
  'gelu',
];
/** The slope of an activation at x, where its value is y. */
function slopeOf(activation: Activation, x: number, y: number): number {
  switch (activation) {
    case 'linear':
      return 1;
    case 'relu':
      return Number(y > 0);
    case 'leakyRelu':
      return y > 0 ? 1 : 0.2;
    case 'tanh':
      return 1 - y * y;
    case 'sigmoid':
      return y * (1 - y);
    case 'softplus':
      return 1 / (1 + Math.exp(-x));
    case 'silu': {
      const share = 1 / (1 + Math.exp(-x));
      return share * (1 + x * (1 - share));
    }
    case 'gelu': {
      const factor = 2 * Math.sqrt(2 / Math.PI);
      const share = 1 / (1 + Math.exp(-factor * (x + 0.044715 * x ** 3)));
      return share + x * share * (1 - share) * factor * (1 + 3 * 0.044715 * x * x);
    }
  }
}

const tolerances = { wide: 1e-4, relaxed: 1e-4, plain: 1e-5 };

beforeAll(async () => {
  await buildKernels();
});

it('this runtime can execute at least one variant, and the best one is the first of them', () => {
  expect(bestVariant()).toBe(kernelVariants.find(supportsVariant));
  expect(bestVariant()).not.toBeNull();
});

const convolutions: [string, ConvolutionShape][] = [];
{
  const numbers = createNumbers(7);
  const fixed = [
    {
      height: 28,
      width: 28,
      inputChannels: 1,
      outputChannels: 32,
      filterHeight: 4,
      filterWidth: 4,
      stride: 2,
    },
    { height: 9, width: 8, inputChannels: 3, outputChannels: 1, filterHeight: 7, filterWidth: 7, stride: 1 },
    {
      height: 5,
      width: 5,
      inputChannels: 300,
      outputChannels: 9,
      filterHeight: 3,
      filterWidth: 3,
      stride: 2,
    },
    {
      height: 6,
      width: 7,
      inputChannels: 16,
      outputChannels: 13,
      filterHeight: 1,
      filterWidth: 1,
      stride: 2,
    },
    {
      height: 12,
      width: 12,
      inputChannels: 64,
      outputChannels: 24,
      filterHeight: 5,
      filterWidth: 5,
      stride: 1,
    },
    {
      height: 2,
      width: 2,
      inputChannels: 8,
      outputChannels: 300,
      filterHeight: 4,
      filterWidth: 4,
      stride: 2,
    },
  ];
  // These go by minimal filtering: tiles that fit, and tiles that reach over the edge of odd sizes.
  const halving = { filterHeight: 4, filterWidth: 4, stride: 2 };
  fixed.push(
    { ...halving, height: 14, width: 14, inputChannels: 32, outputChannels: 64 },
    { ...halving, height: 8, width: 16, inputChannels: 20, outputChannels: 16 },
    { ...halving, height: 15, width: 7, inputChannels: 16, outputChannels: 24 },
  );
  for (const options of fixed) {
    const shape = convolutionShape({ ...options, batch: 2, padding: 'same' });
    convolutions.push([
      `${options.filterHeight}x${options.filterWidth} over ${options.height}x${options.width}, ${options.inputChannels} channels`,
      shape,
    ]);
  }
  for (let i = 0; i < 14; i++) {
    const filterHeight = numbers.integer(1, 7);
    const filterWidth = numbers.integer(1, 7);
    const options = {
      batch: numbers.integer(1, 4),
      height: numbers.integer(filterHeight, 12),
      width: numbers.integer(filterWidth, 12),
      inputChannels: numbers.integer(1, 17),
      outputChannels: numbers.integer(1, 19),
      filterHeight,
      filterWidth,
      stride: numbers.integer(1, 2),
      padding: numbers.integer(0, 1) === 0 ? ('same' as const) : ('valid' as const),
    };
    convolutions.push([JSON.stringify(Object.values(options)), convolutionShape(options)]);
  }
}

describe.each(kernelVariants.filter(supportsVariant))('the %s kernels', (variant) => {
  const tolerance = tolerances[variant];

  it('multiply matrices of any shape in all four transpositions, with bias and activation', () => {
    const bench = openBench(variant);
    const numbers = createNumbers(1);
    const shapes = [
      [1, 1, 1],
      [64, 1, 3136],
      [100, 37, 64],
      [6, 8, 256],
      [5, 8, 257],
      [97, 9, 513],
      [3, 130, 2],
    ];
    for (let i = 0; i < 24; i++) {
      shapes.push([numbers.integer(1, 40), numbers.integer(1, 40), numbers.integer(1, 300)]);
    }
    shapes.forEach(([rows, columns, depth], i) => {
      const left = numbers.floats(rows * depth);
      const right = numbers.floats(depth * columns);
      const bias = i % 3 === 0 ? null : numbers.floats(columns);
      const activation = activations[i % activations.length];
      for (const transposeLeft of [false, true]) {
        for (const transposeRight of [false, true]) {
          const shape = { rows, columns, depth, transposeLeft, transposeRight };
          const output = bench.space(rows * columns);
          bench.kernels.matrixProduct({
            ...shape,
            left: bench.put(left),
            right: bench.put(right),
            output,
            bias: bias ? bench.put(bias) : 0,
            activation,
          });
          const expected = finish(matrixProductReference(left, right, shape), bias, activation);
          expect(
            largestError(bench.get(output, rows * columns), expected),
            JSON.stringify(shape),
          ).toBeLessThan(tolerance);
        }
      }
    });
  });

  it.each(convolutions)('convolve and give both gradients: %s', (_name, shape) => {
    const bench = openBench(variant);
    const numbers = createNumbers(3);
    const sizes = sizesOf(shape);
    const input = numbers.floats(sizes.input);
    const filter = numbers.floats(sizes.filter);
    const output = numbers.floats(sizes.output);
    const outputBias = numbers.floats(shape.outputChannels);
    const inputBias = numbers.floats(shape.inputChannels);
    const at = { input: bench.put(input), filter: bench.put(filter), output: bench.put(output) };

    const forward = bench.space(sizes.output);
    bench.kernels.convolution(shape, at.input, at.filter, forward, bench.put(outputBias), 'leakyRelu');
    const expectedForward = finish(
      convolutionReference(shape, 'output', { input, filter }),
      outputBias,
      'leakyRelu',
    );
    expect(largestError(bench.get(forward, sizes.output), expectedForward)).toBeLessThan(tolerance);

    const plain = bench.space(sizes.output);
    bench.kernels.convolution(shape, at.input, at.filter, plain, 0, 'linear');
    const expectedPlain = convolutionReference(shape, 'output', { input, filter });
    expect(largestError(bench.get(plain, sizes.output), expectedPlain)).toBeLessThan(tolerance);

    const backward = bench.space(sizes.input);
    bench.kernels.inputGradient(shape, backward, at.filter, at.output, 0, 'linear');
    const expectedBackward = convolutionReference(shape, 'input', { filter, output });
    expect(largestError(bench.get(backward, sizes.input), expectedBackward)).toBeLessThan(tolerance);

    bench.kernels.inputGradient(shape, backward, at.filter, at.output, bench.put(inputBias), 'tanh');
    const expectedTransposed = finish(expectedBackward, inputBias, 'tanh');
    expect(largestError(bench.get(backward, sizes.input), expectedTransposed)).toBeLessThan(tolerance);

    const filterOut = bench.space(sizes.filter);
    bench.kernels.filterGradient(shape, at.input, filterOut, at.output);
    const expectedFilter = convolutionReference(shape, 'filter', { input, output });
    expect(largestError(bench.get(filterOut, sizes.filter), expectedFilter)).toBeLessThan(tolerance);
  });

  it('multiply batches of matrices as they do each alone', () => {
    const bench = openBench(variant);
    const numbers = createNumbers(21);
    const [rows, columns, depth, batch] = [13, 18, 30, 5];
    const left = numbers.floats(batch * rows * depth);
    const right = numbers.floats(batch * depth * columns);
    const output = bench.space(batch * rows * columns);
    const shape = { rows, columns, depth, transposeLeft: false, transposeRight: true };
    const at = { left: bench.put(left), right: bench.put(right), output };
    bench.kernels.matrixProduct({ ...shape, ...at, bias: 0, activation: 'linear', batch });
    for (let i = 0; i < batch; i++) {
      const expected = matrixProductReference(
        left.subarray(i * rows * depth),
        right.subarray(i * depth * columns),
        shape,
      );
      const actual = bench.get(output + i * rows * columns * 4, rows * columns);
      expect(largestError(actual, expected)).toBeLessThan(tolerance);
    }
  });

  it('write only their result, not a float beside it', () => {
    const bench = openBench(variant);
    const numbers = createNumbers(9);
    const shape = { rows: 7, columns: 11, depth: 5, transposeLeft: false, transposeRight: false };
    const output = bench.put(new Float32Array(7 * 11 + 8).fill(5));
    bench.kernels.matrixProduct({
      ...shape,
      left: bench.put(numbers.floats(35)),
      right: bench.put(numbers.floats(55)),
      output: output + 16,
      bias: 0,
      activation: 'linear',
    });
    const all = bench.get(output, 7 * 11 + 8);
    expect([...all.slice(0, 4), ...all.slice(-4)]).toEqual(new Array(8).fill(5));
  });

  it('apply activations and their slopes, and keep a NaN visible', () => {
    const bench = openBench(variant);
    const values = Float32Array.from({ length: 203 }, (_, i) => (i - 101) / 8);
    values[0] = -1e4;
    values[1] = 1e4;
    const gradient = createNumbers(4).floats(values.length);
    for (const activation of activations) {
      const output = bench.space(values.length);
      bench.kernels.activation(activation, values.length, bench.put(values), output);
      const actual = bench.get(output, values.length);
      const expected = Float64Array.from(values, (x) => applyActivation(x, activation));
      const magnitudes = expected.map((x) => Math.abs(x) + 1e-6);
      expect(largestError(actual, { values: expected, magnitudes }), activation).toBeLessThan(tolerance);

      const slopes = bench.space(values.length);
      bench.kernels.activationGradient(
        activation,
        values.length,
        bench.put(gradient),
        bench.put(values),
        slopes,
      );
      const expectedSlopes = Float64Array.from(
        gradient,
        (g, i) => g * slopeOf(activation, values[i], actual[i]),
      );
      const unit = new Float64Array(values.length).fill(1);
      const actualSlopes = bench.get(slopes, values.length);
      expect(largestError(actualSlopes, { values: expectedSlopes, magnitudes: unit })).toBeLessThan(
        tolerance,
      );

      const broken = bench.space(5);
      bench.kernels.activation(activation, 5, bench.put([NaN, 1, NaN, 2, NaN]), broken);
      expect([...bench.get(broken, 5)].map(Number.isNaN), activation).toEqual([
        true,
        false,
        true,
        false,
        true,
      ]);
      if (activation in numbersByResult) {
        const results = bench.put(actual);
        bench.kernels.activationGradientByResult(
          activation,
          values.length,
          bench.put(gradient),
          results,
          slopes,
        );
        const byResult = bench.get(slopes, values.length);
        expect(largestError(byResult, { values: expectedSlopes, magnitudes: unit })).toBeLessThan(tolerance);
      }
    }
  });

  it('sum columns of any width', () => {
    const bench = openBench(variant);
    const numbers = createNumbers(5);
    for (const [rows, columns] of [
      [1, 1],
      [12544, 1],
      [700, 3],
      [129, 64],
      [64, 3136],
      [300, 37],
    ]) {
      const input = numbers.floats(rows * columns);
      const output = bench.space(columns);
      bench.kernels.columnSum(rows, columns, bench.put(input), output);
      const values = new Float64Array(columns);
      const magnitudes = new Float64Array(columns);
      input.forEach((x, i) => {
        values[i % columns] += x;
        magnitudes[i % columns] += Math.abs(x);
      });
      expect(largestError(bench.get(output, columns), { values, magnitudes })).toBeLessThan(tolerance);
    }
  });

  it('sum squares in double precision and notice a single number that is not finite', () => {
    const bench = openBench(variant);
    for (const length of [1, 7, 8, 1003]) {
      const input = createNumbers(6)
        .floats(length)
        .map((x) => x * 1e19);
      let expected = 0;
      for (const x of input) expected += x * x;
      expect(bench.kernels.squareSum(length, bench.put(input)) / expected).toBeCloseTo(1, 12);
      for (const bad of [NaN, Infinity, -Infinity]) {
        input[length - 1] = bad;
        expect(Number.isFinite(bench.kernels.squareSum(length, bench.put(input)))).toBe(false);
      }
      input.fill(3.4e38);
      expect(Number.isFinite(bench.kernels.squareSum(length, bench.put(input)))).toBe(true);
    }
  });

  it('give the same bits every time', () => {
    const run = () => {
      const bench = openBench(variant);
      const numbers = createNumbers(8);
      const [, shape] = convolutions[0];
      const sizes = sizesOf(shape);
      const output = bench.space(sizes.output);
      bench.kernels.convolution(
        shape,
        bench.put(numbers.floats(sizes.input)),
        bench.put(numbers.floats(sizes.filter)),
        output,
        0,
        'tanh',
      );
      return bench.get(output, sizes.output);
    };
    expect(run()).toEqual(run());
  });

  it('go on after the memory has grown under them', () => {
    const bench = openBench(variant);
    const input = bench.put([1, 2, 3, 4, 5]);
    const output = bench.space(5);
    const before = bench.bytes();
    bench.grow();
    expect(bench.bytes()).toBeGreaterThan(before);
    bench.kernels.activation('relu', 5, input, output);
    expect([...bench.get(output, 5)]).toEqual([1, 2, 3, 4, 5]);
  });
});
