import { beforeAll, describe, expect, it } from 'vitest';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { kernelVariants, supportsVariant } from '../../src-main/engine/kernels/variants.ts';
import { createNumbers, largestError, openBench } from './kernels-reference.ts';

const tolerances = { wide: 1e-4, relaxed: 1e-4, plain: 1e-5 };

beforeAll(async () => {
  await buildKernels();
});

function batchNormalizationReference(
  rows: number,
  channels: number,
  data: { input: Float32Array; scale: Float32Array; shift: Float32Array; gradient: Float32Array },
  epsilon: number,
) {
  const { input, scale, shift, gradient } = data;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  input.forEach((x, i) => (mean[i % channels] += x / rows));
  input.forEach((x, i) => (variance[i % channels] += (x - mean[i % channels]) ** 2 / rows));
  const normal = (i: number) => (input[i] - mean[i % channels]) / Math.sqrt(variance[i % channels] + epsilon);
  const output = Float64Array.from(input, (_, i) => normal(i) * scale[i % channels] + shift[i % channels]);
  const scaleGradient = new Float64Array(channels);
  const shiftGradient = new Float64Array(channels);
  const magnitude = new Float64Array(channels);
  gradient.forEach((g, i) => {
    scaleGradient[i % channels] += g * normal(i);
    shiftGradient[i % channels] += g;
    magnitude[i % channels] += Math.abs(g) * (1 + Math.abs(normal(i)));
  });
  const inputGradient = Float64Array.from(gradient, (g, i) => {
    const c = i % channels;
    const rest = (shiftGradient[c] + normal(i) * scaleGradient[c]) / rows;
    return (scale[c] / Math.sqrt(variance[c] + epsilon)) * (g - rest);
  });
  const inputMagnitude = Float64Array.from(
    gradient,
    (_, i) => (3 * Math.abs(scale[i % channels])) / Math.sqrt(variance[i % channels] + epsilon) + 1e-2,
  );
  return { mean, variance, output, scaleGradient, shiftGradient, magnitude, inputGradient, inputMagnitude };
}

function layerNormalizationReference(
  rows: number,
  channels: number,
  data: { input: Float32Array; scale: Float32Array; shift: Float32Array; gradient: Float32Array },
  epsilon: number,
) {
  const output = new Float64Array(rows * channels);
  const inputGradient = new Float64Array(rows * channels);
  const scaleGradient = new Float64Array(channels);
  const shiftGradient = new Float64Array(channels);
  for (let row = 0; row < rows; row++) {
    const part = (values: Float32Array) =>
      Array.from(values.subarray(row * channels, (row + 1) * channels), Number);
    const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / channels;
    const x = part(data.input);
    const gradient = part(data.gradient);
    const mean = meanOf(x);
    const inverse = 1 / Math.sqrt(meanOf(x.map((value) => (value - mean) ** 2)) + epsilon);
    const normal = x.map((value) => (value - mean) * inverse);
    const weighted = gradient.map((value, c) => value * data.scale[c]);
    const constant = meanOf(weighted);
    const slope = meanOf(weighted.map((value, c) => value * normal[c]));
    for (let c = 0; c < channels; c++) {
      output[row * channels + c] = normal[c] * data.scale[c] + data.shift[c];
      inputGradient[row * channels + c] = (weighted[c] - constant - normal[c] * slope) * inverse;
      scaleGradient[c] += gradient[c] * normal[c];
      shiftGradient[c] += gradient[c];
    }
  }
  return { output, inputGradient, scaleGradient, shiftGradient };
}

