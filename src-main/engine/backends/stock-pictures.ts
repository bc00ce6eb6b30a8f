/** Pooling and resizing behind tfjs's names. */
import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';
import { poolingShapeOf } from '../kernels/convolution-shape.ts';
import type { ConvolutionShape, ResizingShape } from '../kernels/kernel-jobs.ts';
import { isFloat, replace, type Replacement } from './replacement.ts';

/** The extents of tfjs's resizing from one shape to another. */
export function resizingShapeOf(
  kind: ResizingShape['kind'],
  from: number[],
  to: number[],
  { alignCorners, halfPixelCenters }: NamedAttrMap,
): ResizingShape {
  const [batch, height, width, channels] = from as [number, number, number, number];
  return {
    batch,
    channels,
    height,
    width,
    newHeight: to[1]!,
    newWidth: to[2]!,
    kind,
    alignCorners: alignCorners === true,
    halfPixelCenters: halfPixelCenters === true,
  };
}

export function replacePictureKernels({ kernels, address, output }: KernelAttachment): void {
  const outputOf = (shape: ConvolutionShape): TensorInfo =>
    output([shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels]);

  const pool =
    (kernel: 'largestPooling' | 'averagePooling'): Replacement =>
    ({ inputs: { x }, attrs }) => {
      const shape = isFloat(x) ? poolingShapeOf(x.shape, attrs) : null;
      if (shape === null) return null;
      const result = outputOf(shape);
      kernels[kernel](shape, address(x), address(result));
      return result;
    };

  /** tfjs's own gives gradients to wrong pixels. */
  const largestGradient: Replacement = ({ inputs: { dy, input }, attrs }) => {
    const shape = isFloat(dy, input) ? poolingShapeOf(input.shape, attrs) : null;
    if (shape === null) return null;
    const result = output(input.shape);
    kernels.largestGradient(shape, address(input), address(dy), address(result));
    return result;
  };

  const averageGradient: Replacement = ({ inputs: { dy, input }, attrs }) => {
    const shape = isFloat(dy, input) ? poolingShapeOf(input.shape, attrs) : null;
    if (shape === null) return null;
    const result = output(input.shape);
    kernels.averageGradient(shape, address(dy), address(result));
    return result;
  };

  const resize =
    (kind: ResizingShape['kind']): Replacement =>
    ({ inputs: { images }, attrs }) => {
      if (!isFloat(images)) return null;
      const [newHeight, newWidth] = attrs.size as [number, number];
      const result = output([images.shape[0]!, newHeight, newWidth, images.shape[3]!]);
      const shape = resizingShapeOf(kind, images.shape, result.shape, attrs);
      kernels.resize(shape, address(images), address(result));
      return result;
    };

  const resizeGradient =
    (kind: ResizingShape['kind']): Replacement =>
    ({ inputs: { images, dy }, attrs }) => {
      if (!isFloat(images, dy)) return null;
      const result = output(images.shape);
      const shape = resizingShapeOf(kind, images.shape, dy.shape, attrs);
      kernels.resizeGradient(shape, address(dy), address(result));
      return result;
    };

  replace('MaxPool', pool('largestPooling'));
  replace('AvgPool', pool('averagePooling'));
  replace('MaxPoolGrad', largestGradient);
  replace('AvgPoolGrad', averageGradient);
  replace('ResizeNearestNeighbor', resize('nearest'));
  replace('ResizeBilinear', resize('bilinear'));
  replace('ResizeNearestNeighborGrad', resizeGradient('nearest'));
  replace('ResizeBilinearGrad', resizeGradient('bilinear'));
}
