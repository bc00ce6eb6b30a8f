import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { BatchResult } from '../optimisation/accumulation.ts';
import { batchesPerUpdate, batchOf, overBatches } from '../optimisation/accumulation.ts';
import { frozenWeights } from '../optimisation/frozen-layers.ts';
import { createLossScale } from '../optimisation/loss-scale.ts';
import { createOptimiser, gradientsOf } from '../optimisation/optimiser.ts';
import { normalTensor } from '../ops/random-tensors.ts';
import { latentsOf } from '../random.ts';
import { objectiveOf } from './adversarial-objectives.ts';
import { createJudge } from './discriminator-judge.ts';
import type { Model, ModelDescription, ModelFamily } from './family.ts';
import { distancesOf, keptOf } from './holes.ts';
import type { Weights } from './layers.ts';
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
import { pairNetworks } from './pair-networks.ts';

/** Two standard normal numbers decide a gate. */
const numbersPerGate = 2;

/**
 * Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", 2017: a generator that turns an
 * input into a picture, held near the target by the L1 distance and towards what looks real by a discriminator that
 * sees input and picture together, patch by patch. Its noise is dropout, of whole channels (Tompson et al., 2015), in
 * training and afterwards; the latents decide it.
 */
export const pix2pix = { id: 'pix2pix', describe, build } satisfies ModelFamily;

function describe(config: ModelConfig): ModelDescription {
  const { generator, discriminator } = pairNetworks(config);
  const { sizePx, channels } = config;
  return {
    layers: [
      ...describeNetwork('generator', generator, [
        ...[sizePx, sizePx],
        config.settings.markHoles === true ? channels + 1 : channels,
      ]),
      ...describeNetwork('discriminator', discriminator, [sizePx, sizePx, 2 * channels]),
    ],
    parameters: { generator: countParameters(generator), discriminator: countParameters(discriminator) },
  };
}

