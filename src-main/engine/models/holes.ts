import * as tf from '@tensorflow/tfjs-core';
import { holeGrey } from '../../imaging/pure/derive-input.ts';

/** What a hole holds, as a value in −1…1. */
const holeValue = holeGrey / 127.5 - 1;
/** A quarter of the step from one byte to the next. */
const tolerance = 0.002;

/**
 * Where pictures are whole: 0 where every channel holds the grey of a hole, 1 elsewhere.
 *
 * @param inputs `[batch, height, width, channel]`, bytes as −1…1
 * @returns `[batch, height, width, 1]`
 */
export function keptOf(inputs: tf.Tensor4D): tf.Tensor4D {
  const farthest = tf.max(tf.abs(tf.sub(inputs, holeValue)), 3, true);
  return tf.cast(tf.greater(farthest, tolerance), 'float32');
}

/**
 * The mean absolute difference of two batches (L1), and the same with what lies in holes counted `holeWeight` times
 * (Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions", 2018).
 *
 * @param kept as {@link keptOf} gives it
 */
export function distancesOf(
  drawn: tf.Tensor4D,
  images: tf.Tensor4D,
  kept: tf.Tensor4D,
  holeWeight: number,
): { readonly distance: tf.Scalar; readonly weighted: tf.Scalar } {
  const difference = tf.abs(tf.sub(drawn, images));
  const distance: tf.Scalar = tf.mean(difference);
  if (holeWeight === 1) return { distance, weighted: distance };
  const weights = tf.sub(holeWeight, tf.mul(kept, holeWeight - 1));
  return { distance, weighted: tf.mean(tf.mul(difference, weights)) };
}

/** The mean absolute difference in the holes alone; 0 where there are none. */
export function holeDistanceOf(drawn: tf.Tensor4D, images: tf.Tensor4D, kept: tf.Tensor4D): tf.Scalar {
  const holes = tf.sub(1, kept);
  const sum = tf.sum(tf.mul(tf.abs(tf.sub(drawn, images)), holes));
  return tf.div(sum, tf.maximum(tf.mul(tf.sum(holes), images.shape[3]), 1));
}

/** The mean absolute difference of the steps from each pixel to the next, across and down, of two batches. */
export function edgeDistanceOf(drawn: tf.Tensor4D, images: tf.Tensor4D): tf.Scalar {
  const difference = tf.sub(drawn, images);
  const [batch, height, width, channels] = difference.shape;
  const part = (row: number, column: number, rows: number, columns: number) =>
    tf.slice(difference, [0, row, column, 0], [batch!, rows, columns, channels!]);
  const across = tf.sub(part(0, 1, height!, width! - 1), part(0, 0, height!, width! - 1));
  const down = tf.sub(part(1, 0, height! - 1, width!), part(0, 0, height! - 1, width!));
  return tf.add(tf.mean(tf.abs(across)), tf.mean(tf.abs(down)));
}
