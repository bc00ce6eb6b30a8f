import * as tf from '@tensorflow/tfjs-core';
import type { Settings } from '../../contract/hyper-parameters.ts';
import { relu } from '../ops/layers.ts';
import { meanBinaryCrossEntropyWithLogits } from '../ops/losses.ts';

/** What the networks of an adversarial family make small, and what is told of it. */
export interface AdversarialObjective {
  /** The output above which a picture counts as real; null where outputs only compare with one another. */
  readonly decision: number | null;
  /** Whether targets may lie between 0 and 1. */
  readonly takesShares: boolean;
  /**
   * The sum of the mean losses over real and over generated pictures.
   *
   * @param logits `[2 × batch, patches]`, as many of real as of generated pictures; one patch is the whole picture
   * @param targets of the same shape: 1 for each real picture (less where labels are smoothed and shares are taken),
   *   0 for each generated one
   */
  discriminatorLoss(logits: tf.Tensor2D, targets: tf.Tensor): tf.Scalar;
  /** @param logits `[batch, patches]` of generated pictures */
  generatorLoss(logits: tf.Tensor2D): tf.Scalar;
  /**
   * The scalars that a person reads off the logits: `realScore` and `generatedScore`, how far, from 0 to 1, the
   * discriminator takes real and generated pictures for real, ½ where it cannot tell; or what stands for them.
   */
  readings(real: readonly number[], generated: readonly number[]): Record<string, number>;
}

/**
 * Goodfellow et al., "Generative Adversarial Networks", 2014: binary cross-entropy, the generator's with the
 * targets swapped, which keeps its gradient large while it is losing. The scores are probabilities.
 */
const nonSaturating: AdversarialObjective = {
  decision: 0,
  takesShares: true,
  // The mean over both halves, times two, is the sum of their means.
  discriminatorLoss: (logits, targets) => tf.mul(meanBinaryCrossEntropyWithLogits(logits, targets), 2),
  generatorLoss: (logits) => meanBinaryCrossEntropyWithLogits(logits, 1),
  readings: scoresBy((logit) => 1 / (1 + Math.exp(-logit))),
};

/**
 * Mao et al., "Least Squares Generative Adversarial Networks", 2017, with the targets 0 and 1 (equation 9). The
 * output itself aims at the score; what lies outside 0 … 1 counts as its end.
 */
const leastSquares: AdversarialObjective = {
  decision: 0.5,
  takesShares: true,
  discriminatorLoss: (logits, targets) => tf.mean(tf.square(tf.sub(logits, targets))),
  generatorLoss: (logits) => tf.mul(tf.mean(tf.square(tf.sub(logits, 1))), 0.5),
  readings: scoresBy((logit) => Math.min(1, Math.max(0, logit))),
};

/**
 * Lim and Ye, "Geometric GAN", 2017. Beyond the margins −1 and 1 the discriminator wants nothing more: the
 * scores run from one margin to the other.
 */
const hinge: AdversarialObjective = {
  decision: 0,
  takesShares: false,
  discriminatorLoss(logits, targets) {
    const signs = tf.sub(1, tf.mul(targets, 2));
    return tf.mul(tf.mean(relu(tf.add(1, tf.mul(signs, logits)))), 2);
  },
  generatorLoss: (logits) => tf.neg(tf.mean(logits)),
  readings: scoresBy((logit) => Math.min(1, Math.max(0, (logit + 1) / 2))),
};

/**
 * Arjovsky et al., "Wasserstein GAN", 2017: the critic spreads its outputs as far as its slope allows, which only
 * means something while that slope is held at 1. The distance between the means is then an estimate of the
 * Wasserstein-1 distance between real and generated pictures; there are no scores.
 */
export const wasserstein: AdversarialObjective = {
  decision: null,
  takesShares: false,
  discriminatorLoss: (logits, targets) => tf.mul(tf.mean(tf.mul(logits, tf.sub(1, tf.mul(targets, 2)))), 2),
  generatorLoss: (logits) => tf.neg(tf.mean(logits)),
  readings: (real, generated) => ({ wassersteinDistance: mean(real) - mean(generated) }),
};

const objectives: Readonly<Record<string, AdversarialObjective>> = {
  'non-saturating': nonSaturating,
  'least-squares': leastSquares,
  hinge,
};

/** The objective that the setting `loss` names. */
export function objectiveOf({ loss }: Readonly<Settings>): AdversarialObjective {
  return objectives[String(loss)]!;
}

function scoresBy(score: (logit: number) => number): AdversarialObjective['readings'] {
  return (real, generated) => ({
    realScore: mean(real.map(score)),
    generatedScore: mean(generated.map(score)),
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
