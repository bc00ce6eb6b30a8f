import * as tf from '@tensorflow/tfjs-core';
import { convolution, leakyRelu, transposedConvolution } from '../ops/layers.ts';
import { softmax } from '../ops/softmax.ts';
import type { Layer } from './layer-kinds.ts';

/*
 * The layers that are made of several ops. Nothing in them looks from one picture of a batch to another, so that
 * a picture's output is the same, bit for bit, whatever stands beside it.
 */

/**
 * What each position takes from all others, by how well its query fits their keys.
 *
 * @param joined queries, keys and values one behind the other, `[batch, positions, 3 × channels]`
 * @returns `[batch, positions, channels]`
 */
export function attend(joined: tf.Tensor3D, heads: number, causal = false): tf.Tensor3D {
  const [batch, positions, tripled] = joined.shape;
  const channels = tripled / 3;
  const ofHead = channels / heads;
  const part = (index: number) => {
    const taken = tf.slice(joined, [0, 0, index * channels], [batch, positions, channels]);
    const split = tf.transpose(tf.reshape(taken, [batch, positions, heads, ofHead]), [0, 2, 1, 3]);
    return tf.reshape(split, [batch * heads, positions, ofHead]) as tf.Tensor3D;
  };
  const fit = tf.mul(tf.matMul(part(0), part(1), false, true), 1 / Math.sqrt(ofHead));
  const shares = softmax(causal ? tf.add(fit, laterHidden(positions)) : fit) as tf.Tensor3D;
  const taken = tf.reshape(tf.matMul(shares, part(2)), [batch, heads, positions, ofHead]);
  return tf.reshape(tf.transpose(taken, [0, 2, 1, 3]), [batch, positions, channels]);
}

/** `[positions, positions]`: 0 where a position may look, and far below everything where it would look ahead. */
function laterHidden(positions: number): tf.Tensor2D {
  const values = new Float32Array(positions * positions);
  for (let row = 0; row < positions; row++)
    values.fill(-1e9, row * positions + row + 1, (row + 1) * positions);
  return tf.tensor2d(values, [positions, positions]);
}

/**
 * The kernel that does what `filter` and then a mean over two by two pixels do.
 *
 * @param filter `[height, width, outputs, inputs]`
 * @returns one larger in height and width
 */
export function smoothFilter(filter: tf.Tensor4D): tf.Tensor4D {
  const moved = (down: number, right: number) =>
    tf.pad(filter, [
      [down, 1 - down],
      [right, 1 - right],
      [0, 0],
      [0, 0],
    ]);
  const sum = tf.addN([moved(0, 0), moved(0, 1), moved(1, 0), moved(1, 1)]);
  return tf.mul(sum, 1 / 4) as tf.Tensor4D;
}

/**
 * A convolution in the manner of its picture's style: channel i of the input is scaled by the style, and each
 * output divided by the size that this gives it.
 *
 * @param styles `[batch, styles × styleSize]`
 * @param weight the layer's weights by their part
 */
export function styleConvolution(
  layer: Extract<Layer, { kind: 'style-convolution' }>,
  x: tf.Tensor4D,
  styles: tf.Tensor2D,
  weight: <T extends tf.Tensor>(part: string) => T,
): tf.Tensor {
  const { styleSize, inputs, outputs, kernelPx, stride } = layer;
  const batch = x.shape[0];
  const style = tf.slice(styles, [0, layer.style * styleSize], [batch, styleSize]);
  const scales = tf.add(tf.matMul(style, weight<tf.Tensor2D>('style')), weight('style-bias'));
  const scaled = tf.mul(x, tf.reshape(scales, [batch, 1, 1, inputs])) as tf.Tensor4D;
  const filter = weight<tf.Tensor4D>('filter');
  const plain =
    stride === 1
      ? convolution(scaled, filter, null, 1, 'linear')
      : transposedConvolution(scaled, filter, null, 2, 'linear');
  const bias = weight('bias');
  if (!layer.demodulated) {
    return layer.activation === 'tanh' ? tf.tanh(tf.add(plain, bias)) : tf.add(plain, bias);
  }
  // Of an enlarging kernel each output sees a quarter.
  const strength = tf.mul(tf.sum(tf.square(filter), [0, 1]), 1 / (stride * stride));
  const ofInput = stride === 1 ? strength : tf.transpose(strength);
  const power = tf.matMul(tf.square(scales) as tf.Tensor2D, ofInput as tf.Tensor2D);
  const factors = tf.reshape(tf.rsqrt(tf.add(power, 1e-8 * kernelPx)), [batch, 1, 1, outputs]);
  return leakyRelu(tf.add(tf.mul(plain, factors), bias));
}
