/**
 * The differentiable layers that model families are built of. Every function works on any tfjs backend;
 * on wasm with the training kernels each is one fused kernel.
 */
import {
  add,
  conv2d,
  conv2dTranspose,
  leakyRelu as stockLeakyRelu,
  matMul,
  mean as meanOf,
  mul,
  relu as stockRelu,
  rsqrt,
  sigmoid as stockSigmoid,
  softplus as stockSoftplus,
  square,
  sub,
  tanh as stockTanh,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { attachedKernels } from '../kernels/attachment.ts';
import type { Activation } from '../kernels/activations.ts';
import { runFused } from './run-fused.ts';

export type { Activation } from '../kernels/activations.ts';

const leakySlope = 0.2;

function activate<T extends Tensor>(x: T, activation: Activation): T {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return stockRelu(x);
    case 'leakyRelu':
      return stockLeakyRelu(x, leakySlope);
    case 'tanh':
      return stockTanh(x);
    case 'sigmoid':
      return stockSigmoid(x);
    case 'softplus':
      return stockSoftplus(x);
    case 'silu':
      return mul(x, stockSigmoid(x));
    case 'gelu': {
      const inner = mul(mul(x, add(mul(square(x), 0.044715), 1)), Math.sqrt(2 / Math.PI));
      return mul(mul(x, 0.5), add(stockTanh(inner), 1));
    }
  }
}

/** Whether an activation is curved; then it follows its layer as a kernel that remembers its argument. */
function isSmooth(kind: Activation): boolean {
  return kind !== 'linear' && kind !== 'relu' && kind !== 'leakyRelu';
}

function activation<T extends Tensor>(x: T, kind: Activation): T {
  if (!attachedKernels()) return activate(x, kind);
  return runFused<T>(isSmooth(kind) ? 'smoothActivation' : 'activation', { x }, { activation: kind });
}

/** max(0, x), of any shape. */
export function relu<T extends Tensor>(x: T): T {
  return activation(x, 'relu');
}

/** x where positive, otherwise 0.2 x; of any shape. */
export function leakyRelu<T extends Tensor>(x: T): T {
  return activation(x, 'leakyRelu');
}

/** Hyperbolic tangent, of any shape; in (-1, 1). */
export function tanh<T extends Tensor>(x: T): T {
  return activation(x, 'tanh');
}

/** log(1 + e^x), of any shape; positive. */
export function softplus<T extends Tensor>(x: T): T {
  return activation(x, 'softplus');
}

/** x sigmoid(x), of any shape (Elfwing et al. 2018; also called swish). */
export function silu<T extends Tensor>(x: T): T {
  return activation(x, 'silu');
}

/** x Φ(x) in its tanh form, of any shape (Hendrycks and Gimpel 2016; PyTorch calls the form `tanh`). */
export function gelu<T extends Tensor>(x: T): T {
  return activation(x, 'gelu');
}

/** activation(x weights + bias): x [batch, in], weights [in, out], bias [out] -> [batch, out]. */
export function dense(x: Tensor2D, weights: Tensor2D, bias: Tensor1D, kind: Activation): Tensor2D {
  if (isSmooth(kind)) return activation(dense(x, weights, bias, 'linear'), kind);
  if (attachedKernels()) return runFused('dense', { x, weights, bias }, { activation: kind });
  return activate(add(matMul(x, weights), bias), kind);
}

/**
 * activation(x * filter + bias): x [batch, height, width, in], filter [height, width, in, out], bias
 * [out] or null for none -> [batch, height', width', out], by TensorFlow's rules for the padding.
 */
export function convolution(
  x: Tensor4D,
  filter: Tensor4D,
  bias: Tensor1D | null,
  stride: 1 | 2,
  kind: Activation,
  padding: 'same' | 'valid' = 'same',
): Tensor4D {
  if (isSmooth(kind)) return activation(convolution(x, filter, bias, stride, 'linear', padding), kind);
  if (attachedKernels()) {
    const inputs: Record<string, Tensor> = bias ? { x, filter, bias } : { x, filter };
    return runFused('convolution', inputs, { strides: stride, pad: padding, activation: kind });
  }
  const sum = conv2d(x, filter, stride, padding);
  return activate(bias ? add(sum, bias) : sum, kind);
}

/**
 * The transpose of a 'same' convolution, which enlarges the picture by the stride: x [batch, height,
 * width, in], filter [height, width, out, in], bias [out] or null -> [batch, height * stride, width *
 * stride, out]. With a kernel that the stride divides, every output pixel gets as many terms.
 */
export function transposedConvolution(
  x: Tensor4D,
  filter: Tensor4D,
  bias: Tensor1D | null,
  stride: 1 | 2,
  kind: Activation,
): Tensor4D {
  if (isSmooth(kind)) return activation(transposedConvolution(x, filter, bias, stride, 'linear'), kind);
  if (attachedKernels()) {
    const inputs: Record<string, Tensor> = bias ? { x, filter, bias } : { x, filter };
    return runFused('transposedConvolution', inputs, { strides: stride, pad: 'same', activation: kind });
  }
  const [batch, height, width] = x.shape;
  const outputShape: [number, number, number, number] = [
    batch,
    height * stride,
    width * stride,
    filter.shape[2],
  ];
  const sum = conv2dTranspose(x, filter, outputShape, stride, 'same');
  return activate(bias ? add(sum, bias) : sum, kind);
}

/** A normalized batch with the statistics it was normalized by. */
export interface NormalizedBatch<T extends Tensor> {
  y: T;
  /** Mean of each channel over all other axes. */
  mean: Tensor1D;
  /** Biased variance of each channel, as in the normalization itself. */
  variance: Tensor1D;
}

/**
 * Batch normalization in training (Ioffe and Szegedy 2015): x, of rank 2 or 4, is normalized over all
 * axes but the last, then scaled by gamma and shifted by beta, both [channel]. Differentiable in x,
 * gamma and beta through y; treat the statistics as constants.
 */
export function batchNormalization<T extends Tensor2D | Tensor4D>(
  x: T,
  gamma: Tensor1D,
  beta: Tensor1D,
  epsilon: number,
): NormalizedBatch<T> {
  if (attachedKernels()) {
    const [y, mean, variance] = runFused<Tensor[]>('batchNormalization', { x, gamma, beta }, { epsilon });
    return { y: y as T, mean: mean as Tensor1D, variance: variance as Tensor1D };
  }
  const axes = x.shape.slice(1).map((_, axis) => axis);
  const mean = meanOf<Tensor1D>(x, axes);
  const variance = meanOf<Tensor1D>(square(sub(x, mean)), axes);
  return { y: normalizeWith(x, mean, variance, gamma, beta, epsilon), mean, variance };
}

/** (x - mean) / sqrt(variance + epsilon) * gamma + beta with stored statistics, all four [channel]. */
export function normalizeWith<T extends Tensor>(
  x: T,
  mean: Tensor1D,
  variance: Tensor1D,
  gamma: Tensor1D,
  beta: Tensor1D,
  epsilon: number,
): T {
  const factor = mul(gamma, rsqrt(add(variance, epsilon)));
  return add(mul(sub(x, mean), factor), beta);
}
