import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { BatchResult } from '../optimisation/accumulation.ts';
import { batchOf, batchesPerUpdate, overBatches } from '../optimisation/accumulation.ts';
import { frozenWeights } from '../optimisation/frozen-layers.ts';
import { createLossScale } from '../optimisation/loss-scale.ts';
import { createOptimiser, gradientsOf } from '../optimisation/optimiser.ts';
import { tanh } from '../ops/layers.ts';
import { meanBinaryCrossEntropyWithLogits } from '../ops/losses.ts';
import { normalTensor } from '../ops/random-tensors.ts';
import { classRows } from './class-rows.ts';
import { halving, preserving, pyramid } from './convolutional-networks.ts';
import type { Model, ModelDescription, ModelFamily } from './family.ts';
import type { Layer, Weights } from './layers.ts';
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

/**
 * Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, with the weight β of Higgins et al. ("β-VAE",
 * 2017) and the free bits of Kingma et al. ("Improved Variational Inference with Inverse Autoregressive Flow",
 * 2016). With classes, encoder and decoder both know them (Sohn et al., "Learning Structured Output Representation
 * using Deep Conditional Generative Models", 2015).
 */
export const vae = {
  id: 'vae',
  describe,
  build: createVariationalAutoencoder,
} satisfies ModelFamily;

interface Networks {
  /** From pictures to mean and log-variance of the latents, `[batch, 2 × latentSize]`. */
  readonly encoder: readonly Layer[];
  /** From latents to what the likelihood takes: logits, or means in −1…1. */
  readonly decoder: readonly Layer[];
}

/** Beyond these the variance of a latent is 0 or infinite for every purpose, and its exponential a danger. */
const logVarianceLimit = 10;

function design({ settings, sizePx, channels, classes }: ModelConfig): Networks {
  const classCount = classes?.length ?? 0;
  const latentSize = Number(settings.latentSize);
  const baseChannels = Number(settings.baseChannels);
  const { startPx, doublings } = pyramid(sizePx);
  const deepest = baseChannels * 2 ** (doublings - 1);
  const flat = startPx * startPx * deepest;
  const levels = Array.from({ length: doublings }, (_, index) => index + 1);
  const encoder = levels.map((level): Layer => {
    const outputs = baseChannels * 2 ** (level - 1);
    const inputs = level === 1 ? channels : outputs / 2;
    return {
      ...{ kind: 'convolution', name: `reduce${level}`, inputs, outputs, ...halving },
      activation: 'leakyRelu',
      initial: preserving(halving.kernelPx ** 2 * inputs, 2),
    };
  });
  const decoder = levels.map((level): Layer => {
    const inputs = deepest / 2 ** (level - 1);
    const isLast = level === doublings;
    const outputs = isLast ? channels : inputs / 2;
    // Each output of a transposed convolution sums over this share of the kernel only.
    const taps = (halving.kernelPx / halving.stride) ** 2 * inputs;
    return {
      ...{ kind: 'transposed-convolution', name: `enlarge${level}`, inputs, outputs, ...halving },
      activation: !isLast ? 'relu' : settings.likelihood === 'gaussian' ? 'tanh' : 'linear',
      initial: preserving(taps, isLast ? 1 : 2),
    };
  });
  return {
    encoder: [
      ...encoder,
      { kind: 'reshape', name: 'flat', shape: [flat] },
      {
        ...{ kind: 'dense', name: 'moments', inputs: flat + classCount, outputs: 2 * latentSize },
        activation: 'linear',
        // Small at first: every latent starts near the prior.
        initial: preserving(flat, 0.01),
      },
    ],
    decoder: [
      {
        ...{ kind: 'dense', name: 'project', inputs: latentSize + classCount, outputs: flat },
        activation: 'relu',
        initial: preserving(latentSize, 2),
      },
      { kind: 'reshape', name: 'map', shape: [startPx, startPx, deepest] },
      ...decoder,
    ],
  };
}

