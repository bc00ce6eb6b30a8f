/**
 * The kernels of the differentiable ops on the wasm backend, with their gradients.
 *
 * Gradients of dense and convolutional layers are made of kernels that have gradients themselves, so
 * they can be differentiated once more (as a gradient penalty does).
 */
import {
  add,
  conv2d,
  engine,
  gather,
  matMul,
  mul,
  registerGradient,
  reshape,
  sigmoid,
  square,
  sub,
  sum,
  tanh,
  zerosLike,
  type NamedAttrMap,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';
import { convolutionShapeOf } from '../kernels/convolution-shape.ts';
import { numbersByResult, type Activation } from '../kernels/activations.ts';
import { registerLossKernels } from './loss-kernels.ts';
import { registerNormalizationKernels } from './normalization-kernels.ts';
import { registerPictureChoice } from './picture-choice.ts';
import { registerSoftmaxKernels } from './softmax-kernels.ts';
import { fusedKernelNames, registerFused, runFused, sizeOf } from './run-fused.ts';

/** Registers the fused kernels and their gradients; called once, when the kernels are attached. */
export function registerFusedKernels(attachment: KernelAttachment): void {
  const { kernels, address, output } = attachment;

  for (const name of ['activation', 'smoothActivation'] as const) {
    registerFused(name, ({ x }, { activation }) => {
      const y = output(x.shape);
      kernels.activation(activation as Activation, sizeOf(x), address(x), address(y));
      return y;
    });
  }

  registerFused('activationGradient', ({ dy, x }, { activation }) => {
    const dx = output(x.shape);
    kernels.activationGradient(activation as Activation, sizeOf(x), address(dy), address(x), address(dx));
    return dx;
  });

  registerFused('smoothActivationGradient', ({ dy, x, y }, { activation }) => {
    const kind = activation as Activation;
    const dx = output(x.shape);
    if (kind in numbersByResult) {
      kernels.activationGradientByResult(kind, sizeOf(x), address(dy), address(y), address(dx));
    } else {
      kernels.activationGradient(kind, sizeOf(x), address(dy), address(x), address(dx));
    }
    return dx;
  });

  registerFused('dense', ({ x, weights, bias }, { activation }) => {
    const [rows, depth] = x.shape;
    const columns = weights.shape[1];
    const y = output([rows, columns]);
    kernels.matrixProduct({
      transposeLeft: false,
      transposeRight: false,
      rows,
      columns,
      depth,
      left: address(x),
      right: address(weights),
      output: address(y),
      bias: address(bias),
      activation: activation as Activation,
    });
    return y;
  });

  registerFused('convolution', ({ x, filter, bias }, attributes) => {
    const shape = requireShape(x.shape, filter.shape, attributes);
    const y = output([shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels]);
    const activation = attributes.activation as Activation;
    kernels.convolution(shape, address(x), address(filter), address(y), bias ? address(bias) : 0, activation);
    return y;
  });

  registerFused('transposedConvolution', ({ x, filter, bias }, attributes) => {
    const stride = attributes.strides as number;
    const [batch, height, width] = x.shape;
    const outputShape = [batch, height * stride, width * stride, filter.shape[2]];
    const shape = requireShape(outputShape, filter.shape, attributes);
    const y = output(outputShape);
    const activation = attributes.activation as Activation;
    kernels.inputGradient(
      shape,
      address(y),
      address(filter),
      address(x),
      bias ? address(bias) : 0,
      activation,
    );
    return y;
  });

  registerFused('rowScatter', ({ values, indices }, { rows }) => {
    const count = sizeOf(indices);
    const columns = sizeOf(values) / count;
    const result = output([rows as number, columns]);
    kernels.rowScatter({
      rows: count,
      columns,
      input: address(values),
      indices: address(indices),
      output: address(result),
      outputRows: rows as number,
    });
    return result;
  });

  registerFusedGradients();
  registerNormalizationKernels(attachment);
  registerLossKernels(attachment);
  registerSoftmaxKernels(attachment);
  registerPictureChoice(attachment);
}

function requireShape(input: number[], filter: number[], attributes: NamedAttrMap) {
  const shape = convolutionShapeOf(input, filter, attributes);
  if (shape === null) {
    throw new Error(
      `A convolution of [${input.join(', ')}] with [${filter.join(', ')}] has an empty result.`,
    );
  }
  return shape;
}

/**
 * The gradient before an activation of straight pieces, from its result. Computed once per node, outside the
 * thunks of its inputs.
 */
function beforeActivation(dy: Tensor, y: Tensor, activation: Activation): Tensor {
  return activation === 'linear' ? dy : runFused('activationGradient', { dy, x: y }, { activation });
}

/**
 * The second derivative of an activation at x. On the tape of tfjs a saved output has no way back to its
 * inputs, so whatever is curved is derived from its argument.
 */
function curvature(x: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case 'linear':
    case 'relu':
    case 'leakyRelu':
      return zerosLike(x);
    case 'tanh': {
      const y = tanh(x);
      return mul(mul(y, -2), sub(1, square(y)));
    }
    case 'sigmoid': {
      const s = sigmoid(x);
      return mul(mul(s, sub(1, s)), sub(1, mul(s, 2)));
    }
    case 'softplus': {
      const s = sigmoid(x);
      return mul(s, sub(1, s));
    }
    case 'silu': {
      const s = sigmoid(x);
      return mul(mul(s, sub(1, s)), add(mul(x, sub(1, mul(s, 2))), 2));
    }
    case 'gelu': {
      // y = x (1 + t) / 2, t = tanh u: y'' = (1 - t²) (u' + x u'' / 2 - x t u'²).
      const factor = Math.sqrt(2 / Math.PI);
      const squared = square(x);
      const t = tanh(mul(mul(x, add(mul(squared, 0.044715), 1)), factor));
      const slope = mul(add(mul(squared, 3 * 0.044715), 1), factor);
      const bend = mul(squared, factor * 3 * 0.044715);
      const rest = sub(add(slope, bend), mul(mul(x, t), square(slope)));
      return mul(sub(1, square(t)), rest);
    }
  }
}

