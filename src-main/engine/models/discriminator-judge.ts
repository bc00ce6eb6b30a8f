import * as tf from '@tensorflow/tfjs-core';
import type { Settings } from '../../contract/hyper-parameters.ts';
import type { BatchResult } from '../optimisation/accumulation.ts';
import type { AugmentationDose } from '../optimisation/adaptive-dose.ts';
import { doseOf } from '../optimisation/adaptive-dose.ts';
import type { Alterations } from '../optimisation/differentiable-augmentation.ts';
import { alter, alterationKinds, drawAlterations } from '../optimisation/differentiable-augmentation.ts';
import type { LossScale } from '../optimisation/loss-scale.ts';
import { gradientsOf } from '../optimisation/optimiser.ts';
import { uniformTensor } from '../ops/random-tensors.ts';
import type { AdversarialObjective } from './adversarial-objectives.ts';
import { logSoftmax } from '../ops/softmax.ts';
import { forwardWithDropout } from './discriminator-dropout.ts';
import { gradientPenalty } from './gradient-penalty.ts';
import type { Layer } from './layers.ts';
import { forward } from './layers.ts';
import { scalarOf } from './network-state.ts';
import { squaredSlope } from './slope-penalties.ts';
import type { SpectralNormalization } from './spectral-normalization.ts';

/** A discriminator with all that is done to keep it in bounds. */
export interface Judge {
  /**
   * What the generator makes small: its pictures are judged, altered and with dropout if asked.
   *
   * @param draw counts the batches of the whole run
   */
  generatorLoss(pictures: tf.Tensor4D, classes: tf.Tensor2D | undefined, draw: number): tf.Scalar;
  /** The discriminator's loss on one batch: its gradients, and what is told of it. For use inside `tf.tidy`. */
  learn(
    real: tf.Tensor4D,
    generated: tf.Tensor4D,
    classes: {
      readonly real: tf.Tensor2D | undefined;
      readonly generated: tf.Tensor2D | undefined;
      /** Of the real pictures, then of the generated ones. */
      readonly joined: tf.Tensor2D | undefined;
    },
    draw: number,
    update: number,
  ): BatchResult;
  readonly dose: AugmentationDose;
}

/** What a judge is made of; the weights stay the caller's. */
export interface JudgeParts {
  readonly layers: readonly Layer[];
  readonly weights: ReadonlyMap<string, tf.Variable>;
  /** Those of them that learn. */
  readonly moved: readonly tf.Variable[];
  readonly objective: AdversarialObjective;
  /** That its gradients are taken with. */
  readonly lossScale: LossScale;
  /** Keeps the slope near 1, see {@link gradientPenalty}; 0 leaves it free. */
  readonly gradientPenaltyWeight: number;
  readonly seed: number;
  readonly settings: Readonly<Settings>;
  readonly sizePx: number;
  /** Holds the weights to a stretch of 1. */
  readonly spectral?: SpectralNormalization;
  /**
   * How much it counts to tell the classes, whose logits then follow the first one: Odena et al., "Conditional Image
   * Synthesis with Auxiliary Classifier GANs", 2017. Absent where the score itself knows them.
   */
  readonly classWeight?: number;
}

/**
 * Follows the settings `discriminatorDropout`, `labelSmoothing`, `r1Weight`, `r2Weight` with `penaltyInterval`, and
 * `discriminatorAugmentation` with its kinds. All that are off leave no trace in the computation.
 */
