import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { BatchResult } from '../optimisation/accumulation.ts';
import { batchesPerUpdate, batchOf, overBatches } from '../optimisation/accumulation.ts';
import { frozenWeights } from '../optimisation/frozen-layers.ts';
import { createLossScale } from '../optimisation/loss-scale.ts';
import { createOptimiser, gradientsOf } from '../optimisation/optimiser.ts';
import type { Model, ModelDescription, ModelFamily } from './family.ts';
import { distancesOf, edgeDistanceOf, holeDistanceOf, keptOf } from './holes.ts';
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
import { unet } from './pair-networks.ts';

/**
 * Vincent et al., "Extracting and Composing Robust Features with Denoising Autoencoders", 2008: a network that is shown
 * damaged pictures and learns to give back the whole ones. As in Pathak et al., "Context Encoders: Feature Learning by
 * Inpainting", 2016, much of the damage is holes; a channel tells where they are. The network is a U-Net that says what
 * is to be added to what is there (Zhang et al., "Beyond a Gaussian Denoiser", 2017), and all of what is in a hole. Its
 * loss is the L1 distance and that of the gradients (Mathieu et al., "Deep Multi-Scale Video Prediction beyond Mean
 * Square Error", 2016). It draws by no chance: a damaged picture has one answer.
 */
export const denoiser = { id: 'denoiser', describe, build } satisfies ModelFamily;

/** From a picture, emptied where it has holes, and a channel that says where, to what is to be added to it. */
function design({ settings, sizePx, channels }: ModelConfig): readonly Layer[] {
  return unet({
    ...{ baseChannels: Number(settings.baseChannels), sizePx, inputs: channels + 1, outputs: channels },
    // Small at first: what is there to be seen starts as it is.
    ...{ gatedMaps: 0, end: { activation: 'linear', gain: 0.1 } },
  }).layers;
}

function describe(config: ModelConfig): ModelDescription {
  const { sizePx, channels } = config;
  const layers = design(config);
  return {
    layers: describeNetwork('denoiser', layers, [sizePx, sizePx, channels + 1]),
    parameters: { denoiser: countParameters(layers) },
  };
}

function build(config: ModelConfig): Model {
  const { seed, settings } = config;
  const layers = design(config);
  const weights = createWeights(layers, seed, 'denoiser');
  const average = createWeights(layers, seed, 'denoiser');
  const lossScale = createLossScale(settings);
  const optimiser = createOptimiser(weights, settings, {
    lossScale,
    frozen: frozenWeights('denoiser', weights.keys(), settings),
  });
  const holeWeight = Number(settings.holeWeight);
  const edgeWeight = Number(settings.edgeWeight);

  /** Whole pictures; they may go beyond −1…1. */
  const restore = (by: Weights, pictures: tf.Tensor4D, kept: tf.Tensor4D): tf.Tensor4D => {
    const emptied = tf.mul(pictures, kept);
    const added = forward(layers, by, tf.concat([emptied, kept], 3), { by: 'batch' });
    return tf.add(emptied, added);
  };

  const lookAt = (images: tf.Tensor4D, inputs: tf.Tensor4D): BatchResult => {
    const values: Record<string, number> = {};
    const kept = keptOf(inputs);
    const { value, gradients } = gradientsOf(() => {
      const restored = restore(weights, inputs, kept);
      const { distance, weighted } = distancesOf(restored, images, kept, holeWeight);
      values.repairDistance = scalarOf(distance);
      values.holeDistance = scalarOf(holeDistanceOf(restored, images, kept));
      if (edgeWeight === 0) return weighted;
      return tf.add(weighted, tf.mul(edgeDistanceOf(restored, images), edgeWeight)) as tf.Scalar;
    }, optimiser);
    value.dispose();
    return { gradients, values };
  };

  const finish = (pictures: tf.Tensor4D, kept: tf.Tensor4D, keepWhole: boolean): tf.Tensor4D => {
    const restored = tf.clipByValue(restore(average, pictures, kept), -1, 1);
    if (!keepWhole) return restored;
    return tf.add(tf.mul(pictures, kept), tf.mul(restored, tf.sub(1, kept)));
  };

  const everything = (): Map<string, tf.Variable> =>
    new Map([
      ...prefixed('denoiser', weights),
      ...prefixed('average', average),
      ...prefixed(`denoiser-${optimiser.slotName}`, optimiser.slots()),
      ...prefixed('precision', lossScale.state),
    ]);

  return {
    config,
    latentSize: 0,
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
    trainStep: (images, step, _labels, inputs) =>
      tf.tidy(() => {
        const damaged = required(inputs);
        const batches = batchesPerUpdate(settings);
        const { gradients, values } = overBatches(settings, step, (index) =>
          lookAt(
            batchOf(images, undefined, index, batches).images,
            batchOf(damaged, undefined, index, batches).images,
          ),
        );
        const { gradientNorm, learningRate } = optimiser.step(gradients, step, average);
        return { ...values, denoiserGradientNorm: gradientNorm, learningRate, ...lossScale.tell() };
      }),
    sample: (_latents, _labels, sampling, inputs) =>
      tf.tidy(() => {
        const damaged = required(inputs);
        return finish(damaged, keptOf(damaged), sampling?.keepWhole === true);
      }),
    repair: ({ pictures, mask, sampling }) =>
      tf.tidy(() => finish(pictures, mask, sampling?.keepWhole === true)),
    dispose() {
      optimiser.dispose();
      lossScale.dispose();
      for (const map of [weights, average]) tf.dispose([...map.values()]);
    },
  };
}

function required(inputs: tf.Tensor4D | undefined): tf.Tensor4D {
  if (!inputs) throw new Error('A model that repairs pictures was given none.');
  return inputs;
}
