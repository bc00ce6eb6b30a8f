/** Gradients of what moves numbers without changing them. */
import * as tf from '@tensorflow/tfjs-core';
import { unbroadcast, type GradientDefinition } from './gradient-definition.ts';

export const shapeGradients: Record<string, GradientDefinition> = {
  Reshape: {
    save: ['x'],
    gradient: ({ dy, saved: [x] }) => ({ x: () => tf.reshape(dy, x.shape) }),
  },
  ExpandDims: {
    save: ['input'],
    gradient: ({ dy, saved: [input] }) => ({ input: () => tf.reshape(dy, input.shape) }),
  },
  BroadcastTo: {
    save: ['x'],
    gradient: ({ dy, saved: [x] }) => ({ x: () => unbroadcast(dy, x.shape) }),
  },
  Transpose: {
    gradient: ({ dy, attributes }) => {
      const permutation = attributes.perm as number[];
      return { x: () => tf.transpose(dy, tf.backend_util.getUndoAxesPermutation(permutation)) };
    },
  },
  Concat: {
    saveAllInputs: true,
    gradient: ({ dy, saved, attributes }) => {
      const [axis] = tf.util.parseAxisParam(attributes.axis as number, saved[0].shape);
      let start = 0;
      return Object.fromEntries(
        saved.map((part, i) => {
          const begin = dy.shape.map((_, a) => (a === axis ? start : 0));
          start += part.shape[axis];
          return [i, () => tf.slice(dy, begin, part.shape)];
        }),
      );
    },
  },
  Pack: {
    saveAllInputs: true,
    gradient: ({ dy, saved, attributes }) => {
      const parts = tf.unstack(dy, attributes.axis as number);
      return Object.fromEntries(saved.map((_, i) => [i, () => parts[i]]));
    },
  },
  Slice: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () => {
        const begin = attributes.begin as number | number[];
        const [from, extents] = tf.slice_util.parseSliceParams(
          x,
          begin,
          attributes.size as number | number[],
        );
        const margins = from.map((start, axis): [number, number] => [
          start,
          x.shape[axis] - start - extents[axis],
        ]);
        return tf.pad(dy, margins);
      },
    }),
  },
  PadV2: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () =>
        tf.slice(
          dy,
          (attributes.paddings as number[][]).map(([before]) => before),
          x.shape,
        ),
    }),
  },
  Tile: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () => {
        const split = x.shape.flatMap((extent, axis) => [(attributes.reps as number[])[axis], extent]);
        const repeated = x.shape.map((_, axis) => axis * 2);
        return tf.sum(tf.reshape(dy, split), repeated);
      },
    }),
  },
  SplitV: {
    gradient: ({ dys, attributes }) => ({ x: () => tf.concat(dys, attributes.axis as number) }),
  },
  DepthToSpace: {
    gradient: ({ dy, attributes }) => ({
      x: () => {
        const block = attributes.blockSize as number;
        const [batch, height, width, channels] = dy.shape as [number, number, number, number];
        const [rows, columns] = [height / block, width / block];
        const blocks = tf.reshape(dy, [batch * rows, block, columns, block * channels]);
        const depth = block * block * channels;
        return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [batch, rows, columns, depth]);
      },
    }),
  },
};