function build(config: ModelConfig): Model & Required<Pick<Model, 'repair'>> {
  const { seed, settings } = config;
  const networks = pairNetworks(config);
  const latentSize = networks.gates * numbersPerGate;
  const generator = createWeights(networks.generator, seed, 'generator');
  const average = createWeights(networks.generator, seed, 'generator');
  const discriminator = createWeights(networks.discriminator, seed, 'discriminator');
  const objective = objectiveOf(settings);
  const lossScale = createLossScale(settings);
  const generatorOptimiser = createOptimiser(generator, settings, {
    lossScale,
    frozen: frozenWeights('generator', generator.keys(), settings),
  });
  const discriminatorOptimiser = createOptimiser(discriminator, settings, {
    lossScale,
    frozen: frozenWeights('discriminator', discriminator.keys(), settings),
    rateSetting: 'discriminatorLearningRate',
  });
  const judge = createJudge({
    ...{ layers: networks.discriminator, weights: discriminator, moved: discriminatorOptimiser.moved },
    ...{ objective, gradientPenaltyWeight: 0 },
    ...{ seed, settings, sizePx: config.sizePx, lossScale },
  });
  const dropout = Number(settings.generatorDropout);
  const distanceWeight = Number(settings.distanceWeight);
  // Runs of before there were these two go on as they began.
  const marksHoles = settings.markHoles === true;
  const holeWeight = Number(settings.holeWeight ?? 1);

  const draw = (weights: Weights, inputs: tf.Tensor4D, latents: tf.Tensor2D): tf.Tensor4D => {
    const seen = marksHoles ? tf.concat([inputs, tf.sub(1, keptOf(inputs))], 3) : inputs;
    return forward(
      networks.generator,
      weights,
      seen,
      { by: 'batch' },
      gatesOf(latents, dropout),
    ) as tf.Tensor4D;
  };
  const freshLatents = (stream: string, step: number, batch: number): tf.Tensor2D =>
    normalTensor(seed, stream, step, [batch, latentSize]);
  const beside = (inputs: tf.Tensor4D, pictures: tf.Tensor4D) => tf.concat([inputs, pictures], 3);
  const noClasses = { real: undefined, generated: undefined, joined: undefined };

  const lookAtPairs = ({ images, inputs }: Pairs, draws: number, step: number): BatchResult => {
    const drawn = draw(generator, inputs, freshLatents('discriminator-latents', draws, images.shape[0]));
    return judge.learn(beside(inputs, images), beside(inputs, drawn), noClasses, draws, step);
  };

  const lookAtOwn = ({ images, inputs }: Pairs, draws: number): BatchResult => {
    const values: Record<string, number> = {};
    const { value, gradients } = gradientsOf(() => {
      const drawn = draw(generator, inputs, freshLatents('generator-latents', draws, images.shape[0]));
      const taken = judge.generatorLoss(beside(inputs, drawn), undefined, draws);
      const { distance, weighted } = distancesOf(drawn, images, keptOf(inputs), holeWeight);
      values.generatorLoss = scalarOf(taken);
      values.pairDistance = scalarOf(distance);
      return tf.add(taken, tf.mul(weighted, distanceWeight)) as tf.Scalar;
    }, generatorOptimiser);
    value.dispose();
    return { gradients, values };
  };

  const partOf = ({ images, inputs }: Pairs, index: number): Pairs => {
    const batches = batchesPerUpdate(settings);
    return {
      images: batchOf(images, undefined, index, batches).images,
      inputs: batchOf(inputs, undefined, index, batches).images,
    };
  };

  const everything = (): Map<string, tf.Variable> =>
    new Map([
      ...prefixed('discriminator', discriminator),
      ...prefixed('generator', generator),
      ...prefixed('average', average),
      ...prefixed(`generator-${generatorOptimiser.slotName}`, generatorOptimiser.slots()),
      ...prefixed(`discriminator-${discriminatorOptimiser.slotName}`, discriminatorOptimiser.slots()),
      ...prefixed('precision', lossScale.state),
    ]);

  return {
    config,
    latentSize,
    parameters: describe(config).parameters,
    tensors: everything,
    save: () => storeTensors(everything()),
    load(tensors, step, fileName) {
      const fresh = [
        ...generatorOptimiser.resume('generator', tensors, step),
        ...discriminatorOptimiser.resume('discriminator', tensors, step),
        ...lossScale.resume('precision', tensors),
      ];
      restoreTensors(everything(), tensors, fileName, fresh);
    },
    trainStep(images, step, _labels, inputs) {
      const pairs = { images, inputs: required(inputs) };
      return tf.tidy(() => {
        const seen = overBatches(settings, step, (index, draws) =>
          lookAtPairs(partOf(pairs, index), draws, step),
        );
        const ofDiscriminator = discriminatorOptimiser.step(seen.gradients, step);
        const own = overBatches(settings, step, (index, draws) => lookAtOwn(partOf(pairs, index), draws));
        const ofGenerator = generatorOptimiser.step(own.gradients, step, average);
        return {
          ...seen.values,
          discriminatorGradientNorm: ofDiscriminator.gradientNorm,
          ...(Number(settings.discriminatorLearningRate) > 0
            ? { discriminatorLearningRate: ofDiscriminator.learningRate }
            : {}),
          ...own.values,
          generatorGradientNorm: ofGenerator.gradientNorm,
          learningRate: ofGenerator.learningRate,
          ...lossScale.tell(),
        };
      });
    },
    sample: (latents, _labels, _sampling, inputs) => tf.tidy(() => draw(average, required(inputs), latents)),
    repair: ({ pictures, seeds }) =>
      tf.tidy(() =>
        draw(average, pictures, tf.tensor2d(latentsOf(seeds, latentSize), [seeds.length, latentSize])),
      ),
    dispose() {
      generatorOptimiser.dispose();
      discriminatorOptimiser.dispose();
      lossScale.dispose();
      for (const map of [generator, discriminator, average]) tf.dispose([...map.values()]);
    },
  };
}

interface Pairs {
  readonly images: tf.Tensor4D;
  readonly inputs: tf.Tensor4D;
}

/**
 * A gate for each two latents, `[batch, gates]`: 0 for the share `dropout`, and otherwise so much that the mean stays 1. Of two
 * standard normal numbers a and b, exp(−(a² + b²) / 2) is uniform between 0 and 1.
 */
export function gatesOf(latents: tf.Tensor2D, dropout: number): tf.Tensor2D {
  const [batch, numbers] = latents.shape;
  if (dropout === 0) return tf.ones([batch, numbers / numbersPerGate]);
  const pairs = tf.reshape(latents, [batch, numbers / numbersPerGate, numbersPerGate]);
  const kept = tf.lessEqual(tf.sum(tf.square(pairs), 2), -2 * Math.log(dropout));
  return tf.mul(tf.cast(kept, 'float32'), 1 / (1 - dropout));
}

function required(inputs: tf.Tensor4D | undefined): tf.Tensor4D {
  if (!inputs) throw new Error('A model that draws from an input was given none.');
  return inputs;
}