export function createJudge(parts: JudgeParts): Judge {
  const { layers, weights, objective, gradientPenaltyWeight, seed, settings, sizePx } = parts;
  const { spectral, classWeight } = parts;
  const learning = { moved: parts.moved, lossScale: parts.lossScale };
  const dropout = Number(settings.discriminatorDropout ?? 0);
  const smoothing = objective.takesShares ? Number(settings.labelSmoothing ?? 0) : 0;
  const interval = Number(settings.penaltyInterval ?? 1);
  const kinds = alterationKinds(settings);
  const dose = doseOf(settings);

  /** The score of each picture, `[batch, 1]`, or of each of its patches, `[batch, patches]`; and behind it, with an auxiliary classifier, a logit for each class. */
  const lookFully = (
    pictures: tf.Tensor,
    classes: tf.Tensor2D | undefined,
    stream: string,
    draw: number,
  ): tf.Tensor2D => {
    const held = spectral ? spectral.normalized() : weights;
    return (
      dropout > 0
        ? forwardWithDropout(layers, held, pictures, classes, dropout, { seed, stream, draw })
        : forward(layers, held, pictures, { by: 'batch' }, classes)
    ) as tf.Tensor2D;
  };
  const scoreOf = (outputs: tf.Tensor2D) =>
    classWeight === undefined ? outputs : tf.slice(outputs, [0, 0], [-1, 1]);
  const look: typeof lookFully = (...what) => scoreOf(lookFully(...what));

  /** `loss` and what it counts not to see the classes. */
  const withClasses = (
    loss: tf.Scalar,
    outputs: tf.Tensor2D,
    classes: tf.Tensor2D | undefined,
    tell: (classLoss: number) => void,
  ): tf.Scalar => {
    if (classWeight === undefined) return loss;
    const logits = tf.slice(outputs, [0, 1], [-1, -1]);
    const missed = tf.neg(tf.mean(tf.sum(tf.mul(logSoftmax(logits), classes!), 1))) as tf.Scalar;
    tell(scalarOf(missed));
    return tf.add(loss, tf.mul(missed, classWeight));
  };

  const alterations = (stream: string, draw: number, batch: number): Alterations | null =>
    kinds && drawAlterations({ seed, stream, draw }, kinds, { batch, sizePx }, dose.probability);
  const altered = (pictures: tf.Tensor4D, by: Alterations | null) => (by ? alter(pictures, by) : pictures);

  /** R1 and R2 where they are due, already weighed; null otherwise. */
  const slopes = (
    sides: readonly {
      pictures: tf.Tensor4D;
      by: Alterations | null;
      classes: tf.Tensor2D | undefined;
      weight: number;
      stream: string;
    }[],
    draw: number,
    update: number,
  ): tf.Scalar | null => {
    if (update % interval !== 0) return null;
    return sides.reduce<tf.Scalar | null>((sum, { pictures, by, classes, weight, stream }) => {
      if (weight === 0) return sum;
      // Through the alterations, as Karras et al. 2020 do: it is the unaltered picture whose surroundings flatten.
      const critic = (x: tf.Tensor) => look(altered(x as tf.Tensor4D, by), classes, stream, draw);
      const penalty = tf.mul(squaredSlope(critic, pictures), (weight / 2) * interval) as tf.Scalar;
      return sum ? (tf.add(sum, penalty) as tf.Scalar) : penalty;
    }, null);
  };

  return {
    dose,
    generatorLoss(pictures, classes, draw) {
      const seen = altered(pictures, alterations('alter-generator', draw, pictures.shape[0]));
      const outputs = lookFully(seen, classes, 'dropout-generator', draw);
      return withClasses(objective.generatorLoss(scoreOf(outputs)), outputs, classes, () => undefined);
    },
    learn(real, generated, classes, draw, update) {
      const batch = real.shape[0];
      const ofReal = alterations('alter-real', draw, batch);
      const ofGenerated = alterations('alter-generated', draw, batch);
      const seen = { real: altered(real, ofReal), generated: altered(generated, ofGenerated) };
      // Real and generated pictures in one pass: without batch normalisation each is judged by itself.
      const pictures = tf.concat([seen.real, seen.generated]);
      let readings: Record<string, number> = {};
      const { value, gradients } = gradientsOf(() => {
        const outputs = lookFully(pictures, classes.joined, 'dropout', draw);
        const logits = scoreOf(outputs);
        // One that judges patches has a logit for each of them.
        const patches = logits.shape[1];
        const targets = tf.concat([tf.fill([batch, patches], 1 - smoothing), tf.zeros([batch, patches])]);
        const values = [...logits.dataSync<'float32'>()];
        const ofRealPictures = values.slice(0, batch * patches);
        readings = objective.readings(ofRealPictures, values.slice(batch * patches));
        if (objective.decision !== null) {
          Object.assign(readings, dose.observe(ofRealPictures, objective.decision));
        }
        let loss = withClasses(
          objective.discriminatorLoss(logits, targets),
          outputs,
          classes.joined,
          (classLoss) => (readings.classLoss = classLoss),
        );
        const r1 = Number(settings.r1Weight ?? 0);
        const r2 = Number(settings.r2Weight ?? 0);
        const penalty =
          r1 + r2 === 0
            ? null
            : slopes(
                [
                  { pictures: real, by: ofReal, classes: classes.real, weight: r1, stream: 'dropout-r1' },
                  {
                    ...{ pictures: generated, by: ofGenerated, classes: classes.generated, weight: r2 },
                    stream: 'dropout-r2',
                  },
                ],
                draw,
                update,
              );
        if (penalty) loss = tf.add(loss, penalty) as tf.Scalar;
        if (gradientPenaltyWeight === 0) return loss;
        const shares = uniformTensor<tf.Tensor1D>(seed, 'penalty-shares', draw, [batch]);
        const held = gradientPenalty(
          (between) => look(between, classes.real, 'dropout-penalty', draw),
          seen.real,
          seen.generated,
          shares,
        );
        readings.discriminatorSlope = scalarOf(held.slope);
        return tf.add(loss, tf.mul(held.penalty, gradientPenaltyWeight)) as tf.Scalar;
      }, learning);
      return {
        gradients,
        values: { discriminatorLoss: scalarOf(value), ...readings },
      };
    },
  };
}
