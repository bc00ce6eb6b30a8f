/**
 * Puts the training kernels behind the names of tfjs's own wasm kernels, so that any tfjs code trains
 * at their speed. A shape that they do not cover goes to the original, which is reported once.
 */
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
import type { KernelAttachment } from '../kernels/attachment.ts';
import { convolutionShapeOf } from '../kernels/convolution-shape.ts';
import type { Activation } from '../kernels/activations.ts';

interface Call {
  /** By name; an optional one may be missing. */
  inputs: Record<string, TensorInfo>;
  attrs: NamedAttrMap;
  backend: KernelBackend;
}

/** The result, or null where the shape is not covered. */
type Replacement = (call: Call) => TensorInfo | null;

/** Attention over a batch multiplies a pair for each picture and head; the stock kernel's sums depend on how many. */
const mostProducts = 65_536;

const product = (extents: number[]): number => util.sizeFromShape(extents);
const isFloat = (...tensors: TensorInfo[]): boolean =>
  tensors.every((tensor) => tensor.dtype === 'float32' && product(tensor.shape) > 0);

const activationNames: Record<string, Activation> = {
  linear: 'linear',
  relu: 'relu',
  leakyrelu: 'leakyRelu',
  sigmoid: 'sigmoid',
};

/** The fused activation of a tfjs call, or null where the kernels have none like it. */
function fusedActivation(attrs: NamedAttrMap): Activation | null {
  const name = typeof attrs.activation === 'string' ? attrs.activation : 'linear';
  if (name === 'leakyrelu' && attrs.leakyreluAlpha !== 0.2) return null;
  return activationNames[name] ?? null;
}

