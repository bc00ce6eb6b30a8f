/**
 * Puts the training kernels behind the names of tfjs's own wasm kernels, so that any tfjs code trains
 * at their speed. A shape that they do not cover goes to the original, which is reported once.
 */
import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';
import { convolutionShapeOf } from '../kernels/convolution-shape.ts';
import type { Activation } from '../kernels/activations.ts';
import { isFloat, product, replace, type Replacement } from './replacement.ts';
import { replaceMovementKernels } from './stock-movement.ts';
import { replacePictureKernels } from './stock-pictures.ts';
import { replaceReductionKernels } from './stock-reductions.ts';

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
    const [left, right] = [product(aBatch), product(bBatch)];
    if (left !== right && left !== 1 && right !== 1) return null;
    if (
      left === right &&
      aBatch.some((extent, i) => aBatch.length === bBatch.length && extent !== bBatch[i])
    ) {
      return null;
    }
    const result = output([...(left >= right ? aBatch : bBatch), rows, columns]);
    kernels.matrixProduct({
      transposeLeft,
      transposeRight,
      rows,
      columns,
      depth,
      left: address(a),
      right: address(b),
      output: address(result),
      bias: bias ? address(bias) : 0,
      activation,
      batch: Math.max(left, right),
      ...(left === right ? {} : { shared: left < right ? ('left' as const) : ('right' as const) }),
    });
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

  const activation =
    (kind: Activation): Replacement =>
    ({ inputs: { x }, attrs }) => {
      if (!isFloat(x) || (kind === 'leakyRelu' && attrs.alpha !== 0.2)) return null;
      const result = output(x.shape);
      kernels.activation(kind, product(x.shape), address(x), address(result));
      return result;
    };

  replace('BatchMatMul', matrixProduct);
  replace('_FusedMatMul', matrixProduct);
  replace('Conv2D', convolution);
  replace('FusedConv2D', convolution);
  replace('Conv2DBackpropInput', inputGradient);
  replace('Conv2DBackpropFilter', filterGradient);
  replace('Relu', activation('relu'));
  replace('LeakyRelu', activation('leakyRelu'));
  replace('Tanh', activation('tanh'));
  replace('Sigmoid', activation('sigmoid'));
  // tfjs copies here, and clones every tensor that a gradient needs later.
  replace('Identity', ({ inputs: { x } }) => (x.dtype === 'string' ? null : share(x, x.shape)));
  replaceMovementKernels(attachment);
  replacePictureKernels(attachment);
  replaceReductionKernels(attachment);
}