function registerFusedGradients(): void {
  registerGradient({
    kernelName: fusedKernelNames.activation,
    outputsToSave: [true],
    gradFunc: (dy, [y], { activation }) => ({
      x: () => beforeActivation(dy as Tensor, y, activation as Activation),
    }),
  });

  registerGradient({
    kernelName: fusedKernelNames.smoothActivation,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: (dy, [x, y], { activation }) => ({
      x: () => runFused('smoothActivationGradient', { dy: dy as Tensor, x, y }, { activation }),
    }),
  });

  registerGradient({
    kernelName: fusedKernelNames.smoothActivationGradient,
    inputsToSave: ['dy', 'x', 'y'],
    gradFunc: (upstream, [dy, x, y], { activation }) => ({
      dy: () => runFused('smoothActivationGradient', { dy: upstream as Tensor, x, y }, { activation }),
      x: () => mul(mul(upstream as Tensor, dy), curvature(x, activation as Activation)),
      // It is a function of x, whose gradient includes it.
      y: () => zerosLike(y),
    }),
  });

  registerGradient({
    kernelName: fusedKernelNames.activationGradient,
    inputsToSave: ['dy', 'x'],
    gradFunc: (upstream, [dy, x], { activation }) => ({
      dy: () => runFused('activationGradient', { dy: upstream as Tensor, x }, { activation }),
      x: () => mul(mul(upstream as Tensor, dy), curvature(x, activation as Activation)),
    }),
  });

  registerGradient({
    kernelName: fusedKernelNames.dense,
    inputsToSave: ['x', 'weights'],
    outputsToSave: [true],
    gradFunc: (dy, saved, { activation }) => {
      const [x, weights, y] = saved as Tensor2D[];
      const inner = beforeActivation(dy as Tensor, y, activation as Activation) as Tensor2D;
      return {
        x: () => matMul(inner, weights, false, true),
        weights: () => matMul(x, inner, true, false),
        bias: () => sum(inner, 0),
      };
    },
  });

  registerGradient({
    kernelName: fusedKernelNames.convolution,
    inputsToSave: ['x', 'filter'],
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) => {
      const [x, filter, y] = saved as Tensor4D[];
      const inner = beforeActivation(dy as Tensor, y, attributes.activation as Activation);
      return {
        x: () => inputGradientOf(x.shape, inner, filter, attributes),
        filter: () => filterGradientOf(x, inner, filter.shape, attributes),
        bias: () => sum(inner, [0, 1, 2]),
      };
    },
  });

  registerGradient({
    kernelName: fusedKernelNames.transposedConvolution,
    inputsToSave: ['x', 'filter'],
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) => {
      const [x, filter, y] = saved as Tensor4D[];
      const inner = beforeActivation(dy as Tensor, y, attributes.activation as Activation) as Tensor4D;
      return {
        x: () => conv2d(inner, filter, attributes.strides as number, 'same'),
        filter: () => filterGradientOf(inner, x, filter.shape, attributes),
        bias: () => sum(inner, [0, 1, 2]),
      };
    },
  });

  registerGradient({
    kernelName: fusedKernelNames.rowScatter,
    inputsToSave: ['values', 'indices'],
    gradFunc: (dy, [values, indices]) => ({
      values: () => reshape(gather(dy as Tensor, reshape(indices, [-1])), values.shape),
      indices: () => zerosLike(indices),
    }),
  });
}

function inputGradientOf(inputShape: number[], dy: Tensor, filter: Tensor, attributes: NamedAttrMap): Tensor {
  return engine().runKernel('Conv2DBackpropInput', { dy, filter }, {
    inputShape,
    strides: attributes.strides,
    pad: attributes.pad,
    dataFormat: 'NHWC',
  } as NamedAttrMap);
}

function filterGradientOf(x: Tensor, dy: Tensor, filterShape: number[], attributes: NamedAttrMap): Tensor {
  return engine().runKernel('Conv2DBackpropFilter', { x, dy }, {
    filterShape,
    strides: attributes.strides,
    pad: attributes.pad,
    dataFormat: 'NHWC',
  } as NamedAttrMap);
}
