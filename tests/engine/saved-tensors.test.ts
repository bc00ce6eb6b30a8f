import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { dense, tanh } from '../../src-main/engine/ops/layers.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm', { threads: 1 });
});

const x = () => tf.tensor2d([[0.5, -1, 2]]);
const bend = (inputs: tf.Tensor2D) => tf.sum(tf.square(tanh(inputs))) as tf.Scalar;

it('a gradient keeps what it needs without a kernel for each, and lets go of it', async () => {
  const weights = tf.tidy(() => tf.variable<tf.Rank.R2>(tf.ones([3, 2])));
  const bias = tf.tidy(() => tf.variable<tf.Rank.R1>(tf.zeros([2])));
  const loss = () => bend(dense(x(), weights, bias, 'leakyRelu'));
  const learn = () => tf.tidy(() => tf.variableGrads(loss, [weights, bias]).value.dataSync()[0]!);
  const before = tf.memory();
  const { kernelNames } = await tf.profile(() => {
    learn();
    return tf.scalar(0);
  });
  expect(kernelNames).toContain('ImagoDense');
  expect(kernelNames).not.toContain('Identity');
  const { numTensors, numDataBuffers } = tf.memory();
  // The scalar that profiling asks for.
  expect({ numTensors, numDataBuffers }).toEqual({
    numTensors: before.numTensors + 1,
    numDataBuffers: before.numDataBuffers + 1,
  });
  tf.dispose([weights, bias]);
});

it('a gradient of a gradient leads back through what was kept', () => {
  const slope = tf.grad(bend as (inputs: tf.Tensor) => tf.Tensor);
  const curvature = tf.grad((inputs: tf.Tensor) => tf.sum(slope(inputs)));
  // (tanh²)″ = 2 (1 − t²)(1 − 3t²)
  const expected = [...x().dataSync()].map((value) => {
    const square = Math.tanh(value) ** 2;
    return 2 * (1 - square) * (1 - 3 * square);
  });
  [...curvature(x()).dataSync()].forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 5));
});
