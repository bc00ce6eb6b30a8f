import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { gradientPenalty } from '../../src-main/engine/models/gradient-penalty.ts';
import type { Layer } from '../../src-main/engine/models/layers.ts';
import { declareWeights, forward, initialValues } from '../../src-main/engine/models/layers.ts';
import { normals, uniforms } from '../../src-main/engine/random.ts';

/** The layers of a convolutional critic, as small as they come. */
const critic: readonly Layer[] = [
  {
    kind: 'convolution',
    name: 'reduce1',
    inputs: 2,
    outputs: 3,
    kernelPx: 4,
    stride: 2,
    activation: 'leakyRelu',
    initial: { mean: 0, deviation: 0.3 },
  },
  {
    kind: 'convolution',
    name: 'reduce2',
    inputs: 3,
    outputs: 4,
    kernelPx: 4,
    stride: 2,
    activation: 'leakyRelu',
    initial: { mean: 0, deviation: 0.3 },
  },
  { kind: 'reshape', name: 'flat', shape: [16] },
  {
    kind: 'dense',
    name: 'score',
    inputs: 16,
    outputs: 1,
    activation: 'linear',
    initial: { mean: 0, deviation: 0.4 },
  },
];
const batch = 3;

const makePictures = (stream: string) =>
  tf.tensor4d(normals(1, stream, 0, batch * 8 * 8 * 2), [batch, 8, 8, 2]);

/** The critic's weights with `change` added to one number of one of them. */
const makeWeights = (changed?: { name: string; index: number; change: number }) =>
  new Map(
    declareWeights(critic).map((declaration) => {
      const values = initialValues(declaration, 5, 'critic');
      if (declaration.name === changed?.name) values[changed.index]! += changed.change;
      return [declaration.name, tf.tensor(values, [...declaration.shape])];
    }),
  );

const penaltyOf = (weights: ReadonlyMap<string, tf.Tensor>) =>
  gradientPenalty(
    (x) => forward(critic, weights, x, { by: 'batch' }),
    makePictures('real'),
    makePictures('generated'),
    tf.tensor1d(uniforms(1, 'shares', 0, batch)),
  );

describe.each(['wasm', 'cpu'] as const)('the gradient penalty on %s', (backend) => {
  beforeAll(async () => {
    await buildKernels();
    await openBackend(backend);
  }, 60_000);

  it('is the squared distance of a known slope from 1', () => {
    // The critic 2 (x₁ + x₂ + …) over 128 numbers has the slope 2 √128 everywhere.
    const [penalty, slope] = tf.tidy(() => {
      const result = gradientPenalty(
        (x) => tf.mul(tf.sum(tf.reshape(x, [batch, -1]), 1, true), 2),
        makePictures('real'),
        makePictures('generated'),
        tf.tensor1d([0, 0.5, 1]),
      );
      return [result.penalty.dataSync()[0]!, result.slope.dataSync()[0]!];
    });
    expect(slope).toBeCloseTo(2 * Math.sqrt(128), 4);
    expect(penalty).toBeCloseTo((2 * Math.sqrt(128) - 1) ** 2, 2);
  });

  it('has the second derivative that finite differences show, in every kind of weight', () => {
    for (const [name, index] of [
      ['reduce1.filter', 7],
      ['reduce1.filter', 50],
      ['reduce2.filter', 11],
      ['reduce2.filter', 130],
      ['score.weights', 3],
      ['score.weights', 12],
    ] as const) {
      const exact = tf.tidy(() => {
        const weights = makeWeights();
        const gradient = tf.grad((weight) => penaltyOf(new Map([...weights, [name, weight]])).penalty)(
          weights.get(name)!,
        );
        return gradient.dataSync()[index]!;
      });
      // Small enough that no activation changes its side, large enough for 32-bit numbers.
      const step = 2e-3;
      const at = (change: number) =>
        tf.tidy(() => penaltyOf(makeWeights({ name, index, change })).penalty.dataSync()[0]!);
      const measured = (at(step) - at(-step)) / (2 * step);
      expect(Math.abs(exact)).toBeGreaterThan(1e-3);
      expect(Math.abs(exact - measured), `${name}[${index}]: ${exact} against ${measured}`).toBeLessThan(
        0.02 * Math.abs(exact) + 2e-3,
      );
    }
  });
});
