/** Normalizations that do not look beyond one picture or one row; see `layers.ts` for the batch's. */
import {
  add,
  mean as meanOf,
  mul,
  reshape,
  rsqrt,
  square,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { attachedKernels } from '../kernels/attachment.ts';
import { axesOf } from './normalization-kernels.ts';
import { runFused } from './run-fused.ts';

function normalize<T extends Tensor>(
  kind: 'instance' | 'layer',
  x: T,
  gamma: Tensor1D,
  beta: Tensor1D,
  epsilon: number,
): T {
  if (attachedKernels()) {
    return runFused<Tensor[]>(`${kind}Normalization`, { x, gamma, beta }, { epsilon })[0] as T;
  }
  const { statistics } = axesOf(kind, x.rank);
  const centred = sub(x, meanOf(x, statistics, true));
  const inverse = rsqrt(add(meanOf(square(centred), statistics, true), epsilon));
  return add(mul(mul(centred, inverse), gamma), beta);
}

/**
 * Layer normalization (Ba et al. 2016): x [..., channel], each row of channels normalized by itself, then
 * scaled by gamma and shifted by beta, both [channel]. Twice differentiable in all three.
 */
export function layerNormalization<T extends Tensor>(
  x: T,
  gamma: Tensor1D,
  beta: Tensor1D,
  epsilon: number,
): T {
  return normalize('layer', x, gamma, beta, epsilon);
}

/**
 * Instance normalization (Ulyanov et al. 2016): x [batch, height, width, channel], each channel of each
 * picture normalized by itself, then scaled by gamma and shifted by beta, both [channel]. Twice
 * differentiable in all three.
 */
export function instanceNormalization(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  epsilon: number,
): Tensor4D {
  return normalize('instance', x, gamma, beta, epsilon);
}

/**
 * Group normalization (Wu and He 2018): x [batch, height, width, channel], each group of neighbouring channels of
 * each picture normalized by itself, then scaled by gamma and shifted by beta, both [channel]. Twice
 * differentiable in all three.
 *
 * @param groups how many there are; divides the channels
 */
export function groupNormalization(
  x: Tensor4D,
  groups: number,
  gamma: Tensor1D,
  beta: Tensor1D,
  epsilon: number,
): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  if (channels % groups !== 0) throw new Error(`${channels} channels cannot make ${groups} equal groups.`);
  if (attachedKernels()) {
    return runFused<Tensor[]>('groupNormalization', { x, gamma, beta }, { epsilon, groups })[0] as Tensor4D;
  }
  const grouped = reshape(x, [batch, height * width, groups, channels / groups]);
  const centred = sub(grouped, meanOf(grouped, [1, 3], true));
  const inverse = rsqrt(add(meanOf(square(centred), [1, 3], true), epsilon));
  return add(mul(reshape(mul(centred, inverse), x.shape), gamma), beta) as Tensor4D;
}
