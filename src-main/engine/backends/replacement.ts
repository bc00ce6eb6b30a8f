/** How a kernel of ours takes the place of one of tfjs's. */
import {
  backend_util,
  getKernel,
  registerKernel,
  unregisterKernel,
  util,
  type KernelBackend,
  type NamedAttrMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

export interface Call {
  /** By name; an optional one may be missing. */
  inputs: Record<string, TensorInfo>;
  attrs: NamedAttrMap;
  backend: KernelBackend;
}

/** The result, or null where the shape is not covered. */
export type Replacement = (call: Call) => TensorInfo | TensorInfo[] | null;

export const product = (extents: number[]): number => util.sizeFromShape(extents);
export const isFloat = (...tensors: TensorInfo[]): boolean =>
  tensors.every((tensor) => tensor.dtype === 'float32' && product(tensor.shape) > 0);

/**
 * Puts a replacement behind a kernel's name. What it does not cover goes to the original, which is reported once
 * where it costs much: integer tensors and the like are everyday calls that the original serves well.
 */
export function replace(
  kernelName: string,
  replacement: Replacement,
  backendName: 'wasm' | 'webgpu' = 'wasm',
): void {
  const original = getKernel(kernelName, backendName);
  if (original) unregisterKernel(kernelName, backendName);
  let reported = false;
  registerKernel({
    kernelName,
    backendName,
    setupFunc: original?.setupFunc,
    disposeFunc: original?.disposeFunc,
    kernelFunc: (parameters) => {
      const call: Call = {
        inputs: parameters.inputs as Record<string, TensorInfo>,
        attrs: parameters.attrs ?? {},
        backend: parameters.backend as KernelBackend,
      };
      const result = replacement(call);
      if (result !== null) return result;
      const shapes = Object.values(call.inputs).flatMap((tensor) =>
        tensor ? [`[${tensor.shape.join(', ')}]`] : [],
      );
      if (!original) {
        throw new Error(`${kernelName} on the ${backendName} backend does not cover ${shapes.join(', ')}.`);
      }
      if (!reported && backendName === 'wasm' && isHeavy(kernelName)) {
        reported = true;
        backend_util.warn(`${kernelName} of ${shapes.join(', ')} runs on tfjs's own, slower kernel.`);
      }
      return original.kernelFunc(parameters);
    },
  });
}

function isHeavy(kernelName: string): boolean {
  return ['Conv2D', 'MatMul', 'Pool', 'Resize', 'DepthToSpace'].some((part) => kernelName.includes(part));
}
