import {
  engine,
  registerKernel,
  util,
  type NamedAttrMap,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

/** Names under which the fused kernels stand in tfjs's registry. */
export const fusedKernelNames = {
  activation: 'ImagoActivation',
  smoothActivation: 'ImagoSmoothActivation',
  activationGradient: 'ImagoActivationGradient',
  smoothActivationGradient: 'ImagoSmoothActivationGradient',
  dense: 'ImagoDense',
  convolution: 'ImagoConvolution',
  transposedConvolution: 'ImagoTransposedConvolution',
  batchNormalization: 'ImagoBatchNormalization',
  batchNormalizationGradient: 'ImagoBatchNormalizationGradient',
  instanceNormalization: 'ImagoInstanceNormalization',
  instanceNormalizationGradient: 'ImagoInstanceNormalizationGradient',
  layerNormalization: 'ImagoLayerNormalization',
  layerNormalizationGradient: 'ImagoLayerNormalizationGradient',
  crossEntropy: 'ImagoCrossEntropy',
  crossEntropyGradient: 'ImagoCrossEntropyGradient',
  crossEntropyOfTargets: 'ImagoCrossEntropyOfTargets',
  crossEntropyOfTargetsGradient: 'ImagoCrossEntropyOfTargetsGradient',
  rowScatter: 'ImagoRowScatter',
  groupNormalization: 'ImagoGroupNormalization',
  groupNormalizationGradient: 'ImagoGroupNormalizationGradient',
  softmaxGradient: 'ImagoSoftmaxGradient',
  logSoftmax: 'ImagoLogSoftmax',
  logSoftmaxGradient: 'ImagoLogSoftmaxGradient',
  largestChoice: 'ImagoLargestChoice',
} as const;

export type FusedKernelName = keyof typeof fusedKernelNames;

/** Runs a fused kernel on the tape. */
export function runFused<T extends Tensor | Tensor[]>(
  name: FusedKernelName,
  inputs: Record<string, Tensor>,
  attributes: NamedAttrMap,
): T {
  return engine().runKernel(fusedKernelNames[name], inputs, attributes) as T;
}

/** Registers a fused kernel for the wasm backend. */
export function registerFused(
  name: FusedKernelName,
  compute: (inputs: Record<string, TensorInfo>, attributes: NamedAttrMap) => TensorInfo | TensorInfo[],
): void {
  registerKernel({
    kernelName: fusedKernelNames[name],
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => compute(inputs as Record<string, TensorInfo>, attrs ?? {}),
  });
}

export const sizeOf = (tensor: TensorInfo): number => util.sizeFromShape(tensor.shape);