function describe(config: ModelConfig): ModelDescription {
  const { encoder, decoder } = design(config);
  return {
    layers: [
      ...describeNetwork('encoder', encoder, [config.sizePx, config.sizePx, config.channels]),
      ...describeNetwork('decoder', decoder, [
        Number(config.settings.latentSize) + (config.classes?.length ?? 0),
      ]),
    ],
    parameters: { encoder: countParameters(encoder), decoder: countParameters(decoder) },
  };
}

/**
 * The two parts of the negative evidence lower bound, in nats per picture.
 *
 * @param moments `[batch, 2 × latentSize]`: means, then logarithms of variances
 */
export function divergenceFromPrior(moments: tf.Tensor2D): {
  readonly mean: tf.Tensor2D;
  readonly logVariance: tf.Tensor2D;
  /** Kullback–Leibler divergence of each latent from the standard normal, averaged over the batch, `[latentSize]`. */
  readonly divergences: tf.Tensor1D;
} {
  const [batch, size] = moments.shape;
  const mean = tf.slice(moments, [0, 0], [batch, size / 2]);
  const raw = tf.slice(moments, [0, size / 2], [batch, size / 2]);
  const logVariance = tf.clipByValue(raw, -logVarianceLimit, logVarianceLimit);
  const twice = tf.sub(tf.add(tf.square(mean), tf.exp(logVariance)), tf.add(logVariance, 1));
  return { mean, logVariance, divergences: tf.mul(tf.mean(twice, 0), 0.5) };
}

/**
 * The negative logarithm of the pictures' likelihood, nats per picture: Bernoulli, with the brightness 0…1 of a
 * pixel as its probability of being on, or Gaussian with a deviation in units of the range −1…1.
 *
 * @param images −1…1
 * @param decoded logits for Bernoulli, means for Gaussian
 */
export function reconstructionLoss(
  images: tf.Tensor4D,
  decoded: tf.Tensor,
  likelihood: 'bernoulli' | 'gaussian',
  deviation: number,
): tf.Scalar {
  const numbers = images.size / images.shape[0];
  switch (likelihood) {
    case 'bernoulli': {
      const brightness = tf.mul(tf.add(images, 1), 0.5);
      return tf.mul(meanBinaryCrossEntropyWithLogits(decoded, brightness), numbers);
    }
    case 'gaussian': {
      const squares = tf.mul(tf.mean(tf.square(tf.sub(images, decoded))), numbers / (2 * deviation ** 2));
      return tf.add(squares, numbers * Math.log(deviation * Math.sqrt(2 * Math.PI)));
    }
  }
}

/**
 * Samples come from an exponential moving average of the decoder's weights; they are the likelihood's means,
 * not draws from it, which would add the noise of single pixels.
 */
