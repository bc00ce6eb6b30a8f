import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import { repairSettings, samplingSettings } from '../../contract/presets.ts';
import type { BatchResult } from '../optimisation/accumulation.ts';
import { batchOf, batchesPerUpdate, overBatches } from '../optimisation/accumulation.ts';
import { frozenWeights } from '../optimisation/frozen-layers.ts';
import { createLossScale } from '../optimisation/loss-scale.ts';
import { createOptimiser, gradientsOf } from '../optimisation/optimiser.ts';
import { normalTensor } from '../ops/random-tensors.ts';
import { uniforms } from '../random.ts';
import { classRows } from './class-rows.ts';
import type { Denoise } from './denoising.ts';
import { denoiseImplicitly, repaint, split } from './denoising.ts';
import { denoisingNetwork, timesToFeatures } from './denoising-network.ts';
import type { Prediction } from './diffusion-schedule.ts';
import { cosineSchedule, weightAt } from './diffusion-schedule.ts';
import type { Model, ModelDescription, ModelFamily } from './family.ts';
import { forward, type Weights } from './layers.ts';
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
 * Ho et al., "Denoising Diffusion Probabilistic Models", 2020, with the cosine schedule of Nichol and Dhariwal (2021),
 * the velocity of Salimans and Ho ("Progressive Distillation", 2022) or the picture itself (Li and He, "Back to Basics:
 * Let Denoising Generative Models Denoise", 2025), min-SNR weights (Hang et al., 2023) and, where there are classes,
 * guidance without a classifier (Ho and Salimans, 2022).
 */
export const ddpm = {
  id: 'ddpm',
  describe,
  build: createDiffusionModel,
} satisfies ModelFamily;

function describe(config: ModelConfig): ModelDescription {
  const { condition, conditionInputs, picture } = denoisingNetwork(config);
  return {
    layers: [
      ...describeNetwork('denoiser', condition, [conditionInputs]),
      ...describeNetwork('denoiser', picture, [config.sizePx, config.sizePx, config.channels]),
    ],
    parameters: { denoiser: countParameters([...condition, ...picture]) },
  };
}

function createDiffusionModel(config: ModelConfig): Model & Required<Pick<Model, 'repair'>> {
  const { seed, settings, sizePx, channels } = config;
  const prediction = settings.prediction as Prediction;
  const network = denoisingNetwork(config);
  const layers = [...network.condition, ...network.picture];
  const denoiser = createWeights(layers, seed, 'denoiser');
  const average = createWeights(layers, seed, 'denoiser');
  const lossScale = createLossScale(settings);
  const optimiser = createOptimiser(denoiser, settings, {
    lossScale,
    frozen: frozenWeights('denoiser', denoiser.keys(), settings),
  });
  const schedule = cosineSchedule(Number(settings.diffusionSteps));
  const ratios = { limit: Number(settings.snrLimit), floor: Number(settings.snrFloor) };
  const latentSize = sizePx * sizePx * channels;
  const classCount = config.classes?.length ?? 0;
  const byBatch = { by: 'batch' } as const;

  /** What the network says of noisy pictures at these steps; an absent class is a row of zeros. */
  const predict = (
    weights: Weights,
    noisy: tf.Tensor4D,
    steps: readonly number[],
    classes: tf.Tensor2D | null,
  ): tf.Tensor => {
    const times = timesToFeatures(steps.map((step) => step / schedule.steps));
    const absent = () => tf.zeros<tf.Rank.R2>([noisy.shape[0], classCount]);
    const told = classCount === 0 ? times : tf.concat([times, classes ?? absent()], 1);
    const condition = forward(network.condition, weights, told, byBatch) as tf.Tensor2D;
    return forward(network.picture, weights, noisy, byBatch, condition);
  };

  /** What one batch says; `draw` decides its noise and its steps. */
  const lookAt = (images: tf.Tensor4D, labels: Int32Array | undefined, draw: number): BatchResult => {
    const batch = images.shape[0];
    // One number for all: the steps of a batch lie evenly (Kingma et al., "Variational Diffusion Models", 2021).
    const start = uniforms(seed, 'diffusion-steps', draw, 1)[0]!;
    const steps = Array.from({ length: batch }, (_, row) =>
      Math.floor(((start + row / batch) % 1) * schedule.steps),
    );
    const column = (values: readonly number[]) => tf.tensor4d([...values], [batch, 1, 1, 1]);
    const alpha = column(steps.map((step) => schedule.alpha[step]!));
    const sigma = column(steps.map((step) => schedule.sigma[step]!));
    const weights = column(steps.map((step) => weightAt(schedule, step, prediction, ratios)));
    const noise = normalTensor<tf.Tensor4D>(seed, 'diffusion-noise', draw, images.shape);
    const noisy = tf.add(tf.mul(images, alpha), tf.mul(noise, sigma)) as tf.Tensor4D;
    const target = {
      noise: () => noise,
      velocity: () => tf.sub(tf.mul(noise, alpha), tf.mul(images, sigma)),
      picture: () => images,
    }[prediction]();
    const coins = uniforms(seed, 'class-dropout', draw, classCount === 0 ? 0 : batch);
    const classes =
      classCount === 0
        ? null
        : classRows(labels!, classCount, (row) => coins[row]! >= Number(settings.classDropout));
    const { value, gradients } = gradientsOf(() => {
      const error = tf.squaredDifference(predict(denoiser, noisy, steps, classes), target);
      return tf.mean(tf.mul(error, weights)) as tf.Scalar;
    }, optimiser);
    return { gradients, values: { denoisingLoss: scalarOf(value) } };
  };

  /** The averaged network as it takes noise away; without labels, as from any class. */
  const denoiseAs = (labels: ArrayLike<number> | undefined, guidance: number): Denoise => {
    return (noisy, step) => {
      const steps = new Array<number>(noisy.shape[0]).fill(step);
      const plain = () => predict(average, noisy, steps, null);
      const asked = () => predict(average, noisy, steps, classRows(labels!, classCount));
      const guided = () => {
        const without = plain();
        return tf.add(without, tf.mul(tf.sub(asked(), without), guidance));
      };
      const predicted = labels === undefined ? plain() : guidance === 1 ? asked() : guided();
      return split(schedule, prediction, noisy, predicted, step);
    };
  };

  const everything = (): Map<string, tf.Variable> =>
    new Map([
      ...prefixed('denoiser', denoiser),
      ...prefixed('average', average),
      ...prefixed(`denoiser-${optimiser.slotName}`, optimiser.slots()),
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
        ...optimiser.resume('denoiser', tensors, step),
        ...lossScale.resume('precision', tensors),
      ];
      restoreTensors(everything(), tensors, fileName, fresh);
    },
    trainStep: (images, step, labels) =>
      tf.tidy(() => {
        const { gradients, values } = overBatches(settings, step, (batch, draw) => {
          const part = batchOf(images, labels, batch, batchesPerUpdate(settings));
          return lookAt(part.images, part.labels, draw);
        });
        const { gradientNorm, learningRate } = optimiser.step(gradients, step, average);
        return { ...values, denoiserGradientNorm: gradientNorm, learningRate, ...lossScale.tell() };
      }),
    sample: (latents, labels, sampling = {}) =>
      tf.tidy(() => {
        const { samplingSteps, guidance } = samplingSettings(config, sampling);
        const noise = tf.reshape(latents, [-1, sizePx, sizePx, channels]) as tf.Tensor4D;
        return denoiseImplicitly(schedule, denoiseAs(labels, Number(guidance)), noise, Number(samplingSteps));
      }),
    sheetSampling: { samplingSteps: Number(settings.sheetSamplingSteps) },
    repair: ({ pictures, mask, seeds, labels, sampling }) =>
      tf.tidy(() => {
        const { guidance, samplingSteps, resamplings } = repairSettings(config, sampling);
        const rhythm = { samplingSteps: Number(samplingSteps), resamplings: Number(resamplings) };
        return repaint(schedule, denoiseAs(labels, Number(guidance)), { pictures, mask, seeds, ...rhythm });
      }),
    dispose() {
      optimiser.dispose();
      lossScale.dispose();
      for (const map of [denoiser, average]) tf.dispose([...map.values()]);
    },
  };
}
