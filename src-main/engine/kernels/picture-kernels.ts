/** Pooling and resizing of pictures, and their gradients. */
import type { ConvolutionShape, ResizingShape } from './kernel-jobs.ts';
import type { KernelRunner } from './kernel-runner.ts';
import { convolutionFields, multiplications } from './product-kernels.ts';

/**
 * The shape of a pooling is that of a convolution by its window, of as many channels out as in. What lies outside
 * a picture takes no part, not even in the number of an average.
 */
export interface PictureKernels {
  largestPooling(shape: ConvolutionShape, input: number, output: number): void;
  averagePooling(shape: ConvolutionShape, input: number, output: number): void;
  /** inputGradient = gradient of the largest in each window, which goes to the first such pixel. */
  largestGradient(shape: ConvolutionShape, input: number, gradient: number, inputGradient: number): void;
  /** output = of `values`, which are shaped like the input, those where the input is first largest. */
  largestChoice(shape: ConvolutionShape, input: number, values: number, output: number): void;
  averageGradient(shape: ConvolutionShape, gradient: number, inputGradient: number): void;
  resize(shape: ResizingShape, input: number, output: number): void;
  /** inputGradient, in the shape before resizing, from the gradient in the shape after it. */
  resizeGradient(shape: ResizingShape, gradient: number, inputGradient: number): void;
}

export function createPictureKernels({ execute }: KernelRunner): PictureKernels {
  const windowWork = (shape: ConvolutionShape) => multiplications(shape) / shape.outputChannels;
  const fields = (shape: ConvolutionShape, input: number, third: number, output: number) =>
    convolutionFields(shape, input, third, output, 0, 'linear');
  const resizing = (kernel: 'resize' | 'resizeGradient', shape: ResizingShape, from: number, to: number) =>
    execute(kernel, shape.batch * shape.newHeight * shape.newWidth * shape.channels * 4, [
      from,
      to,
      shape.batch,
      shape.channels,
      shape.height,
      shape.width,
      shape.newHeight,
      shape.newWidth,
      shape.kind === 'bilinear' ? 1 : 0,
      shape.alignCorners ? 1 : 0,
      shape.halfPixelCenters ? 1 : 0,
    ]);
  return {
    largestPooling: (shape, input, output) =>
      execute('largestPooling', windowWork(shape), fields(shape, input, 0, output)),
    averagePooling: (shape, input, output) =>
      execute('averagePooling', windowWork(shape), fields(shape, input, 0, output)),
    largestGradient: (shape, input, gradient, inputGradient) =>
      execute('largestGradient', windowWork(shape), fields(shape, input, gradient, inputGradient)),
    largestChoice: (shape, input, values, output) =>
      execute('largestChoice', windowWork(shape), fields(shape, input, values, output)),
    averageGradient: (shape, gradient, inputGradient) =>
      execute('averageGradient', windowWork(shape), fields(shape, 0, gradient, inputGradient)),
    resize: (shape, input, output) => resizing('resize', shape, input, output),
    resizeGradient: (shape, gradient, inputGradient) =>
      resizing('resizeGradient', shape, gradient, inputGradient),
  };
}