describe.each(kernelVariants.filter(supportsVariant))('the %s kernels', (variant) => {
  const tolerance = tolerances[variant];

  it.each([
    [64, 1],
    [300, 3],
    [196, 32],
    [50, 37],
    [2000, 64],
    [2, 12],
  ])('normalize a batch of %i rows and %i channels, and give its gradients', (rows, channels) => {
    const bench = openBench(variant);
    const numbers = createNumbers(rows);
    // A mean well away from zero, where a variance from plain sums would lose its digits.
    const input = numbers.floats(rows * channels).map((x) => x + 20);
    const gradient = numbers.floats(rows * channels);
    const scale = numbers.floats(channels);
    const shift = numbers.floats(channels);
    const epsilon = 1e-3;
    const at = {
      input: bench.put(input),
      scale: bench.put(scale),
      mean: bench.space(channels),
      variance: bench.space(channels),
    };
    const output = bench.space(rows * channels);
    const shape = { rows, channels, epsilon };
    bench.kernels.batchNormalization({ ...shape, ...at, shift: bench.put(shift), output });
    const expected = batchNormalizationReference(rows, channels, { input, scale, shift, gradient }, epsilon);
    const ones = (length: number) => new Float64Array(length).fill(1);
    const twenty = (length: number) => new Float64Array(length).fill(20);
    const check = (address: number, values: Float64Array, magnitudes: Float64Array) =>
      expect(largestError(bench.get(address, values.length), { values, magnitudes })).toBeLessThan(tolerance);
    check(at.mean, expected.mean, twenty(channels));
    check(at.variance, expected.variance, ones(channels));
    check(output, expected.output, twenty(rows * channels));

    const inputGradient = bench.space(rows * channels);
    const scaleGradient = bench.space(channels);
    const shiftGradient = bench.space(channels);
    bench.kernels.batchNormalizationGradient({
      ...shape,
      ...at,
      gradient: bench.put(gradient),
      inputGradient,
      scaleGradient,
      shiftGradient,
    });
    check(scaleGradient, expected.scaleGradient, expected.magnitude);
    check(shiftGradient, expected.shiftGradient, expected.magnitude);
    check(inputGradient, expected.inputGradient, expected.inputMagnitude);
  });

  it.each([
    [1, 3],
    [37, 50],
    [200, 64],
  ])('normalize each of %i rows of %i channels by itself, and give the gradients', (rows, channels) => {
    const bench = openBench(variant);
    const numbers = createNumbers(rows + channels);
    const input = numbers.floats(rows * channels).map((x) => x + 3);
    const gradient = numbers.floats(rows * channels);
    const scale = numbers.floats(channels);
    const shift = numbers.floats(channels);
    const epsilon = 1e-3;
    const expected = layerNormalizationReference(rows, channels, { input, gradient, scale, shift }, epsilon);
    const at = {
      rows,
      channels,
      input: bench.put(input),
      scale: bench.put(scale),
      mean: bench.space(rows),
      inverseDeviation: bench.space(rows),
    };
    const output = bench.space(rows * channels);
    const [scaleGradient, shiftGradient] = [bench.space(channels), bench.space(channels)];
    bench.kernels.layerNormalization({ ...at, output, shift: bench.put(shift), epsilon });
    const check = (address: number, values: Float64Array, magnitude: number) => {
      const magnitudes = new Float64Array(values.length).fill(magnitude);
      expect(largestError(bench.get(address, values.length), { values, magnitudes })).toBeLessThan(tolerance);
    };
    check(output, expected.output, 4);
    const parameters = { gradient: bench.put(gradient), scaleGradient, shiftGradient };
    bench.kernels.layerNormalizationGradient({ ...at, ...parameters, output });
    check(output, expected.inputGradient, 20);
    check(scaleGradient, expected.scaleGradient, rows + 1);
    check(shiftGradient, expected.shiftGradient, rows + 1);
  });

  it('normalize groups of rows as each group alone', () => {
    const bench = openBench(variant);
    const numbers = createNumbers(3);
    const [groups, rows, channels] = [3, 20, 18];
    const input = numbers.floats(groups * rows * channels);
    const gradient = numbers.floats(groups * rows * channels);
    const scale = bench.put(numbers.floats(channels));
    const shift = bench.put(numbers.floats(channels));
    const run = (count: number, first: number) => {
      const from = first * rows * channels;
      const length = count * rows * channels;
      const at = { rows, channels, groups: count, epsilon: 1e-5, scale, input: bench.put(input.slice(from)) };
      const [mean, variance] = [bench.space(count * channels), bench.space(count * channels)];
      const [output, inputGradient] = [bench.space(length), bench.space(length)];
      const [scaleGradient, shiftGradient] = [bench.space(count * channels), bench.space(count * channels)];
      bench.kernels.batchNormalization({ ...at, shift, output, mean, variance });
      bench.kernels.batchNormalizationGradient({
        ...at,
        mean,
        variance,
        gradient: bench.put(gradient.slice(from)),
        inputGradient,
        scaleGradient,
        shiftGradient,
      });
      const rowsOf = (address: number) => [...bench.get(address, count * channels)];
      const pixels = (address: number) => [...bench.get(address, length)];
      return [rowsOf(mean), rowsOf(variance), pixels(output), pixels(inputGradient), rowsOf(scaleGradient)];
    };
    const alone = [0, 1, 2].map((group) => run(1, group));
    expect(run(groups, 0)).toEqual(alone[0].map((_, part) => alone.flatMap((parts) => parts[part])));
  });

  it('add rows up by their index, and leave out those that point nowhere', () => {
    const bench = openBench(variant);
    const values = createNumbers(6).floats(5 * 19);
    const indices = [2, 0, 2, 7, -1];
    const output = bench.space(3 * 19);
    const at = bench.put(indices);
    new Int32Array(bench.buffer(), at, 5).set(indices);
    const job = { rows: 5, columns: 19, input: bench.put(values), indices: at, output, outputRows: 3 };
    bench.kernels.rowScatter(job);
    const row = (i: number) => [...values.subarray(i * 19, i * 19 + 19)];
    const sum = row(0).map((x, i) => Math.fround(x + row(2)[i]));
    expect([...bench.get(output, 3 * 19)]).toEqual([...row(1), ...new Array<number>(19).fill(0), ...sum]);
  });

  it('step AdamW, which shrinks the weights apart from the gradient', () => {
    const bench = openBench(variant);
    const start = createNumbers(8).floats(9);
    const zeros = new Float32Array(9);
    const variable = bench.put(start);
    const tensor = { variable, gradient: bench.put(zeros), average: 0, length: 9 };
    const slots = { firstMoment: bench.put(zeros), secondMoment: bench.put(zeros) };
    const rates = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, averageDecay: 0 };
    bench.kernels.adam([{ ...tensor, ...slots }], { ...rates, step: 1, weightDecay: 0.5 });
    bench.get(variable, 9).forEach((value, i) => expect(value).toBeCloseTo(start[i] * 0.95, 6));
  });

  it('give the mean cross-entropy of logits and its gradient, for huge logits too', () => {
    const bench = openBench(variant);
    const logits = Float32Array.from({ length: 103 }, (_, i) => (i - 51) * 1.7);
    const targets = createNumbers(5).floats(103).map(Math.abs);
    const at = { logits: bench.put(logits), targets: bench.put(targets), upstream: bench.put([2]) };
    const mean = bench.space(1);
    const slopes = bench.space(103);
    bench.kernels.crossEntropy(103, at.logits, at.targets, 0, mean);
    bench.kernels.crossEntropyGradient(103, at.logits, at.targets, 0, at.upstream, slopes);
    const entropies = Array.from(
      logits,
      (x, i) => Math.max(x, 0) - x * targets[i] + Math.log1p(Math.exp(-Math.abs(x))),
    );
    const expected = entropies.reduce((a, b) => a + b) / 103;
    expect(Math.abs(bench.get(mean, 1)[0] / expected - 1)).toBeLessThan(tolerance);
    const values = Float64Array.from(logits, (x, i) => ((1 / (1 + Math.exp(-x)) - targets[i]) * 2) / 103);
    const magnitudes = new Float64Array(103).fill(2 / 103);
    expect(largestError(bench.get(slopes, 103), { values, magnitudes })).toBeLessThan(tolerance);
    bench.kernels.crossEntropy(3, bench.put([-30, -30, -30]), 0, 0, mean);
    expect(bench.get(mean, 1)[0] / Math.exp(-30)).toBeCloseTo(1, 4);
  });

  it('step Adam over tensors of any length, with and without a moving average', () => {
    const bench = openBench(variant);
    const numbers = createNumbers(11);
    const lengths = [1, 2, 3, 4, 37, 500];
    const settings = { learningRate: 0.01, beta1: 0.5, beta2: 0.999, epsilon: 1e-8, averageDecay: 0.9 };
    const states = lengths.map((length) => {
      const start = numbers.floats(length);
      return {
        length,
        x: Float64Array.from(start),
        m: new Float64Array(length),
        v: new Float64Array(length),
        average: Float64Array.from(start),
        at: {
          variable: bench.put(start),
          firstMoment: bench.put(new Float32Array(length)),
          secondMoment: bench.put(new Float32Array(length)),
          average: length % 2 === 0 ? bench.put(start) : 0,
        },
      };
    });
    for (let step = 1; step <= 5; step++) {
      const gradients = states.map(({ length }) => numbers.floats(length));
      bench.kernels.adam(
        states.map(({ at, length }, i) => ({ ...at, length, gradient: bench.put(gradients[i]) })),
        { ...settings, step },
      );
      const { beta1, beta2, learningRate, epsilon, averageDecay } = settings;
      states.forEach((state, t) => {
        for (let i = 0; i < state.length; i++) {
          const g = gradients[t][i];
          state.m[i] = beta1 * state.m[i] + (1 - beta1) * g;
          state.v[i] = beta2 * state.v[i] + (1 - beta2) * g * g;
          const first = state.m[i] / (1 - beta1 ** step);
          const second = state.v[i] / (1 - beta2 ** step);
          state.x[i] -= (learningRate * first) / (Math.sqrt(second) + epsilon);
          state.average[i] = averageDecay * state.average[i] + (1 - averageDecay) * state.x[i];
        }
      });
    }
    for (const state of states) {
      const magnitudes = new Float64Array(state.length).fill(1);
      const check = (address: number, values: Float64Array) =>
        expect(largestError(bench.get(address, state.length), { values, magnitudes })).toBeLessThan(1e-5);
      check(state.at.variable, state.x);
      check(state.at.firstMoment, state.m);
      check(state.at.secondMoment, state.v);
      if (state.at.average !== 0) check(state.at.average, state.average);
    }
  });
});
