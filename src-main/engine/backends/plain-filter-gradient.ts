import { registerKernel, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { convolutionShapeOf } from '../kernels/convolution-shape.ts';

/**
 * Registers the filter gradient of a convolution, which tfjs's wasm backend lacks, in plain JavaScript.
 * Only used where the training kernels cannot run: slow, but convolutional models then still train.
 */
export function registerPlainFilterGradient(): void {
  registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) =>
      filterGradient(inputs as Record<string, TensorInfo>, attrs ?? {}, backend as BackendWasm),
  });
}

function filterGradient(
  { x, dy }: Record<string, TensorInfo>,
  attributes: NamedAttrMap,
  backend: BackendWasm,
): TensorInfo {
  const filterShape = attributes.filterShape as number[];
  const shape = convolutionShapeOf(x.shape, filterShape, attributes);
  if (shape === null) {
    throw new Error(`The filter gradient of [${x.shape.join(', ')}] is not covered on the wasm backend.`);
  }
  const result = backend.makeOutput(filterShape, 'float32');
  const input = backend.typedArrayFromHeap(x);
  const output = backend.typedArrayFromHeap(dy);
  const filter = backend.typedArrayFromHeap(result).fill(0);
  const { inputChannels, outputChannels } = shape;
  let position = 0;
  for (let n = 0; n < shape.batch; n++) {
    for (let row = 0; row < shape.outputHeight; row++) {
      for (let column = 0; column < shape.outputWidth; column++, position += outputChannels) {
        for (let tap = 0; tap < shape.filterHeight * shape.filterWidth; tap++) {
          const y = row * shape.stride - shape.paddingTop + Math.floor(tap / shape.filterWidth);
          const xAt = column * shape.stride - shape.paddingLeft + (tap % shape.filterWidth);
          if (y < 0 || xAt < 0 || y >= shape.inputHeight || xAt >= shape.inputWidth) continue;
          const pixel = ((n * shape.inputHeight + y) * shape.inputWidth + xAt) * inputChannels;
          for (let c = 0; c < inputChannels; c++) {
            const value = input[pixel + c];
            const target = (tap * inputChannels + c) * outputChannels;
            for (let o = 0; o < outputChannels; o++) filter[target + o] += value * output[position + o];
          }
        }
      }
    }
  }
  return result;
}
