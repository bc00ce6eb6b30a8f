import * as tf from '@tensorflow/tfjs-core';

/**
 * The mean over pictures of `‖∇ₓ critic(x)‖²`: R1 where the pictures are real, R2 where they are generated (Mescheder
 * et al., "Which Training Methods for GANs do actually Converge?", 2018). Differentiable in the critic's weights,
 * through the gradient itself.
 *
 * @param critic from `[batch, height, width, channel]` to `[batch, 1]`; each picture must be judged by itself
 */
export function squaredSlope(critic: (pictures: tf.Tensor) => tf.Tensor, pictures: tf.Tensor4D): tf.Scalar {
  const gradient = tf.grad((x) => tf.sum(critic(x)))(pictures);
  return tf.mean(tf.sum(tf.square(gradient), [1, 2, 3]));
}
