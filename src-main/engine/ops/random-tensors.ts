/** Random tensors that are pure functions of (seed, stream, step), the same on every backend. */
import { engine, tensor, util, type Tensor } from '@tensorflow/tfjs-core';
import { attachedKernels } from '../kernels/attachment.ts';
import { normals, streamNumbers, uniforms } from '../random.ts';

function draw(
  kind: 'normal' | 'uniform',
  seed: number,
  stream: string,
  step: number,
  shape: number[],
): Tensor {
  const size = util.sizeFromShape(shape);
  const attached = attachedKernels();
  if (attached === null || size === 0) {
    const values = kind === 'normal' ? normals(seed, stream, step, size) : uniforms(seed, stream, step, size);
    return tensor(values, shape);
  }
  const drawn = attached.output(shape);
  attached.kernels.random(kind, { seed, ...streamNumbers(stream), step }, size, attached.address(drawn));
  return engine().makeTensorFromTensorInfo(drawn);
}

/**
 * Standard normal numbers, those of {@link normals} bit for bit.
 *
 * @param seed 0 … 2³²−1
 * @param stream what the numbers are for; streams are independent of one another
 * @param step a whole number from 0 to 2⁵³−1
 */
export function normalTensor<T extends Tensor = Tensor>(
  seed: number,
  stream: string,
  step: number,
  shape: T['shape'],
): T {
  return draw('normal', seed, stream, step, shape) as T;
}

/** Numbers in [0, 1), uniform, those of {@link uniforms} bit for bit. Parameters as in {@link normalTensor}. */
export function uniformTensor<T extends Tensor = Tensor>(
  seed: number,
  stream: string,
  step: number,
  shape: T['shape'],
): T {
  return draw('uniform', seed, stream, step, shape) as T;
}
