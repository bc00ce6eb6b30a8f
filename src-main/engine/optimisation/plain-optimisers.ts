import * as tf from '@tensorflow/tfjs-core';

/** The rule of an optimiser without a kernel of its own: what one step does to one variable. */
export interface PlainRule {
  /** Names of the tensors it keeps beside each variable. */
  readonly slots: readonly string[];
  /** Assigns the slots and the variable anew; the caller tidies. */
  update(variable: tf.Variable, gradient: tf.Tensor, slots: readonly tf.Variable[], rates: PlainRates): void;
}

export interface PlainRates {
  readonly learningRate: number;
  /** Momentum of SGD. */
  readonly beta1: number;
  /** Decay of the mean square of RMSprop. */
  readonly beta2: number;
}

const epsilon = 1e-8;

/** Polyak, "Some methods of speeding up the convergence of iteration methods", 1964: the heavy ball. */
const sgd: PlainRule = {
  slots: ['velocity'],
  update(variable, gradient, [velocity], { learningRate, beta1 }) {
    velocity!.assign(tf.add(tf.mul(velocity!, beta1), gradient));
    variable.assign(tf.sub(variable, tf.mul(velocity!, learningRate)));
  },
};

/** Tieleman and Hinton, "Lecture 6.5: rmsprop", 2012. */
const rmsprop: PlainRule = {
  slots: ['mean-square'],
  update(variable, gradient, [meanSquare], { learningRate, beta2 }) {
    meanSquare!.assign(tf.add(tf.mul(meanSquare!, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
    const change = tf.div(tf.mul(gradient, learningRate), tf.add(tf.sqrt(meanSquare!), epsilon));
    variable.assign(tf.sub(variable, change));
  },
};

export const plainRules = { sgd, rmsprop } as const;
