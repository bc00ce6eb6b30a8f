import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { kernelVariants, supportsVariant } from '../../src-main/engine/kernels/variants.ts';
import { normalTensor, uniformTensor } from '../../src-main/engine/ops/random-tensors.ts';
import { normals, streamNumbers, uniforms } from '../../src-main/engine/random.ts';
import {
  createNumbers,
  largestError,
  openBench,
  openThreadedBench,
  type Bench,
} from './kernels-reference.ts';

const tolerances = { wide: 1e-4, relaxed: 1e-4, plain: 1e-5 };

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm', { threads: 2 });
});

describe.each(kernelVariants.filter(supportsVariant))('the %s kernels', (variant) => {
  const tolerance = tolerances[variant];
  const check = (bench: Bench, address: number, values: number[], magnitude: (i: number) => number) => {
    const magnitudes = Float64Array.from(values, (_, i) => magnitude(i));
    const actual = bench.get(address, values.length);
    expect(largestError(actual, { values: Float64Array.from(values), magnitudes })).toBeLessThan(tolerance);
  };

  it.each([
    [1, 1],
    [5, 3],
    [7, 4],
    [300, 10],
    [33, 197],
    [2, 4096],
  ])('give softmax, its logarithm, and both gradients of %i rows of %i', (rows, columns) => {
    const bench = openBench(variant);
    const input = createNumbers(columns).floats(rows * columns);
    // Large arguments, whose exponentials alone would overflow.
    input.forEach((_, i) => (input[i]! = input[i]! * 8 + 150));
    const gradient = createNumbers(rows + 1).floats(rows * columns);
    const at = (row: number, c: number) => row * columns + c;
    for (const logarithm of [false, true]) {
      const expected: number[] = [];
      const expectedGradient: number[] = [];
      for (let row = 0; row < rows; row++) {
        const values = Array.from({ length: columns }, (_, c) => input[at(row, c)]!);
        const most = Math.max(...values);
        const total = values.reduce((sum, x) => sum + Math.exp(x - most), 0);
        const shares = values.map((x) => Math.exp(x - most) / total);
        values.forEach((x, c) => expected.push(logarithm ? x - most - Math.log(total) : shares[c]!));
        const weighted = shares.reduce((sum, y, c) => sum + (logarithm ? 1 : y) * gradient[at(row, c)]!, 0);
        shares.forEach((y, c) => {
          const dy = gradient[at(row, c)]!;
          expectedGradient.push(logarithm ? dy - y * weighted : y * (dy - weighted));
        });
      }
      const result = bench.space(rows * columns);
      const output = bench.space(rows * columns);
      bench.kernels.softmax({ rows, columns, input: bench.put(input), output: result, logarithm });
      check(bench, result, expected, (i) => (logarithm ? 150 : Math.max(expected[i]!, 1e-3)));
      const job = { rows, columns, result, gradient: bench.put(gradient), output, logarithm };
      bench.kernels.softmaxGradient(job);
      // The result's own rounding, of arguments near 150 for the logarithm, comes in once more.
      check(bench, output, expectedGradient, () => (logarithm ? 15 : 1));
    }
  });

  it.each([
    [1, 5, 1],
    [7, 1000, 1],
    [3, 50, 5],
    [2, 300, 37],
    [64, 16, 16],
    [1, 3, 130],
  ])('reduce the middle of %i x %i x %i', (outer, reduced, inner) => {
    const bench = openBench(variant);
    const values = createNumbers(reduced).floats(outer * reduced * inner);
    const input = bench.put(values);
    for (const reduction of ['sum', 'mean', 'largest'] as const) {
      const output = bench.space(outer * inner);
      bench.kernels.axisReduction({ reduction, outer, reduced, inner, input, output });
      const expected = Array.from({ length: outer * inner }, (_, i) => {
        const [block, column] = [Math.floor(i / inner), i % inner];
        const line = Array.from(
          { length: reduced },
          (_, r) => values[(block * reduced + r) * inner + column]!,
        );
        if (reduction === 'largest') return Math.max(...line);
        return line.reduce((sum, x) => sum + x, 0) / (reduction === 'mean' ? reduced : 1);
      });
      check(bench, output, expected, () => (reduction === 'sum' ? reduced / 2 : 0.5));
    }
  });

  it.each([
    [2, 9, 6, 2],
    [3, 64, 32, 8],
    [1, 50, 15, 3],
    [2, 300, 5, 1],
  ])(
    'normalize groups: %i pictures of %i pixels, %i channels, %i groups',
    (batch, pixels, channels, groups) => {
      const bench = openBench(variant);
      const numbers = createNumbers(pixels);
      const size = batch * pixels * channels;
      const input = numbers.floats(size).map((x) => x + 20);
      const gradient = numbers.floats(size);
      const scale = numbers.floats(channels);
      const shift = numbers.floats(channels);
      const epsilon = 1e-3;
      const width = channels / groups;
      const output: number[] = [];
      const inputGradient: number[] = new Array<number>(size).fill(0);
      const scaleGradient = new Array<number>(batch * channels).fill(0);
      const shiftGradient = new Array<number>(batch * channels).fill(0);
      for (let n = 0; n < batch; n++) {
        for (let group = 0; group < groups; group++) {
          const members = Array.from({ length: pixels * width }, (_, i) => {
            const [pixel, member] = [Math.floor(i / width), i % width];
            const c = group * width + member;
            return { c, at: (n * pixels + pixel) * channels + c };
          });
          const meanOf = (value: (m: { c: number; at: number }) => number) =>
            members.reduce((sum, member) => sum + value(member), 0) / members.length;
          const mean = meanOf(({ at }) => input[at]!);
          const inverse = 1 / Math.sqrt(meanOf(({ at }) => (input[at]! - mean) ** 2) + epsilon);
          const normal = ({ at }: { at: number }) => (input[at]! - mean) * inverse;
          const weighted = ({ c, at }: { c: number; at: number }) => gradient[at]! * scale[c]!;
          const constant = meanOf(weighted);
          const slope = meanOf((member) => weighted(member) * normal(member));
          for (const member of members) {
            const { c, at } = member;
            output[at] = normal(member) * scale[c]! + shift[c]!;
            inputGradient[at] = (weighted(member) - constant - normal(member) * slope) * inverse;
            scaleGradient[n * channels + c]! += gradient[at]! * normal(member);
            shiftGradient[n * channels + c]! += gradient[at]!;
          }
        }
      }
      const addresses = {
        batch,
        pixels,
        channels,
        groups,
        input: bench.put(input),
        scale: bench.put(scale),
        mean: bench.space(batch * groups),
        inverseDeviation: bench.space(batch * groups),
      };
      const y = bench.space(size);
      bench.kernels.groupNormalization({ ...addresses, shift: bench.put(shift), output: y, epsilon });
      check(bench, y, output, () => 20);
      const dx = bench.space(size);
      const [dGamma, dBeta] = [bench.space(batch * channels), bench.space(batch * channels)];
      bench.kernels.groupNormalizationGradient({
        ...addresses,
        output: dx,
        gradient: bench.put(gradient),
        scaleGradient: dGamma,
        shiftGradient: dBeta,
      });
      check(bench, dx, inputGradient, () => 20);
      check(bench, dGamma, scaleGradient, () => 20 + pixels);
      check(bench, dBeta, shiftGradient, () => pixels);
    },
  );

  it('draw the numbers of engine/random.ts, bit for bit, on any number of threads', async () => {
    for (const bench of [openBench(variant), await openThreadedBench(variant, 3)]) {
      for (const length of [1, 2, 3, 4, 5, 777, 20_001]) {
        const key = { seed: 0xfedcba98, step: 2 ** 33 + 5, ...streamNumbers('latents') };
        const output = bench.space(length);
        bench.kernels.random('normal', key, length, output);
        expect(bench.get(output, length)).toEqual(normals(key.seed, 'latents', key.step, length));
        bench.kernels.random('uniform', key, length, output);
        expect(bench.get(output, length)).toEqual(uniforms(key.seed, 'latents', key.step, length));
      }
    }
  });
});

it('random tensors are the same on every backend', async () => {
  const drawn: Float32Array[][] = [];
  await openBackend('cpu');
  for (const backend of ['cpu', 'wasm'] as const) {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const both = [normalTensor(3, 'noise', 9, [17, 5]), uniformTensor(3, 'noise', 9, [31])];
      expect(both.map(({ shape }) => shape)).toEqual([[17, 5], [31]]);
      drawn.push(both.map((tensor) => tensor.dataSync<'float32'>().slice()));
    });
    expect(tf.memory().numTensors).toBe(before);
  }
  expect(drawn[1]).toEqual(drawn[0]);
});
