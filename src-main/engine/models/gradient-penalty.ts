import * as tf from '@tensorflow/tfjs-core';

/**
 * How far the slope of a critic is from 1 between real and generated pictures: the mean of
 * `(‖∇ₓ critic(x)‖ − 1)²` over one point for each pair, somewhere on the line that joins it (Gulrajani et al.,
 * "Improved Training of Wasserstein GANs", 2017, algorithm 1). Differentiable in the critic's weights, through
 * the gradient itself.
 *
 * @param critic from `[batch, height, width, channel]` to `[batch, 1]`; each picture must be judged by itself
 * @param shares `[batch]`, 0…1: where on its line each point lies, 0 at the real picture
 * @returns the penalty, and the mean slope, a constant
 */
export function gradientPenalty(
  critic: (pictures: tf.Tensor) => tf.Tensor,
  real: tf.Tensor4D,
  generated: tf.Tensor4D,
  shares: tf.Tensor1D,
): { penalty: tf.Scalar; slope: tf.Scalar } {
  const part = tf.reshape(shares, [-1, 1, 1, 1]);
  const between = tf.add(real, tf.mul(part, tf.sub(generated, real)));
  const gradient = tf.grad((x) => tf.sum(critic(x)))(between);
  // At a slope of exactly 0 the square root has no gradient; this keeps away from it.
  const slopes = tf.sqrt(tf.add(tf.sum(tf.square(gradient), [1, 2, 3]), 1e-12));
  return { penalty: tf.mean(tf.square(tf.sub(slopes, 1))), slope: tf.mean(slopes) };
}
