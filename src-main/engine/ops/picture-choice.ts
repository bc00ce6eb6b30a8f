/** The choice that the second derivative of max pooling makes, as a fused kernel. */
import { registerGradient, zerosLike, engine, type NamedAttrMap, type Tensor } from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';
import { poolingShapeOf } from '../kernels/convolution-shape.ts';
import { fusedKernelNames, registerFused } from './run-fused.ts';

/** Registers the kernel and its gradient; called once, when the kernels are attached. */
export function registerPictureChoice({ kernels, address, output }: KernelAttachment): void {
  registerFused('largestChoice', ({ values, input }, attributes) => {
    const shape = poolingShapeOf(input.shape, attributes);
    if (shape === null)
      throw new Error(`Max pooling of [${input.shape.join(', ')}] has no second derivative here.`);
    const result = output([shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels]);
    kernels.largestChoice(shape, address(input), address(values), address(result));
    return result;
  });

  registerGradient({
    kernelName: fusedKernelNames.largestChoice,
    inputsToSave: ['input'],
    gradFunc: (dy, [input], attributes) => ({
      values: () =>
        engine().runKernel(
          'MaxPoolGrad',
          { dy: dy as Tensor, input, output: dy as Tensor },
          attributes as NamedAttrMap,
        ),
      input: () => zerosLike(input),
    }),
  });
}
