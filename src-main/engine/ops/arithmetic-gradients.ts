/** Gradients of element-wise functions, reductions and choices. */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { unbroadcast, type GradientDefinition } from './gradient-definition.ts';
import { softmaxGradient } from './softmax.ts';

/**
 * A function of one input whose gradient is dy times a slope at that input. Not at the output: on the tape
 * of tfjs a saved output has no way back to its inputs, and the second derivative would be lost.
 */
function elementwise(slope: (x: Tensor) => Tensor): GradientDefinition {
  return {
    save: ['x'],
    gradient: ({ dy, saved: [x] }) => ({ x: () => tf.mul(dy, slope(x)) }),
  };
}

/** A function of two broadcast operands; `slopes` gives the gradient for each before reduction. */
function binary(
  slopes: (dy: Tensor, a: Tensor, b: Tensor) => { a: () => Tensor; b: () => Tensor },
): GradientDefinition {
  return {
    save: ['a', 'b'],
    gradient: ({ dy, saved: [a, b] }) => {
      const each = slopes(dy, a, b);
      return { a: () => unbroadcast(each.a(), a.shape), b: () => unbroadcast(each.b(), b.shape) };
    },
  };
}

/** A function that is constant almost everywhere. */
const constant: GradientDefinition = {
  gradient: ({ dy }) => ({ x: () => tf.zeros(dy.shape) }),
};

/** A comparison: true or false, so constant too. */
const comparison: GradientDefinition = {
  save: ['a', 'b'],
  gradient: ({ saved: [a, b] }) => ({ a: () => tf.zeros(a.shape), b: () => tf.zeros(b.shape) }),
};

const asFloat = (condition: Tensor): Tensor => tf.cast(condition, 'float32');

/** The shape of a reduction's result with the reduced axes kept as 1. */
function keptShape(x: Tensor, attributes: NamedAttrMap): number[] {
  // tfjs reads a missing axis as all of them.
  const axes = tf.util.parseAxisParam(attributes.axis as number | number[], x.shape);
  return x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
}

export const arithmeticGradients: Record<string, GradientDefinition> = {
  Abs: elementwise(tf.sign),
  Square: elementwise((x) => tf.mul(x, 2)),
  Sqrt: elementwise((x) => tf.mul(tf.rsqrt(x), 0.5)),
  Rsqrt: elementwise((x) => tf.div(tf.mul(tf.rsqrt(x), -0.5), x)),
  Reciprocal: elementwise((x) => tf.neg(tf.square(tf.reciprocal(x)))),
  Exp: elementwise(tf.exp),
  Log: elementwise((x) => tf.reciprocal(x)),
  Log1p: elementwise((x) => tf.reciprocal(tf.add(x, 1))),
  Sin: elementwise(tf.cos),
  Cos: elementwise((x) => tf.neg(tf.sin(x))),
  Sigmoid: elementwise((x) => {
    const y = tf.sigmoid(x);
    return tf.mul(y, tf.sub(1, y));
  }),
  Tanh: elementwise((x) => tf.sub(1, tf.square(tf.tanh(x)))),
  Softplus: elementwise(tf.sigmoid),
  Relu: elementwise((x) => asFloat(tf.greater(x, 0))),
  Neg: { gradient: ({ dy }) => ({ x: () => tf.neg(dy) }) },
  Sign: constant,
  Step: constant,
  Floor: constant,
  Round: constant,
  ZerosLike: constant,
  OnesLike: constant,
  LogicalNot: constant,
  LogicalAnd: comparison,
  Equal: comparison,
  Greater: comparison,
  GreaterEqual: comparison,
  Less: comparison,
  LessEqual: comparison,
  Identity: { gradient: ({ dy }) => ({ x: () => tf.clone(dy) }) },
  Cast: { gradient: ({ dy }) => ({ x: () => tf.clone(dy) }) },

  LeakyRelu: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () => tf.where(tf.greater(x, 0), dy, tf.mul(dy, attributes.alpha as number)),
    }),
  },
  ClipByValue: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () => {
        const above = tf.greaterEqual(x, attributes.clipValueMin as number);
        const inside = tf.logicalAnd(above, tf.lessEqual(x, attributes.clipValueMax as number));
        return tf.where(inside, dy, tf.zerosLike(dy));
      },
    }),
  },

  Add: binary((dy) => ({ a: () => dy, b: () => dy })),
  Sub: binary((dy) => ({ a: () => dy, b: () => tf.neg(dy) })),
  Multiply: binary((dy, a, b) => ({ a: () => tf.mul(dy, b), b: () => tf.mul(dy, a) })),
  RealDiv: binary((dy, a, b) => ({
    a: () => tf.div(dy, b),
    b: () => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  })),
  Maximum: binary((dy, a, b) => ({
    a: () => tf.mul(dy, asFloat(tf.greaterEqual(a, b))),
    b: () => tf.mul(dy, asFloat(tf.less(a, b))),
  })),
  Minimum: binary((dy, a, b) => ({
    a: () => tf.mul(dy, asFloat(tf.lessEqual(a, b))),
    b: () => tf.mul(dy, asFloat(tf.greater(a, b))),
  })),
  SquaredDifference: binary((dy, a, b) => ({
    a: () => tf.mul(dy, tf.mul(tf.sub(a, b), 2)),
    b: () => tf.mul(dy, tf.mul(tf.sub(b, a), 2)),
  })),
  AddN: {
    saveAllInputs: true,
    gradient: ({ dy, saved }) => Object.fromEntries(saved.map((_, i) => [i, () => tf.clone(dy)])),
  },
  Select: {
    save: ['condition'],
    gradient: ({ dy, saved: [condition] }) => ({
      condition: () => tf.zerosLike(asFloat(condition)),
      t: () => tf.mul(dy, asFloat(condition)),
      e: () => tf.mul(dy, asFloat(tf.logicalNot(condition))),
    }),
  },

  Sum: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () => tf.mul(tf.reshape(dy, keptShape(x, attributes)), tf.onesLike(x)),
    }),
  },
  Mean: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () => {
        const kept = keptShape(x, attributes);
        const share = tf.util.sizeFromShape(kept) / x.size;
        return tf.mul(tf.reshape(tf.mul(dy, share), kept), tf.onesLike(x));
      },
    }),
  },
  Max: {
    save: ['x'],
    saveOutput: true,
    gradient: ({ dy, saved: [x, y], attributes }) => ({
      x: () => {
        const axes = attributes.reductionIndices as number[];
        const kept = keptShape(x, { axis: axes });
        return tf.mul(tf.reshape(dy, kept), asFloat(tf.equal(x, tf.reshape(y, kept))));
      },
    }),
  },
  Softmax: {
    save: ['logits'],
    saveOutput: true,
    gradient: ({ dy, saved: [logits, y], attributes }) => ({
      logits: () => softmaxGradient(dy, logits, y, attributes.dim as number),
    }),
  },
  LogSoftmax: {
    save: ['logits'],
    gradient: ({ dy, saved: [logits], attributes }) => ({
      logits: () => {
        const axis = attributes.axis as number;
        return tf.sub(dy, tf.mul(tf.sum(dy, [axis], true), tf.softmax(logits, axis)));
      },
    }),
  },
};