function createVariationalAutoencoder(config: ModelConfig): Model {
  const { seed, settings } = config;
  const latentSize = Number(settings.latentSize);
  const likelihood = settings.likelihood === 'gaussian' ? 'gaussian' : 'bernoulli';
  const deviation = Number(settings.pixelDeviation);
  const freeNats = Number(settings.freeNats);
  const layers = design(config);
  const encoder = createWeights(layers.encoder, seed, 'encoder');
  const decoder = createWeights(layers.decoder, seed, 'decoder');
  const average = createWeights(layers.decoder, seed, 'decoder');
  const lossScale = createLossScale(settings);
  const encoderOptimiser = createOptimiser(encoder, settings, {
    lossScale,
    frozen: frozenWeights('encoder', encoder.keys(), settings),
  });
  const decoderOptimiser = createOptimiser(decoder, settings, {
    lossScale,
    frozen: frozenWeights('decoder', decoder.keys(), settings),
  });
  const byBatch = { by: 'batch' } as const;

  const classCount = config.classes?.length ?? 0;
  /** The class behind the features; nothing for a model without classes (Sohn et al., 2015). */
  const withClasses = (features: tf.Tensor, labels: ArrayLike<number> | undefined): tf.Tensor =>
    classCount === 0 ? features : tf.concat([features, classRows(labels!, classCount)], 1);
  const encode = (images: tf.Tensor, labels: ArrayLike<number> | undefined) => {
    const features = forward(layers.encoder.slice(0, -1), encoder, images, byBatch);
    return forward(layers.encoder.slice(-1), encoder, withClasses(features, labels), byBatch) as tf.Tensor2D;
  };
  const decode = (weights: Weights, latents: tf.Tensor, labels: ArrayLike<number> | undefined) =>
    forward(layers.decoder, weights, withClasses(latents, labels), byBatch) as tf.Tensor4D;

  /** What one batch says; `draw` decides its noise. */
  const lookAt = (
    images: tf.Tensor4D,
    labels: Int32Array | undefined,
    step: number,
    draw: number,
  ): BatchResult => {
    const batch = images.shape[0];
    const noise = normalTensor(seed, 'noise', draw, [batch, latentSize]);
    const warmUpSteps = Number(settings.klWarmUpSteps);
    const weight = Number(settings.beta) * Math.min(1, (step + 1) / Math.max(1, warmUpSteps));
    let reconstruction = 0;
    let divergence = 0;
    const both = { moved: [...encoderOptimiser.moved, ...decoderOptimiser.moved], lossScale };
    const { gradients } = gradientsOf(() => {
      const moments = encode(images, labels);
      const { mean, logVariance, divergences } = divergenceFromPrior(moments);
      const latents = tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), noise));
      const decoded = decode(decoder, latents, labels);
      const loss = reconstructionLoss(images, decoded, likelihood, deviation);
      reconstruction = scalarOf(loss);
      divergence = scalarOf(tf.sum(divergences));
      const charged = freeNats > 0 ? tf.maximum(divergences, freeNats) : divergences;
      return tf.add(loss, tf.mul(tf.sum(charged), weight)) as tf.Scalar;
    }, both);
    return {
      gradients,
      values: { reconstructionLoss: reconstruction, klDivergence: divergence },
    };
  };

  const everything = (): Map<string, tf.Variable> =>
    new Map([
      ...prefixed('encoder', encoder),
      ...prefixed('decoder', decoder),
      ...prefixed('average', average),
      ...prefixed(`encoder-${encoderOptimiser.slotName}`, encoderOptimiser.slots()),
      ...prefixed(`decoder-${decoderOptimiser.slotName}`, decoderOptimiser.slots()),
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
        ...encoderOptimiser.resume('encoder', tensors, step),
        ...decoderOptimiser.resume('decoder', tensors, step),
        ...lossScale.resume('precision', tensors),
      ];
      restoreTensors(everything(), tensors, fileName, fresh);
    },
    trainStep: (images, step, labels) =>
      tf.tidy(() => {
        const { gradients, values } = overBatches(settings, step, (batch, draw) => {
          const part = batchOf(images, labels, batch, batchesPerUpdate(settings));
          return lookAt(part.images, part.labels, step, draw);
        });
        const ofEncoder = encoderOptimiser.moved.length;
        const moved = encoderOptimiser.step(gradients.slice(0, ofEncoder), step);
        const movedDecoder = decoderOptimiser.step(gradients.slice(ofEncoder), step, average);
        return {
          ...values,
          encoderGradientNorm: moved.gradientNorm,
          decoderGradientNorm: movedDecoder.gradientNorm,
          learningRate: moved.learningRate,
          ...lossScale.tell(),
        };
      }),
    sample: (latents, labels) =>
      tf.tidy(() => {
        const decoded = decode(average, latents, labels);
        // 2 sigmoid(x) − 1 = tanh(x / 2): the probability of a pixel as a brightness in −1…1.
        return likelihood === 'bernoulli' ? tanh(tf.mul(decoded, 0.5)) : decoded;
      }),
    dispose() {
      encoderOptimiser.dispose();
      decoderOptimiser.dispose();
      lossScale.dispose();
      for (const map of [encoder, decoder, average]) tf.dispose([...map.values()]);
    },
  };
}
