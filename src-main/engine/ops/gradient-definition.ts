import * as tf from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';

/** A step of the tape on the way back. */
export interface Node {
  dy: Tensor;
  /** The same for a kernel of several outputs. */
  dys: Tensor[];
  /** Saved inputs in the order of `save`, then the outputs if `saveOutput`. */
  saved: Tensor[];
  attributes: NamedAttrMap;
}

/** The gradient of a tfjs kernel. */
export interface GradientDefinition {
  save?: string[];
  saveOutput?: boolean;
  saveAllInputs?: boolean;
  gradient(node: Node): Record<string, () => Tensor>;
}

/** Sums a gradient over the axes along which an operand of this shape was broadcast. */
export function unbroadcast(gradient: Tensor, shape: number[]): Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, shape);
}
