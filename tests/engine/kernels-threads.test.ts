import { beforeAll, expect, it } from 'vitest';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import type { ConvolutionShape } from '../../src-main/engine/kernels/kernel-jobs.ts';
import { kernelVariants, supportsVariant } from '../../src-main/engine/kernels/variants.ts';
import {
  convolutionShape,
  createNumbers,
  openBench,
  openThreadedBench,
  sizesOf,
  type Bench,
} from './kernels-reference.ts';

beforeAll(async () => {
  await buildKernels();
});

/** The result of every kernel that can be shared out, on shapes large enough to be. */
function resultsOf(bench: Bench): Record<string, Float32Array> {
  const numbers = createNumbers(31);
  const results: Record<string, Float32Array> = {};
  for (const [rows, columns, depth] of [
    [67, 130, 300],
    [1000, 9, 64],
  ]) {
    const output = bench.space(rows * columns);
    bench.kernels.matrixProduct({
      transposeLeft: true,
      transposeRight: false,
      rows,
      columns,
      depth,
      left: bench.put(numbers.floats(rows * depth)),
      right: bench.put(numbers.floats(depth * columns)),
      output,
      bias: bench.put(numbers.floats(columns)),
      activation: 'sigmoid',
    });
    results[`product ${rows}x${columns}`] = bench.get(output, rows * columns);
  }
  const common = { stride: 2, padding: 'same' as const, filterHeight: 4, filterWidth: 4 };
  const shapes: ConvolutionShape[] = [
    convolutionShape({ ...common, batch: 5, height: 28, width: 28, inputChannels: 1, outputChannels: 32 }),
    convolutionShape({ ...common, batch: 7, height: 14, width: 14, inputChannels: 32, outputChannels: 20 }),
    convolutionShape({ ...common, batch: 3, height: 24, width: 24, inputChannels: 16, outputChannels: 3 }),
  ];
  for (const [i, shape] of shapes.entries()) {
    const sizes = sizesOf(shape);
    const input = bench.put(numbers.floats(sizes.input));
    const filter = bench.put(numbers.floats(sizes.filter));
    const output = bench.put(numbers.floats(sizes.output));
    const forward = bench.space(sizes.output);
    bench.kernels.convolution(shape, input, filter, forward, 0, 'leakyRelu');
    results[`convolution ${i}`] = bench.get(forward, sizes.output);
    const inputGradient = bench.space(sizes.input);
    bench.kernels.inputGradient(shape, inputGradient, filter, output, 0, 'tanh');
    results[`input gradient ${i}`] = bench.get(inputGradient, sizes.input);
    const filterGradient = bench.space(sizes.filter);
    bench.kernels.filterGradient(shape, input, filterGradient, output);
    results[`filter gradient ${i}`] = bench.get(filterGradient, sizes.filter);
  }
  const length = 200_003;
  const long = bench.put(numbers.floats(length));
  const activated = bench.space(length);
  bench.kernels.activation('tanh', length, long, activated);
  results.activation = bench.get(activated, length);
  bench.kernels.activationGradient('tanh', length, long, activated, activated);
  results['activation gradient'] = bench.get(activated, length);
  const loss = bench.space(1);
  bench.kernels.crossEntropy(length, long, 0, 0.9, loss);
  results['cross-entropy'] = bench.get(loss, 1);
  bench.kernels.crossEntropyGradient(length, long, 0, 0.9, loss, activated);
  results['cross-entropy gradient'] = bench.get(activated, length);
  const channels = 50;
  const rows = 4000;
  const sums = bench.space(channels);
  bench.kernels.columnSum(rows, channels, long, sums);
  results['column sum'] = bench.get(sums, channels);
  const vectors = Array.from({ length: 6 }, () => bench.put(numbers.floats(channels)));
  const [scale, shift, mean, variance, scaleGradient, shiftGradient] = vectors;
  const normal = bench.space(rows * channels);
  const shape = { rows, channels, epsilon: 1e-5, input: long, scale, mean, variance };
  bench.kernels.batchNormalization({ ...shape, shift, output: normal });
  results['batch normalization'] = bench.get(normal, rows * channels);
  const gradient = bench.put(numbers.floats(rows * channels));
  bench.kernels.batchNormalizationGradient({
    ...shape,
    gradient,
    inputGradient: normal,
    scaleGradient,
    shiftGradient,
  });
  results['batch normalization gradient'] = bench.get(normal, rows * channels);
  results['scale gradient'] = bench.get(scaleGradient, channels);
  const layer = { rows, channels, input: long, scale, mean: bench.space(rows), output: normal };
  const inverseDeviation = bench.space(rows);
  bench.kernels.layerNormalization({ ...layer, inverseDeviation, shift, epsilon: 1e-5 });
  results['layer normalization'] = bench.get(normal, rows * channels);
  const parameters = { gradient, scaleGradient, shiftGradient };
  bench.kernels.layerNormalizationGradient({ ...layer, ...parameters, inverseDeviation });
  results['layer normalization gradient'] = bench.get(normal, rows * channels);
  results['layer scale gradient'] = bench.get(scaleGradient, channels);
  const groups = { ...shape, groups: 8, rows: rows / 8, mean: bench.space(400), variance: bench.space(400) };
  bench.kernels.batchNormalization({ ...groups, shift, output: normal });
  results['instance normalization'] = bench.get(normal, rows * channels);
  const indices = bench.put(new Float32Array(rows));
  const scattered = bench.space(2 * channels);
  const scatter = { rows, columns: channels, input: gradient, indices, output: scattered, outputRows: 2 };
  bench.kernels.rowScatter(scatter);
  results['row scatter'] = bench.get(scattered, 2 * channels);
  const slot = () => bench.put(numbers.floats(length).map(Math.abs));
  const tensor = { variable: long, gradient, firstMoment: slot(), secondMoment: slot(), average: slot() };
  const scalars = { step: 3, learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-8, averageDecay: 0.9 };
  bench.kernels.adam([{ ...tensor, length: rows * channels }], scalars);
  results.adam = bench.get(long, length);
  results.average = bench.get(tensor.average, length);
  return results;
}

it.each(kernelVariants.filter(supportsVariant))(
  'the %s kernels give the same bits on one, two and three threads',
  async (variant) => {
    const expected = resultsOf(openBench(variant));
    for (const values of Object.values(expected)) expect(values.every(Number.isFinite)).toBe(true);
    for (const count of [2, 3]) {
      const bench = await openThreadedBench(variant, count);
      const actual = resultsOf(bench);
      for (const [name, values] of Object.entries(expected)) {
        const different = values.findIndex((value, i) => !Object.is(value, actual[name][i]));
        expect(different, `${name} on ${count} threads`).toBe(-1);
      }
      expect(Object.keys(actual)).toEqual(Object.keys(expected));
      bench.grow();
      expect(resultsOf(bench).adam).toEqual(expected.adam);
    }
  },
);

it.runIf(supportsVariant('wide'))('the wide kernels give the same bits as the relaxed ones', () => {
  const [wide, relaxed] = [resultsOf(openBench('wide')), resultsOf(openBench('relaxed'))];
  for (const [name, values] of Object.entries(relaxed)) {
    const different = values.findIndex((value, i) => !Object.is(value, wide[name][i]));
    expect(different, name).toBe(-1);
  }
});
