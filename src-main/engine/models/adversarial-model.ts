import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import { samplingSettings } from '../../contract/presets.ts';
import type { BatchResult } from '../optimisation/accumulation.ts';
import { batchesPerUpdate, batchOf, meansOf, overBatches } from '../optimisation/accumulation.ts';
import { frozenWeights } from '../optimisation/frozen-layers.ts';
import { createLossScale } from '../optimisation/loss-scale.ts';
import { createOptimiser, gradientsOf } from '../optimisation/optimiser.ts';
import { normalTensor } from '../ops/random-tensors.ts';
import { integers } from '../random.ts';
import type { AdversarialDesign } from './adversarial-design.ts';
import { describeAdversarial } from './adversarial-design.ts';
import { classRows } from './class-rows.ts';
import { createJudge } from './discriminator-judge.ts';
import type { Model } from './family.ts';
import type { Normalization, Weights } from './layers.ts';
import { forward } from './layers.ts';
import { createWeights, prefixed, restoreTensors, scalarOf, storeTensors } from './network-state.ts';
import { createSpectralNormalization } from './spectral-normalization.ts';
import { createStandingStatistics, statisticsBatch } from './standing-statistics.ts';
import { inEveryLayer, mixed, styleOf } from './style-generator.ts';

/** A model whose step can also be taken by halves. */
export interface AdversarialModel extends Model {
  /** Moves the discriminator only. Parameters as for {@link Model.trainStep}. */
  discriminatorStep(images: tf.Tensor4D, step: number, labels?: Int32Array): Record<string, number>;
  /** Moves the generator and its average only. */
  generatorStep(batch: number, step: number): Record<string, number>;
}

/** The state of an adaptive augmentation in a checkpoint. */
const doseName = 'augmentation.dose';

/**
 * Two networks against each other (Goodfellow et al., 2014): a step moves the discriminator towards telling
 * real pictures from generated ones, then the generator towards being taken for real. The design's objective
 * says by which losses.
 *
 * Samples come from an exponential moving average of the generator's weights, whose batch normalisation has
 * statistics of its own, see {@link createStandingStatistics}.
 */
