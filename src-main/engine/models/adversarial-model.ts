import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import { createAdam } from '../ops/adam.ts';
import { globalNorm } from '../ops/tensor-health.ts';
import { integers, normals, uniforms } from '../random.ts';
import type { AdversarialObjective } from './adversarial-objectives.ts';
import type { Model, ModelDescription } from './family.ts';
import { gradientPenalty } from './gradient-penalty.ts';
import type { Layer } from './layers.ts';
import { forward } from './layers.ts';
import {
  countParameters,
  createWeights,
  decayAt,
  describeNetwork,
  inOrder,
  momentsOf,
  prefixed,
  restoreTensors,
  scalarOf,
  storeTensors,
} from './network-state.ts';

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
}

/** A model whose step can also be taken by halves. */
export interface AdversarialModel extends Model {
  /** Moves the discriminator only. Parameters as for {@link Model.trainStep}. */
  discriminatorStep(images: tf.Tensor4D, step: number, labels?: Int32Array): Record<string, number>;
  /** Moves the generator and its average only. */
  generatorStep(batch: number, step: number): Record<string, number>;
}

/** As many latents decide the normalisation statistics of the averaged generator. */
const statisticsBatch = 256;

/** The layer table and the parameter counts of a design. */
export function describeAdversarial(config: ModelConfig, design: AdversarialDesign): ModelDescription {
  return {
    layers: [
      ...describeNetwork('generator', design.generator, [Number(config.settings.latentSize)]),
      ...describeNetwork('discriminator', design.discriminator, [
        config.sizePx,
        config.sizePx,
        config.channels,
      ]),
    ],
    parameters: {
      generator: countParameters(design.generator),
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
  const averageDecay = Number(settings.averageDecay);
  const generator = createWeights(design.generator, seed, 'generator');
  const discriminator = createWeights(design.discriminator, seed, 'discriminator');
  const average = createWeights(design.generator, seed, 'generator');
  const statistics = createStatistics(design.generator);
  const adamSettings = {
    learningRate: Number(settings.learningRate),
    beta1: design.beta1,
    beta2: Number(settings.beta2),
    epsilon: 1e-8,
  };
  const generatorAdam = createAdam([...generator.values()], adamSettings);
  const discriminatorAdam = createAdam([...discriminator.values()], adamSettings);
  /** Whether `statistics` belong to the present average. */
  let measured = false;

  const drawLatents = (stream: string, step: number, count: number): tf.Tensor2D =>
    tf.tensor2d(normals(seed, stream, step, count * latentSize), [count, latentSize]);

  const classCount = config.classes?.length ?? 0;
  /** Undefined for a model without classes. */
  const asClasses = (labels: ArrayLike<number> | undefined): tf.Tensor2D | undefined =>
    classCount === 0 ? undefined : oneOfMany(labels!, classCount);
  const drawLabels = (stream: string, step: number, count: number): Uint32Array =>
    integers(seed, stream, step, classCount === 0 ? 0 : count, classCount);

  const byBatch = { by: 'batch' } as const;
  const generatePictures = (latents: tf.Tensor, classes: tf.Tensor2D | undefined) =>
    forward(design.generator, generator, latents, byBatch, classes) as tf.Tensor4D;
  const judge = (pictures: tf.Tensor, classes: tf.Tensor2D | undefined) =>
    forward(design.discriminator, discriminator, pictures, byBatch, classes) as tf.Tensor2D;

  /** Moves the discriminator once; `update` counts those of the whole run. */
  const updateDiscriminator = (
    images: tf.Tensor4D,
    update: number,
    labels: Int32Array | undefined,
  ): Record<string, number> =>
    tf.tidy(() => {
      const batch = images.shape[0];
      const latents = drawLatents('discriminator-latents', update, batch);
      const wantedLabels = drawLabels('discriminator-labels', update, batch);
      const generated = generatePictures(latents, asClasses(wantedLabels));
      // Real and generated pictures in one pass: without batch normalisation each is judged by itself.
      const pictures = tf.concat([images, generated]);
      const targets = tf.concat([tf.ones([batch, 1]), tf.zeros([batch, 1])]);
      const classes = asClasses([...(labels ?? []), ...wantedLabels]);
      let readings: Record<string, number> = {};
      const { value, grads } = tf.variableGrads(() => {
        const logits = judge(pictures, classes);
        const values = [...logits.dataSync<'float32'>()];
        readings = objective.readings(values.slice(0, batch), values.slice(batch));
        const loss = objective.discriminatorLoss(logits, targets);
        if (gradientPenaltyWeight === 0) return loss;
        const shares = tf.tensor1d(uniforms(seed, 'penalty-shares', update, batch));
        const { penalty, slope } = gradientPenalty(
          (between) => judge(between, asClasses(labels)),
          images,
          generated,
          shares,
        );
        readings.discriminatorSlope = scalarOf(slope);
        return tf.add(loss, tf.mul(penalty, gradientPenaltyWeight)) as tf.Scalar;
      }, [...discriminator.values()]);
      const gradients = inOrder(discriminator, grads);
      discriminatorAdam.step(gradients);
      return {
        discriminatorLoss: scalarOf(value),
        ...readings,
        discriminatorGradientNorm: globalNorm(gradients),
      };
    });

  const discriminatorStep = (
    images: tf.Tensor4D,
    step: number,
    labels?: Int32Array,
  ): Record<string, number> => {
    if (discriminatorUpdates === 1) return updateDiscriminator(images, step, labels);
    const [pictures, ...rest] = images.shape;
    const batch = pictures / discriminatorUpdates;
    return meansOf(
      Array.from({ length: discriminatorUpdates }, (_, index) => {
        const part = tf.tidy(() => tf.slice(images, [index * batch, 0, 0, 0], [batch, ...rest]));
        const values = updateDiscriminator(
          part,
          step * discriminatorUpdates + index,
          labels?.subarray(index * batch, (index + 1) * batch),
        );
        part.dispose();
        return values;
      }),
    );
  };

  const generatorStep = (batch: number, step: number) =>
    tf.tidy(() => {
      const latents = drawLatents('generator-latents', step, batch);
      const classes = asClasses(drawLabels('generator-labels', step, batch));
      const { value, grads } = tf.variableGrads(
        () => objective.generatorLoss(judge(generatePictures(latents, classes), classes)),
        [...generator.values()],
      );
      const gradients = inOrder(generator, grads);
      measured = false;
      generatorAdam.step(gradients, { averages: [...average.values()], decay: decayAt(averageDecay, step) });
      return { generatorLoss: scalarOf(value), generatorGradientNorm: globalNorm(gradients) };
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
      forward(design.generator, average, latents, { by: 'batch', collect }, classes);
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
      ...prefixed('generator-adam', momentsOf(generatorAdam, generator)),
      ...prefixed('discriminator-adam', momentsOf(discriminatorAdam, discriminator)),
    ]);

  return {
    config,
    parameters: describeAdversarial(config, design).parameters,
    tensors: everything,
    save() {
      measureStatistics();
      return storeTensors(everything());
    },
    load(tensors, step, fileName) {
      restoreTensors(everything(), tensors, fileName);
      generatorAdam.count = step;
      discriminatorAdam.count = step * discriminatorUpdates;
      measured = true;
    },
    trainStep(images, step, labels) {
      return {
        ...discriminatorStep(images, step, labels),
        ...generatorStep(images.shape[0] / discriminatorUpdates, step),
      };
    },
    discriminatorStep,
    generatorStep,
    sample(latents, labels) {
      measureStatistics();
      const byStatistics = { by: 'statistics', statistics } as const;
      return tf.tidy(
        () => forward(design.generator, average, latents, byStatistics, asClasses(labels)) as tf.Tensor4D,
      );
    },
    dispose() {
      generatorAdam.dispose();
      discriminatorAdam.dispose();
      for (const map of [generator, discriminator, average, statistics]) tf.dispose([...map.values()]);
    },
  };
}

/** Mean 0 and variance 1 for each batch normalisation, until they are measured. */
function createStatistics(layers: readonly Layer[]): Map<string, tf.Variable<tf.Rank.R1>> {
  const variable = (size: number, value: number) =>
    tf.tidy(() => tf.variable(tf.tensor1d(new Float32Array(size).fill(value)), false));
  return new Map(
    layers
      .filter((layer) => layer.kind === 'batch-normalization')
      .flatMap(({ name, channels }) => [
        [`${name}.mean`, variable(channels, 0)],
        [`${name}.variance`, variable(channels, 1)],
      ]),
  );
}

/** `[labels, classes]` with a 1 at each one's class and 0 elsewhere. */
function oneOfMany(labels: ArrayLike<number>, classes: number): tf.Tensor2D {
  const values = new Float32Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) values[row * classes + labels[row]!] = 1;
  return tf.tensor2d(values, [labels.length, classes]);
}

/** The mean of each scalar over records that all have the same ones. */
function meansOf(records: readonly Record<string, number>[]): Record<string, number> {
  return Object.fromEntries(
    Object.keys(records[0]!).map((name) => [
      name,
      records.reduce((sum, record) => sum + record[name]!, 0) / records.length,
    ]),
  );
}
