import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import { integers, uniforms } from '../random.ts';
import { preserving, pyramid } from './convolutional-networks.ts';
import type { Layer } from './layer-kinds.ts';
import type { Weights } from './layers.ts';
import { forward } from './layers.ts';

/** What turns latents into the styles of a style-modulated generator. */
export interface StyleMapping {
  /** From latents, followed by the class where there are classes, to one style. */
  readonly layers: readonly Layer[];
  readonly styleSize: number;
  /** How many styles a picture takes: one for each layer that has one. */
  readonly styles: number;
  /** The share of training pictures that change to a second style on the way. */
  readonly mixing: number;
}

/**
 * A generator in the manner of Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020, scaled to
 * one machine: a learned map grows by modulated convolutions, without per-pixel noise and with one way to colours.
 */
export function styleNetworks({ settings, sizePx, channels, classes }: ModelConfig): {
  readonly generator: readonly Layer[];
  readonly mapping: StyleMapping;
} {
  const latentSize = Number(settings.latentSize);
  const baseChannels = Number(settings.baseChannels);
  const { startPx, doublings } = pyramid(sizePx);
  const styleSize = latentSize;
  const deepest = baseChannels * 2 ** (doublings - 1);
  let style = 0;
  const modulated = (name: string, inputs: number, outputs: number, stride: 1 | 2): Layer => {
    const kernelPx = stride === 1 ? 3 : 4;
    return {
      ...{ kind: 'style-convolution', name, inputs, outputs, kernelPx, stride, styleSize, style: style++ },
      ...{
        demodulated: true,
        activation: 'leakyRelu',
        initial: preserving((kernelPx / stride) ** 2 * inputs, 1),
      },
    };
  };
  const generator: Layer[] = [
    { kind: 'learned-start', name: 'start', shape: [startPx, startPx, deepest] },
    modulated('convolve0', deepest, deepest, 1),
  ];
  for (let level = 1; level <= doublings; level++) {
    const inputs = deepest / 2 ** (level - 1);
    const outputs = Math.max(baseChannels, inputs / 2);
    generator.push(
      modulated(`enlarge${level}`, inputs, outputs, 2),
      modulated(`convolve${level}`, outputs, outputs, 1),
    );
  }
  generator.push({
    ...{ kind: 'style-convolution', name: 'colours', inputs: baseChannels, outputs: channels, kernelPx: 1 },
    ...{ stride: 1, styleSize, style: style++, demodulated: false, activation: 'tanh' },
    initial: preserving(baseChannels, 1),
  });
  const layers = Array.from({ length: 4 }, (_, index): Layer => {
    const inputs = index === 0 ? latentSize + (classes?.length ?? 0) : styleSize;
    return {
      ...{ kind: 'dense', name: `style${index + 1}`, inputs, outputs: styleSize, activation: 'leakyRelu' },
      initial: preserving(inputs, 2),
    };
  });
  return { generator, mapping: { layers, styleSize, styles: style, mixing: Number(settings.styleMixing) } };
}

/** One style for each picture, `[batch, styleSize]`. */
export function styleOf(
  mapping: StyleMapping,
  weights: Weights,
  latents: tf.Tensor,
  classes: tf.Tensor2D | undefined,
): tf.Tensor2D {
  const input = classes ? tf.concat([latents, classes], 1) : latents;
  return forward(mapping.layers, weights, input, { by: 'batch' }) as tf.Tensor2D;
}

/** The same style for every layer, `[batch, styles × styleSize]`. */
export function inEveryLayer({ styles }: StyleMapping, style: tf.Tensor2D): tf.Tensor2D {
  return tf.tile(style, [1, styles]);
}

/**
 * Pictures that begin in one style and, a share of them, end in another ("mixing regularization", Karras et al. 2019):
 * so that neighbouring layers cannot rely on one another.
 *
 * @param stream what the pictures are for
 * @param draw counts the batches of the whole run
 */
export function mixed(
  mapping: StyleMapping,
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  seed: number,
  stream: string,
  draw: number,
): tf.Tensor2D {
  const { styles, styleSize, mixing } = mapping;
  const batch = first.shape[0];
  const coins = uniforms(seed, `${stream}-style-mixing`, draw, batch);
  const places = integers(seed, `${stream}-style-crossing`, draw, batch, styles - 1);
  const kept = new Float32Array(batch * styles);
  for (let row = 0; row < batch; row++) {
    const crossing = coins[row]! < mixing ? places[row]! + 1 : styles;
    kept.fill(1, row * styles, row * styles + crossing);
  }
  const share = tf.tensor3d(kept, [batch, styles, 1]);
  const rows = (style: tf.Tensor2D) => tf.reshape(style, [batch, 1, styleSize]);
  const joined = tf.add(tf.mul(rows(first), share), tf.mul(rows(second), tf.sub(1, share)));
  return tf.reshape(joined, [batch, styles * styleSize]);
}
