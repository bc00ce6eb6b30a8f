/** Gradients of matrix products, look-ups, convolutions, pooling and resizing. */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { attachedKernels } from '../kernels/attachment.ts';
import { unbroadcast, type GradientDefinition } from './gradient-definition.ts';
import { runFused } from './run-fused.ts';

export const pictureGradients: Record<string, GradientDefinition> = {
  BatchMatMul: {
    save: ['a', 'b'],
    gradient: ({ dy, saved: [a, b], attributes }) => {
      const left = attributes.transposeA === true;
      const right = attributes.transposeB === true;
      return {
        a: () => inShape(left ? tf.matMul(b, dy, right, true) : tf.matMul(dy, b, false, !right), a.shape),
        b: () => inShape(right ? tf.matMul(dy, a, true, left) : tf.matMul(a, dy, !left, false), b.shape),
      };
    },
  },
  GatherV2: {
    save: ['x', 'indices'],
    gradient: ({ dy, saved: [x, indices], attributes }) => {
      if (attributes.axis !== 0 && attributes.axis !== undefined) {
        throw new Error('The gradient of gather covers the first axis only.');
      }
      return {
        x: () => {
          const rows = x.shape[0];
          if (attachedKernels() && indices.dtype === 'int32' && dy.dtype === 'float32') {
            return tf.reshape(runFused('rowScatter', { values: dy, indices }, { rows }), x.shape);
          }
          const choice = tf.cast(tf.oneHot(tf.cast(tf.reshape(indices, [-1]), 'int32'), rows), 'float32');
          const flat = tf.reshape(dy, [indices.size, x.size / rows]);
          return tf.reshape(tf.matMul(choice, flat, true, false), x.shape);
        },
        indices: () => tf.zeros(indices.shape),
      };
    },
  },

  Conv2D: {
    save: ['x', 'filter'],
    gradient: ({ dy, saved: [x, filter], attributes }) => ({
      x: () => runConvolutionPart('Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape }, attributes),
      filter: () =>
        runConvolutionPart('Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape }, attributes),
    }),
  },
  Conv2DBackpropInput: {
    save: ['dy', 'filter'],
    gradient: ({ dy: upstream, saved: [dy, filter], attributes }) => ({
      dy: () =>
        tf.conv2d(
          upstream as Tensor4D,
          filter as Tensor4D,
          attributes.strides as number,
          attributes.pad as 'same',
        ),
      filter: () =>
        runConvolutionPart(
          'Conv2DBackpropFilter',
          { x: upstream, dy },
          { filterShape: filter.shape },
          attributes,
        ),
    }),
  },
  Conv2DBackpropFilter: {
    save: ['x', 'dy'],
    gradient: ({ dy: upstream, saved: [x, dy], attributes }) => ({
      x: () =>
        runConvolutionPart(
          'Conv2DBackpropInput',
          { dy, filter: upstream },
          { inputShape: x.shape },
          attributes,
        ),
      dy: () =>
        tf.conv2d(
          x as Tensor4D,
          upstream as Tensor4D,
          attributes.strides as number,
          attributes.pad as 'same',
        ),
    }),
  },
  AvgPool: {
    save: ['x'],
    gradient: ({ dy, saved: [x], attributes }) => ({
      x: () => tf.engine().runKernel('AvgPoolGrad', { dy, input: x }, attributes),
    }),
  },
  AvgPoolGrad: {
    save: ['input'],
    gradient: ({ dy: upstream, saved: [input], attributes }) => ({
      // Averaging is linear, so its gradient's gradient is the averaging itself.
      dy: () => tf.engine().runKernel('AvgPool', { x: upstream }, attributes),
      input: () => tf.zeros(input.shape),
    }),
  },
  MaxPool: {
    save: ['x'],
    saveOutput: true,
    gradient: ({ dy, saved: [x, y], attributes }) => ({
      x: () => tf.engine().runKernel('MaxPoolGrad', { dy, input: x, output: y }, attributes),
    }),
  },
  MaxPoolGrad: {
    save: ['input'],
    gradient: ({ dy: upstream, saved: [input], attributes }) => ({
      dy: () => atLargest(upstream as Tensor4D, input as Tensor4D, attributes),
      input: () => tf.zerosLike(input),
      output: () => tf.scalar(0),
    }),
  },
  ResizeBilinear: {
    save: ['images'],
    gradient: ({ dy, saved: [images], attributes }) => ({
      images: () => {
        if (attachedKernels()) return resizeBack('ResizeBilinearGrad', images, dy, attributes);
        const [batch, height, width, channels] = images.shape;
        const [, newHeight, newWidth] = dy.shape as number[];
        const rows = interpolation(height, newHeight, attributes);
        const columns = interpolation(width, newWidth, attributes);
        // Both axes in turn come first, where a matrix product can take them.
        const lines = tf.reshape(tf.transpose(dy, [1, 0, 2, 3]), [newHeight, -1]);
        const shrunk = tf.reshape(tf.matMul(rows, lines, true), [height, batch, newWidth, channels]);
        const upright = tf.reshape(tf.transpose(shrunk, [2, 1, 0, 3]), [newWidth, -1]);
        const both = tf.reshape(tf.matMul(columns, upright, true), [width, batch, height, channels]);
        return tf.transpose(both, [1, 2, 0, 3]);
      },
    }),
  },
  ResizeNearestNeighbor: {
    save: ['images'],
    gradient: ({ dy, saved: [images], attributes }) => ({
      images: () => {
        if (attachedKernels()) return resizeBack('ResizeNearestNeighborGrad', images, dy, attributes);
        const [batch, height, width, channels] = images.shape;
        const [, enlargedHeight, enlargedWidth] = dy.shape as number[];
        const rows = enlargedHeight / height;
        const columns = enlargedWidth / width;
        if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
          throw new Error('The gradient of nearest-neighbour resizing covers whole enlargements only.');
        }
        const blocks = tf.reshape(dy, [batch, height, rows, width, columns * channels]);
        const flat = tf.reshape(tf.sum(blocks, 2), [batch * height * width, columns, channels]);
        return tf.reshape(tf.sum(flat, 1), images.shape);
      },
    }),
  },
  // Resizing is linear, so the gradient of its gradient is the resizing itself.
  ResizeBilinearGrad: resizeAgain('ResizeBilinear'),
  ResizeNearestNeighborGrad: resizeAgain('ResizeNearestNeighbor'),
};

/** The gradient of a side of a product; one that served a whole batch gets the sum. */
function inShape(gradient: Tensor, shape: number[]): Tensor {
  return gradient.size === tf.util.sizeFromShape(shape) ? gradient : unbroadcast(gradient, shape);
}

function resizeBack(
  kernel: 'ResizeBilinearGrad' | 'ResizeNearestNeighborGrad',
  images: Tensor,
  dy: Tensor,
  { alignCorners, halfPixelCenters }: NamedAttrMap,
): Tensor {
  return tf.engine().runKernel(kernel, { images, dy }, { alignCorners, halfPixelCenters } as NamedAttrMap);
}

function resizeAgain(kernel: 'ResizeBilinear' | 'ResizeNearestNeighbor'): GradientDefinition {
  return {
    save: ['images', 'dy'],
    gradient: ({ dy: upstream, saved: [images, dy], attributes }) => ({
      dy: () =>
        tf.engine().runKernel(kernel, { images: upstream }, {
          ...attributes,
          size: dy.shape.slice(1, 3),
        } as NamedAttrMap),
      images: () => tf.zerosLike(images),
    }),
  };
}

/** Of `values`, which are shaped like the input of a pooling, those at the first largest pixel of each window. */
function atLargest(values: Tensor4D, input: Tensor4D, attributes: NamedAttrMap): Tensor {
  if (attachedKernels()) return runFused('largestChoice', { values, input }, attributes);
  const { indexes } = tf.maxPoolWithArgmax(
    input,
    attributes.filterSize as number,
    attributes.strides as number,
    attributes.pad as 'same',
    true,
  );
  const chosen = tf.gather(tf.reshape(values, [-1]), tf.cast(tf.reshape(indexes, [-1]), 'int32'));
  return tf.reshape(chosen, indexes.shape);
}

function runConvolutionPart(
  kernel: 'Conv2DBackpropInput' | 'Conv2DBackpropFilter',
  inputs: Record<string, Tensor>,
  shape: NamedAttrMap,
  settings: NamedAttrMap,
): Tensor {
  const { strides, pad, dimRoundingMode } = settings;
  return tf
    .engine()
    .runKernel(kernel, inputs, { ...shape, strides, pad, dimRoundingMode, dataFormat: 'NHWC' });
}

/** The matrix [to, from] by which tfjs's bilinear resizing takes one axis from an extent to another. */
function interpolation(from: number, to: number, attributes: NamedAttrMap): tf.Tensor2D {
  const aligned = attributes.alignCorners === true && to > 1;
  const scale = aligned ? (from - 1) / (to - 1) : from / to;
  const values = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const place = attributes.halfPixelCenters === true ? (i + 0.5) * scale - 0.5 : i * scale;
    const low = Math.max(0, Math.floor(place));
    const share = place - Math.floor(place);
    const high = Math.min(from - 1, Math.ceil(place));
    values[i * from + low] += 1 - share;
    values[i * from + Math.max(0, high)] += share;
  }
  return tf.tensor2d(values, [to, from]);
}
