import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import { preserving } from './convolutional-networks.ts';
import type { Layer } from './layer-kinds.ts';

/** The two parts of a network that says what of a noisy picture is noise. */
export interface DenoisingNetwork {
  /** From the time, followed by the class where there are classes, to the condition, `[batch, conditionSize]`. */
  readonly condition: readonly Layer[];
  readonly conditionInputs: number;
  /** From noisy pictures and the condition to pictures of the same shape. */
  readonly picture: readonly Layer[];
}

/** A picture is halved so often: 28 to 7, the others to 8. */
export const halvingsOf = (sizePx: number): number => Math.log2(sizePx / (sizePx === 28 ? 7 : 8));

/** How many sines and cosines tell the time. */
export const timeFeatures = 32;

/**
 * The U-Net of Ho et al., "Denoising Diffusion Probabilistic Models", 2020, made small: one residual block on the way
 * down and one on the way up in each size, two with attention between them in the smallest. Where the picture is halved
 * before the first block, the largest and slowest sizes are left out, as in Hoogeboom et al., "Simple Diffusion", 2023.
 */
export function denoisingNetwork({ settings, sizePx, channels, classes }: ModelConfig): DenoisingNetwork {
  const baseChannels = Number(settings.baseChannels);
  const startHalvings = Number(settings.startHalvings);
  const halvings = halvingsOf(sizePx) - startHalvings;
  const conditionSize = 4 * baseChannels;
  const conditionInputs = timeFeatures + (classes?.length ?? 0);
  const widthAt = (level: number) => baseChannels * 2 ** Math.min(level, Math.max(1, halvings - 1));
  const told = (name: string, inputs: number): Layer => ({
    ...{ kind: 'dense', name, inputs, outputs: conditionSize, activation: 'silu' },
    initial: preserving(inputs, 2),
  });
  const block = (name: string, inputs: number, outputs: number) =>
    residualBlock(name, inputs, outputs, conditionSize);

  const from = (level: number): Layer[] => {
    const width = widthAt(level);
    if (level === halvings) {
      return [
        block('middle1', width, width),
        ...(settings.attention === true ? [attention('attention', width)] : []),
        block('middle2', width, width),
      ];
    }
    const below = widthAt(level + 1);
    return [
      block(`down${level}`, width, width),
      {
        ...{ kind: 'bypass', name: `skip${level}` },
        inside: [
          resizing('convolution', `halve${level}`, width, below),
          ...from(level + 1),
          resizing('transposed-convolution', `double${level}`, below, width),
        ],
      },
      block(`up${level}`, 2 * width, width),
    ];
  };
  return {
    condition: [told('time1', conditionInputs), told('time2', conditionSize)],
    conditionInputs,
    picture: [
      ...toFirstMap(channels, baseChannels, startHalvings),
      ...from(0),
      normalization('end.normalize', baseChannels, 'silu'),
      ...toPicture(baseChannels, channels, startHalvings),
    ],
  };
}

/** How many channels the map has after the first of two halvings: half of what the blocks work with. */
const between = (baseChannels: number) => Math.max(1, baseChannels >> 1);

function toFirstMap(channels: number, baseChannels: number, halvings: number): Layer[] {
  if (halvings === 0) return [convolution('start', channels, baseChannels, 3, 1)];
  if (halvings === 1) return [resizing('convolution', 'start', channels, baseChannels)];
  return [
    resizing('convolution', 'start', channels, between(baseChannels)),
    { kind: 'activation', name: 'start.activate', activation: 'silu' },
    resizing('convolution', 'start2', between(baseChannels), baseChannels),
  ];
}

function toPicture(baseChannels: number, channels: number, halvings: number): Layer[] {
  if (halvings === 0) return [convolution('end.colours', baseChannels, channels, 3, 0.1)];
  if (halvings === 1) return [resizing('transposed-convolution', 'end.colours', baseChannels, channels, 0.1)];
  return [
    resizing('transposed-convolution', 'end.double', baseChannels, between(baseChannels)),
    { kind: 'activation', name: 'end.activate', activation: 'silu' },
    resizing('transposed-convolution', 'end.colours', between(baseChannels), channels, 0.1),
  ];
}

function residualBlock(name: string, inputs: number, outputs: number, conditionSize: number): Layer {
  return {
    ...{ kind: 'residual', name },
    body: [
      normalization(`${name}.normalize1`, inputs, 'silu'),
      convolution(`${name}.convolve1`, inputs, outputs, 3, 1),
      normalization(`${name}.normalize2`, outputs, 'linear'),
      // After the normalisation, which would take most of a shift away again (Dhariwal and Nichol, 2021).
      {
        ...{ kind: 'condition-shift', name: `${name}.condition`, inputs: conditionSize, outputs },
        initial: preserving(conditionSize, 1),
      },
      { kind: 'activation', name: `${name}.activate`, activation: 'silu' },
      // Small at first: each block starts close to doing nothing.
      convolution(`${name}.convolve2`, outputs, outputs, 3, 0.1),
    ],
    shortcut: inputs === outputs ? [] : [convolution(`${name}.shortcut`, inputs, outputs, 1, 1)],
  };
}

/** A convolution of stride 1 without an activation. */
export const convolution = (
  name: string,
  inputs: number,
  outputs: number,
  kernelPx: number,
  gain: number,
): Layer => ({
  ...{ kind: 'convolution', name, inputs, outputs, kernelPx, stride: 1, activation: 'linear' },
  initial: preserving(kernelPx ** 2 * inputs, gain),
});

/** Halves the sides, or doubles them. */
export const resizing = (
  kind: 'convolution' | 'transposed-convolution',
  name: string,
  inputs: number,
  outputs: number,
  gain = 1,
): Layer => ({
  ...{ kind, name, inputs, outputs, kernelPx: 4, stride: 2, activation: 'linear' },
  initial: preserving((kind === 'convolution' ? 16 : 4) * inputs, gain),
});

/** Of groups of up to eight, and of no fewer than four channels where there are as many. */
export const normalization = (
  name: string,
  channels: number,
  activation: 'linear' | 'relu' | 'silu',
): Layer => ({
  ...{ kind: 'group-normalization', name, channels, activation },
  groups: sharing(channels, Math.min(8, Math.max(1, channels >> 2))),
});

const attention = (name: string, channels: number): Layer => ({
  ...{ kind: 'attention', name, channels, heads: sharing(channels, 4) },
  initial: preserving(channels, 0.5),
});

/** `most`, halved until it divides `channels`. */
function sharing(channels: number, most: number): number {
  let count = most;
  while (channels % count !== 0) count = Math.max(1, count >> 1);
  return count;
}

/**
 * Sines and cosines of the time in geometrically spaced wave lengths (Vaswani et al., 2017).
 *
 * @param times 0…1, one for each picture
 * @returns `[batch, timeFeatures]`
 */
export function timesToFeatures(times: readonly number[]): tf.Tensor2D {
  const half = timeFeatures / 2;
  const values = new Float32Array(times.length * timeFeatures);
  for (const [row, time] of times.entries()) {
    for (let index = 0; index < half; index++) {
      const angle = time * 1000 * 10_000 ** (-index / (half - 1));
      values[row * timeFeatures + index] = Math.sin(angle);
      values[row * timeFeatures + half + index] = Math.cos(angle);
    }
  }
  return tf.tensor2d(values, [times.length, timeFeatures]);
}