export function replaceStockKernels(attachment: KernelAttachment): void {
  const { kernels, address, output, share } = attachment;

  const matrixProduct: Replacement = ({ inputs, attrs }) => {
    const { a, b, bias, preluActivationWeights } = inputs;
    const activation = fusedActivation(attrs);
    if (!isFloat(a, b) || activation === null || preluActivationWeights) return null;
    const transposeLeft = attrs.transposeA === true;
    const transposeRight = attrs.transposeB === true;
    const [aRows, aColumns] = a.shape.slice(-2);
    const [bRows, bColumns] = b.shape.slice(-2);
    const rows = transposeLeft ? aColumns : aRows;
    const depth = transposeLeft ? aRows : aColumns;
    const columns = transposeRight ? bRows : bColumns;
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== columns || !isFloat(bias))) return null;
    const aBatch = a.shape.slice(0, -2);
    const bBatch = b.shape.slice(0, -2);
    const batch = product(aBatch);
    if (batch !== product(bBatch) || batch > mostProducts) return null;
    const batchShape = aBatch.length >= bBatch.length ? aBatch : bBatch;
    const result = output([...batchShape, rows, columns]);
    for (let i = 0; i < batch; i++) {
      kernels.matrixProduct({
        transposeLeft,
        transposeRight,
        rows,
        columns,
        depth,
        left: address(a) + i * rows * depth * 4,
        right: address(b) + i * depth * columns * 4,
        output: address(result) + i * rows * columns * 4,
        bias: bias ? address(bias) : 0,
        activation,
      });
    }
    return result;
  };

  const convolution: Replacement = ({ inputs, attrs }) => {
    const { x, filter, bias, preluActivationWeights } = inputs;
    const activation = fusedActivation(attrs);
    const shape = isFloat(x, filter) ? convolutionShapeOf(x.shape, filter.shape, attrs) : null;
    if (shape === null || activation === null || preluActivationWeights) return null;
    if (bias && (product(bias.shape) !== shape.outputChannels || !isFloat(bias))) return null;
    const result = output([shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels]);
    kernels.convolution(
      shape,
      address(x),
      address(filter),
      address(result),
      bias ? address(bias) : 0,
      activation,
    );
    return result;
  };

  const inputGradient: Replacement = ({ inputs, attrs }) => {
    const { dy, filter } = inputs;
    const inputShape = attrs.inputShape as number[];
    const shape = isFloat(dy, filter) ? convolutionShapeOf(inputShape, filter.shape, attrs) : null;
    if (shape === null) return null;
    const result = output(inputShape);
    kernels.inputGradient(shape, address(result), address(filter), address(dy), 0, 'linear');
    return result;
  };

  const filterGradient: Replacement = ({ inputs, attrs }) => {
    const { x, dy } = inputs;
    const filterShape = attrs.filterShape as number[];
    const shape = isFloat(x, dy) ? convolutionShapeOf(x.shape, filterShape, attrs) : null;
    if (shape === null) return null;
    const result = output(filterShape);
    kernels.filterGradient(shape, address(x), address(result), address(dy));
    return result;
  };

  /** A sum over the leading axes is a column sum; over all axes, a column sum of width one. */
  const sum: Replacement = ({ inputs, attrs }) => {
    const { x } = inputs;
    if (!isFloat(x)) return null;
    const axes = util.parseAxisParam(attrs.axis as number | number[], x.shape).sort((a, b) => a - b);
    if (axes.length === 0 || axes.some((axis, i) => axis !== i)) return null;
    const kept = x.shape.slice(axes.length);
    const columns = product(kept);
    const result = output(attrs.keepDims === true ? [...axes.map(() => 1), ...kept] : kept);
    kernels.columnSum(product(x.shape) / columns, columns, address(x), address(result));
    return result;
  };

  const activation =
    (kind: Activation): Replacement =>
    ({ inputs: { x }, attrs }) => {
      if (!isFloat(x) || (kind === 'leakyRelu' && attrs.alpha !== 0.2)) return null;
      const result = output(x.shape);
      kernels.activation(kind, product(x.shape), address(x), address(result));
      return result;
    };

  /** tfjs's own gives gradients to wrong pixels. */
  const largestGradient: Replacement = ({ inputs: { dy, input }, attrs }) => {
    const window = attrs.filterSize as number | [number, number];
    const [height, width] = typeof window === 'number' ? [window, window] : window;
    const channels = input.shape[3];
    const filter = [height, width, channels, channels];
    const shape = isFloat(dy, input) ? convolutionShapeOf(input.shape, filter, attrs) : null;
    if (shape === null) return null;
    const result = output(input.shape);
    kernels.largestGradient(shape, address(input), address(dy), address(result));
    return result;
  };

  replace('MaxPoolGrad', largestGradient);
  replace('BatchMatMul', matrixProduct);
  replace('_FusedMatMul', matrixProduct);
  replace('Conv2D', convolution);
  replace('FusedConv2D', convolution);
  replace('Conv2DBackpropInput', inputGradient);
  replace('Conv2DBackpropFilter', filterGradient);
  replace('Sum', sum);
  replace('Relu', activation('relu'));
  replace('LeakyRelu', activation('leakyRelu'));
  replace('Tanh', activation('tanh'));
  replace('Sigmoid', activation('sigmoid'));
  // tfjs copies here, and clones every tensor that a gradient needs later.
  replace('Identity', ({ inputs: { x } }) => (x.dtype === 'string' ? null : share(x, x.shape)));
}

function replace(kernelName: string, replacement: Replacement): void {
  const original = getKernel(kernelName, 'wasm');
  if (original) unregisterKernel(kernelName, 'wasm');
  let reported = false;
  registerKernel({
    kernelName,
    backendName: 'wasm',
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
        throw new Error(`${kernelName} on the wasm backend does not cover ${shapes.join(', ')}.`);
      }
      // Integer tensors and sums over inner axes are everyday calls that the original serves well.
      if (!reported && isHeavy(kernelName)) {
        reported = true;
        backend_util.warn(`${kernelName} of ${shapes.join(', ')} runs on tfjs's own, slower kernel.`);
      }
      return original.kernelFunc(parameters);
    },
  });
}

function isHeavy(kernelName: string): boolean {
  return kernelName.includes('Conv2D') || kernelName.includes('MatMul');
}
