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
import type { AdversarialObjective } from './adversarial-objectives.ts';
import { classRows } from './class-rows.ts';
import { createJudge } from './discriminator-judge.ts';
import type { Model, ModelDescription } from './family.ts';
import type { Layer } from './layer-kinds.ts';
import { simpleLayers } from './layer-kinds.ts';
import type { Normalization, Weights } from './layers.ts';
import { forward } from './layers.ts';
import {
  countParameters,
  createWeights,
  describeNetwork,
  prefixed,
  restoreTensors,
  scalarOf,
  storeTensors,
} from './network-state.ts';
import { createSpectralNormalization } from './spectral-normalization.ts';
import type { StyleMapping } from './style-generator.ts';
import { inEveryLayer, mixed, styleOf } from './style-generator.ts';

/** What sets one family of two networks apart from another. */
export interface AdversarialDesign {
  /** From latents `[batch, latentSize]` to pictures `[batch, height, width, channel]`, −1…1. */
  readonly generator: readonly Layer[];
  /** From pictures to logits `[batch, 1]`; large means real. */
  readonly discriminator: readonly Layer[];
  /** What the two compete for. */
  readonly objective: AdversarialObjective;
  /** Adam's first decay. */
  readonly beta1: number;
  /** How often the discriminator moves, each time on a batch of its own, before the generator does; 1 unless said. */
  readonly discriminatorUpdates?: number;
  /** Keeps the slope of the discriminator near 1, see {@link gradientPenalty}; without it the slope is free. */
  readonly gradientPenaltyWeight?: number;
  /** Whether the discriminator's weights are held to a stretch of 1, see {@link createSpectralNormalization}. */
  readonly spectral?: boolean;
  /** How much it counts to tell the classes, where the discriminator has a logit for each behind its score. */
  readonly classWeight?: number;
  /** What makes styles of the latents, for a generator that is told them instead of the classes. */
  readonly mapping?: StyleMapping;
}

/** A model whose step can also be taken by halves. */
export interface AdversarialModel extends Model {
  /** Moves the discriminator only. Parameters as for {@link Model.trainStep}. */
  discriminatorStep(images: tf.Tensor4D, step: number, labels?: Int32Array): Record<string, number>;
  /** Moves the generator and its average only. */
  generatorStep(batch: number, step: number): Record<string, number>;
}

/** The state of an adaptive augmentation in a checkpoint. */
const doseName = 'augmentation.dose';
/** The style that truncation leads to, measured with the statistics. */
const meanStyle = 'mapping.mean';
/** As many latents decide the normalisation statistics of the averaged generator. */
const statisticsBatch = 256;

/** The layer table and the parameter counts of a design. */
export function describeAdversarial(config: ModelConfig, design: AdversarialDesign): ModelDescription {
  const mapping = design.mapping?.layers ?? [];
  const latentSize = Number(config.settings.latentSize);
  return {
    layers: [
      ...describeNetwork('generator', mapping, [latentSize]),
      ...describeNetwork('generator', design.generator, [latentSize]),
      ...describeNetwork('discriminator', design.discriminator, [
        config.sizePx,
        config.sizePx,
        config.channels,
      ]),
    ],
    parameters: {
      generator: countParameters([...mapping, ...design.generator]),
      discriminator: countParameters(design.discriminator),
    },
    batchesPerStep: design.discriminatorUpdates,
  };
}

/**
 * Two networks against each other (Goodfellow et al., 2014): a step moves the discriminator towards telling
 * real pictures from generated ones, then the generator towards being taken for real. The design's objective
 * says by which losses.
 *
 * Samples come from an exponential moving average of the generator's weights. Its batch normalisation uses
 * statistics measured on fixed latents with just those weights (the "standing statistics" of Brock et al.,
 * 2019): a running mean of the training batches would belong to other weights than the averaged ones.
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
  const statistics = createStatistics(design.generator, mapping);
  const frozen = {
    generator: frozenWeights('generator', generator.keys(), settings),
    discriminator: frozenWeights('discriminator', discriminator.keys(), settings),
  };
  const spectral = design.spectral
    ? createSpectralNormalization(discriminator, seed, frozen.discriminator)
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
  /** Whether `statistics` belong to the present average. */
  let measured = false;

  const drawLatents = (stream: string, step: number, count: number): tf.Tensor2D =>
    normalTensor(seed, stream, step, [count, latentSize]);

  const classCount = config.classes?.length ?? 0;
  /** Undefined for a model without classes. */
  const asClasses = (labels: ArrayLike<number> | undefined): tf.Tensor2D | undefined =>
    classCount === 0 ? undefined : classRows(labels!, classCount);
  const drawLabels = (stream: string, step: number, count: number): Uint32Array =>
    integers(seed, stream, step, classCount === 0 ? 0 : count, classCount);

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
      measured = false;
      const { gradientNorm, learningRate } = generatorOptimiser.step(gradients, step, average);
      return { ...values, generatorGradientNorm: gradientNorm, learningRate };
    });

  const measureStatistics = (): void => {
    if (measured || statistics.size === 0) return;
    tf.tidy(() => {
      const latents = drawLatents('statistics-latents', 0, statisticsBatch);
      const collect = (name: string, mean: tf.Tensor1D, variance: tf.Tensor1D) => {
        statistics.get(`${name}.mean`)!.assign(mean);
        statistics.get(`${name}.variance`)!.assign(variance);
      };
      // Every class in turn: they share the statistics.
      const classes = asClasses(Array.from({ length: statisticsBatch }, (_, index) => index % classCount));
      if (mapping) statistics.get(meanStyle)!.assign(tf.mean(styleOf(mapping, average, latents, classes), 0));
      else forward(design.generator, average, latents, { by: 'batch', collect }, classes);
    });
    measured = true;
  };

  /**
   * Every tensor of a checkpoint by its name there. The discriminator, which moves first in a step, comes
   * first: what breaks in it is soon found everywhere.
   */
  const everything = (): Map<string, tf.Variable> =>
    new Map([
      ...prefixed('discriminator', discriminator),
      ...prefixed('generator', generator),
      ...prefixed('average', average),
      ...prefixed('statistics', statistics),
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
      measureStatistics();
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
      measured = step > 0;
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
      measureStatistics();
      const { truncation } = samplingSettings(config, sampling);
      const byStatistics = { by: 'statistics', statistics } as const;
      return tf.tidy(() =>
        draw(average, latents, asClasses(labels), byStatistics, (style) => {
          const mean = statistics.get(meanStyle)!;
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
      for (const map of [generator, discriminator, average, statistics]) tf.dispose([...map.values()]);
    },
  };
}

/** Mean 0 and variance 1 for each batch normalisation, until they are measured, and a mean style of 0. */
function createStatistics(
  layers: readonly Layer[],
  mapping: StyleMapping | undefined,
): Map<string, tf.Variable<tf.Rank.R1>> {
  const variable = (size: number, value: number) =>
    tf.tidy(() => tf.variable(tf.tensor1d(new Float32Array(size).fill(value)), false));
  const ofLayers = simpleLayers(layers)
    .filter((layer) => layer.kind === 'batch-normalization')
    .flatMap(({ name, channels }): [string, tf.Variable<tf.Rank.R1>][] => [
      [`${name}.mean`, variable(channels, 0)],
      [`${name}.variance`, variable(channels, 1)],
    ]);
  return new Map([...ofLayers, ...(mapping ? [[meanStyle, variable(mapping.styleSize, 0)] as const] : [])]);
}
