import * as tf from '@tensorflow/tfjs-core';

/**
 * `[labels, classes]` with a 1 at each one's class and 0 elsewhere.
 *
 * @param told which rows say their class; the others stay 0 all along
 */
export function classRows(
  labels: ArrayLike<number>,
  classes: number,
  told: (row: number) => boolean = () => true,
): tf.Tensor2D {
  const values = new Float32Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) if (told(row)) values[row * classes + labels[row]!] = 1;
  return tf.tensor2d(values, [labels.length, classes]);
}
