/** Gradients of what moves numbers without changing them. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
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
  MirrorPad: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () =>
        (attributes.paddings as [number, number][]).reduce(
          (folded, padding, axis) =>
            foldMargins(folded, axis, padding, x.shape[axis]!, attributes.mode === 'reflect'),
          dy,
        ),
    }),
  },
  StridedSlice: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () => {
        const info = tf.slice_util.sliceInfo(
          x.shape,
          attributes.begin as number[],
          attributes.end as number[],
          attributes.strides as number[],
          attributes.beginMask as number,
          attributes.endMask as number,
          attributes.ellipsisMask as number,
          attributes.newAxisMask as number,
          attributes.shrinkAxisMask as number,
        );
        const extents = tf.slice_util.computeOutShape(info.begin, info.end, info.strides);
        return extents.reduce(
          (spread, _, axis) =>
            spreadAlong(spread, axis, info.begin[axis]!, info.strides[axis]!, x.shape[axis]!),
          tf.reshape(dy, extents),
        );
      },
    }),
  },
  Reverse: {
    gradient: ({ dy, attributes }) => ({ x: () => tf.reverse(dy, attributes.dims as number | number[]) }),
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

/** Undoes a stride along one axis: element i goes to place begin + i stride of `extent`, the rest is 0. */
function spreadAlong(dy: Tensor, axis: number, begin: number, stride: number, extent: number): Tensor {
  const count = dy.shape[axis]!;
  const step = Math.abs(stride);
  const forward = stride > 0 ? dy : tf.reverse(dy, [axis]);
  const first = stride > 0 ? begin : begin + (count - 1) * stride;
  const before = dy.shape.slice(0, axis);
  const after = dy.shape.slice(axis + 1);
  let spread = forward;
  if (step > 1) {
    const single = tf.reshape(forward, [...before, count, 1, ...after]);
    const margins = single.shape.map((_, at): [number, number] => [0, at === axis + 1 ? step - 1 : 0]);
    const wide = tf.reshape(tf.pad(single, margins), [...before, count * step, ...after]);
    spread = sliceAlong(wide, axis, 0, (count - 1) * step + 1);
  }
  const margins = spread.shape.map((length, at): [number, number] =>
    at === axis ? [first, extent - first - length] : [0, 0],
  );
  return margins.every(([low, high]) => low === 0 && high === 0) ? spread : tf.pad(spread, margins);
}

/** Adds the mirrored margins of one axis back to what they mirror. */
function foldMargins(
  dy: Tensor,
  axis: number,
  [before, after]: [number, number],
  extent: number,
  reflect: boolean,
): Tensor {
  const skipped = reflect ? 1 : 0;
  const mirrored = (start: number, length: number, to: number): Tensor => {
    const part = tf.reverse(sliceAlong(dy, axis, start, length), [axis]);
    const margins = part.shape.map((_, at): [number, number] =>
      at === axis ? [to, extent - to - length] : [0, 0],
    );
    return tf.pad(part, margins);
  };
  let folded = sliceAlong(dy, axis, before, extent);
  if (before > 0) folded = tf.add(folded, mirrored(0, before, skipped));
  if (after > 0) folded = tf.add(folded, mirrored(before + extent, after, extent - skipped - after));
  return folded;
}

function sliceAlong(x: Tensor, axis: number, start: number, length: number): Tensor {
  const begin = x.shape.map((_, at) => (at === axis ? start : 0));
  return tf.slice(
    x,
    begin,
    x.shape.map((extent, at) => (at === axis ? length : extent)),
  );
}