export function createAdversarialModel(config: ModelConfig, design: AdversarialDesign): AdversarialModel {
  const { seed, settings } = config;
  const { objective, discriminatorUpdates = 1, gradientPenaltyWeight = 0 } = design;
  const latentSize = Number(settings.latentSize);
  const { mapping } = design;
  const generatorLayers = [...(mapping?.layers ?? []), ...design.generator];
  const generator = createWeights(generatorLayers, seed, 'generator');
  const discriminator = createWeights(design.discriminator, seed, 'discriminator');
  const average = createWeights(generatorLayers, seed, 'generator');
  const frozen = {
    generator: frozenWeights('generator', generator.keys(), settings),
    discriminator: frozenWeights('discriminator', discriminator.keys(), settings),
  };
  const spectral = design.spectral
    ? createSpectralNormalization(discriminator, seed, {
        holds: design.spectral,
        frozen: frozen.discriminator,
      })
    : undefined;
  const beta1 = design.beta1;
  const lossScale = createLossScale(settings);
  const generatorOptimiser = createOptimiser(generator, settings, {
    beta1,
    lossScale,
    frozen: frozen.generator,
  });
  const discriminatorOptimiser = createOptimiser(discriminator, settings, {
    beta1,
    lossScale,
    frozen: frozen.discriminator,
    rateSetting: 'discriminatorLearningRate',
  });
  const judge = createJudge({
    ...{ layers: design.discriminator, weights: discriminator, moved: discriminatorOptimiser.moved },
    ...{ objective, gradientPenaltyWeight, lossScale },
    ...{ seed, settings, sizePx: config.sizePx, classWeight: design.classWeight },
    ...(spectral ? { spectral } : {}),
  });

  const drawLatents = (stream: string, step: number, count: number): tf.Tensor2D =>
    normalTensor(seed, stream, step, [count, latentSize]);

  const classCount = config.classes?.length ?? 0;
  /** Undefined for a model without classes. */
  const asClasses = (labels: ArrayLike<number> | undefined): tf.Tensor2D | undefined =>
    classCount === 0 ? undefined : classRows(labels!, classCount);
  const drawLabels = (stream: string, step: number, count: number): Uint32Array =>
    integers(seed, stream, step, classCount === 0 ? 0 : count, classCount);

  const statistics = createStandingStatistics({
    ...{ generator: design.generator, mapping, average },
    latents: () => drawLatents('statistics-latents', 0, statisticsBatch),
    // Every class in turn: they share the statistics.
    classes: () => asClasses(Array.from({ length: statisticsBatch }, (_, index) => index % classCount)),
  });

  const byBatch = { by: 'batch' } as const;
  /** Pictures from latents; a generator with styles takes one that `restyle` may change. */
  const draw = (
    weights: Weights,
    latents: tf.Tensor,
    classes: tf.Tensor2D | undefined,
    normalization: Normalization,
    restyle: (style: tf.Tensor2D) => tf.Tensor2D,
  ): tf.Tensor4D => {
    const told = mapping ? restyle(styleOf(mapping, weights, latents, classes)) : classes;
    return forward(design.generator, weights, latents, normalization, told) as tf.Tensor4D;
  };
  /** Pictures to train on, of which some change their style on the way; `stream` and `count` decide which. */
  const generatePictures = (
    latents: tf.Tensor,
    classes: tf.Tensor2D | undefined,
    stream: string,
    count: number,
  ) =>
    draw(generator, latents, classes, byBatch, (style) => {
      const second = drawLatents(`${stream}-second-latents`, count, latents.shape[0]!);
      return mixed(mapping!, style, styleOf(mapping!, generator, second, classes), seed, stream, count);
    });

  /** What one batch tells the discriminator; `draw` counts those of the whole run. */
  const lookAtPictures = (
    images: tf.Tensor4D,
    labels: Int32Array | undefined,
    draw: number,
    update: number,
  ): BatchResult => {
    const batch = images.shape[0];
    const latents = drawLatents('discriminator-latents', draw, batch);
    const wantedLabels = drawLabels('discriminator-labels', draw, batch);
    const classes = { real: asClasses(labels), generated: asClasses(wantedLabels) };
    const generated = generatePictures(latents, classes.generated, 'discriminator', draw);
    const joined = asClasses([...(labels ?? []), ...wantedLabels]);
    return judge.learn(images, generated, { ...classes, joined }, draw, update);
  };

  /** Moves the discriminator once; `update` counts those of the whole run. */
  const updateDiscriminator = (
    images: tf.Tensor4D,
    update: number,
    labels: Int32Array | undefined,
  ): Record<string, number> =>
    tf.tidy(() => {
      spectral?.iterate();
      const { gradients, values } = overBatches(settings, update, (index, draw) => {
        const part = batchOf(images, labels, index, batchesPerUpdate(settings));
        return lookAtPictures(part.images, part.labels, draw, update);
      });
      const step = Math.floor(update / discriminatorUpdates);
      const { gradientNorm, learningRate } = discriminatorOptimiser.step(gradients, step);
      return {
        ...values,
        discriminatorGradientNorm: gradientNorm,
        ...(Number(settings.discriminatorLearningRate) > 0
          ? { discriminatorLearningRate: learningRate }
          : {}),
      };
    });

  const discriminatorStep = (
    images: tf.Tensor4D,
    step: number,
    labels?: Int32Array,
  ): Record<string, number> => {
    if (discriminatorUpdates === 1) return updateDiscriminator(images, step, labels);
    return meansOf(
      Array.from({ length: discriminatorUpdates }, (_, index) => {
        const part = batchOf(images, labels, index, discriminatorUpdates);
        const values = updateDiscriminator(part.images, step * discriminatorUpdates + index, part.labels);
        part.images.dispose();
        return values;
      }),
    );
  };

  /** What one batch of its own pictures tells the generator. */
  const lookAtOwn = (batch: number, draw: number): BatchResult => {
    const latents = drawLatents('generator-latents', draw, batch);
    const classes = asClasses(drawLabels('generator-labels', draw, batch));
    const { value, gradients } = gradientsOf(
      () => judge.generatorLoss(generatePictures(latents, classes, 'generator', draw), classes, draw),
      generatorOptimiser,
    );
    return { gradients, values: { generatorLoss: scalarOf(value) } };
  };

  const generatorStep = (batch: number, step: number) =>
    tf.tidy(() => {
      const { gradients, values } = overBatches(settings, step, (_, draw) => lookAtOwn(batch, draw));
      statistics.setMeasured(false);
      const { gradientNorm, learningRate } = generatorOptimiser.step(gradients, step, average);
      return { ...values, generatorGradientNorm: gradientNorm, learningRate };
    });

  /**
   * Every tensor of a checkpoint by its name there. The discriminator, which moves first in a step, comes
   * first: what breaks in it is soon found everywhere.
   */
  const everything = (): Map<string, tf.Variable> =>
    new Map([
      ...prefixed('discriminator', discriminator),
      ...prefixed('generator', generator),
      ...prefixed('average', average),
      ...prefixed('statistics', statistics.tensors),
      ...prefixed('spectral', spectral?.vectors ?? new Map<string, tf.Variable>()),
      ...prefixed(`generator-${generatorOptimiser.slotName}`, generatorOptimiser.slots()),
      ...prefixed(`discriminator-${discriminatorOptimiser.slotName}`, discriminatorOptimiser.slots()),
      ...prefixed('precision', lossScale.state),
    ]);

  return {
    config,
    latentSize,
    parameters: describeAdversarial(config, design).parameters,
    tensors: everything,
    save() {
      statistics.measure();
      const dose = judge.dose.save();
      return new Map([...storeTensors(everything()), ...(dose ? [[doseName, dose] as const] : [])]);
    },
    load(tensors, step, fileName) {
      // A run that starts from another's layers may dose by itself for the first time.
      if (step > 0 || tensors.has(doseName)) judge.dose.load(tensors.get(doseName), fileName);
      const fresh = [
        ...generatorOptimiser.resume('generator', tensors, step),
        ...discriminatorOptimiser.resume('discriminator', tensors, step * discriminatorUpdates),
        ...lossScale.resume('precision', tensors),
      ];
      restoreTensors(everything(), tensors, fileName, fresh);
      // Those of step 0 may come from a run of other layers.
      statistics.setMeasured(step > 0);
    },
    trainStep(images, step, labels) {
      return {
        ...discriminatorStep(images, step, labels),
        ...generatorStep(images.shape[0] / discriminatorUpdates / batchesPerUpdate(settings), step),
        ...lossScale.tell(),
      };
    },
    discriminatorStep,
    generatorStep,
    sample(latents, labels, sampling = {}) {
      statistics.measure();
      const { truncation } = samplingSettings(config, sampling);
      const byStatistics = { by: 'statistics', statistics: statistics.tensors } as const;
      return tf.tidy(() =>
        draw(average, latents, asClasses(labels), byStatistics, (style) => {
          const mean = statistics.meanStyle();
          const nearer = tf.add(mean, tf.mul(tf.sub(style, mean), Number(truncation)));
          return inEveryLayer(mapping!, nearer as tf.Tensor2D);
        }),
      );
    },
    dispose() {
      generatorOptimiser.dispose();
      discriminatorOptimiser.dispose();
      lossScale.dispose();
      spectral?.dispose();
      statistics.dispose();
      for (const map of [generator, discriminator, average]) tf.dispose([...map.values()]);
    },
  };
}
