import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { objectiveOf } from '../../src-main/engine/models/adversarial-objectives.ts';

const real = [0.3, -2, 1.7];
const generated = [-0.4, 1.2, -3];
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const softplus = (value: number) => Math.log1p(Math.exp(value));

/** The papers' formulas, over plain numbers. */
const formulas = {
  'non-saturating': {
    discriminator: () => mean(real.map((d) => softplus(-d))) + mean(generated.map(softplus)),
    generator: () => mean(generated.map((d) => softplus(-d))),
  },
  'least-squares': {
    discriminator: () => mean(real.map((d) => (d - 1) ** 2 / 2)) + mean(generated.map((d) => d ** 2 / 2)),
    generator: () => mean(generated.map((d) => (d - 1) ** 2 / 2)),
  },
  hinge: {
    discriminator: () =>
      mean(real.map((d) => Math.max(0, 1 - d))) + mean(generated.map((d) => Math.max(0, 1 + d))),
    generator: () => mean(generated.map((d) => -d)),
  },
};
const losses = Object.keys(formulas) as (keyof typeof formulas)[];

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await buildKernels();
    await openBackend(backend);
  }, 60_000);

  it.each(losses)('the %s loss is the formula of its paper', (loss) => {
    const objective = objectiveOf({ loss });
    const [ofDiscriminator, ofGenerator] = tf.tidy(() => {
      const logits = tf.tensor2d([...real, ...generated], [6, 1]);
      const targets = tf.tensor2d([1, 1, 1, 0, 0, 0], [6, 1]);
      return [
        objective.discriminatorLoss(logits, targets).dataSync()[0]!,
        objective.generatorLoss(tf.tensor2d(generated, [3, 1])).dataSync()[0]!,
      ];
    });
    expect(ofDiscriminator).toBeCloseTo(formulas[loss].discriminator(), 5);
    expect(ofGenerator).toBeCloseTo(formulas[loss].generator(), 5);
  });
});

describe('the scores', () => {
  it.each([
    ['non-saturating', 0],
    ['least-squares', 0.5],
    ['hinge', 0],
  ])(
    'of the %s loss are ½ where the discriminator cannot tell, and stay within 0 and 1',
    (loss, undecided) => {
      const { readings } = objectiveOf({ loss });
      expect(readings([undecided], [undecided])).toEqual({ realScore: 0.5, generatedScore: 0.5 });
      const far = readings([40], [-40]);
      expect(far.realScore).toBeCloseTo(1, 6);
      expect(far.generatedScore).toBeCloseTo(0, 6);
    },
  );
});
