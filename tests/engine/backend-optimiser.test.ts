import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { createAdam } from '../../src-main/engine/ops/adam.ts';
import { findNonFinite, globalNorm } from '../../src-main/engine/ops/tensor-health.ts';
import { createNumbers } from './kernels-reference.ts';

const settings = { learningRate: 0.05, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 };

beforeAll(async () => {
  await buildKernels();
  await openBackend('cpu');
  await openBackend('wasm');
});

let names = 0;
const freshName = () => `optimiser-test-${names++}`;

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await openBackend(backend);
  });

  it('Adam and the moving average follow their definition, and a resumed Adam goes on alike', () => {
    const before = tf.memory().numTensors;
    const start = createNumbers(1).floats(37);
    const averaged = start.slice();
    const variable = tf.tidy(() => tf.variable(tf.tensor1d(start), true, freshName()));
    const average = tf.tidy(() => tf.variable(tf.tensor1d(start), false, freshName()));
    const x = Float64Array.from(start);
    const expectedAverage = Float64Array.from(averaged);
    const m = new Float64Array(37);
    const v = new Float64Array(37);
    let adam = createAdam([variable], settings);
    for (let step = 1; step <= 6; step++) {
      const gradient = createNumbers(step).floats(37);
      tf.tidy(() => {
        const tensor = tf.tensor1d(gradient);
        const gradients = step % 2 === 0 ? [tensor] : { [variable.name]: tensor };
        adam.step(gradients, { decay: 0.9, averages: [average] });
      });
      for (let i = 0; i < 37; i++) {
        m[i] = 0.5 * m[i] + 0.5 * gradient[i];
        v[i] = 0.99 * v[i] + 0.01 * gradient[i] ** 2;
        x[i] -= (0.05 * (m[i] / (1 - 0.5 ** step))) / (Math.sqrt(v[i] / (1 - 0.99 ** step)) + 1e-8);
        expectedAverage[i] = 0.9 * expectedAverage[i] + 0.1 * x[i];
      }
      if (step === 3) {
        const saved = adam.slots().map(({ name, tensor }) => ({ name, values: tensor.dataSync().slice() }));
        expect(saved.map(({ name }) => name)).toEqual([`${variable.name}/adam/m`, `${variable.name}/adam/v`]);
        const { count } = adam;
        adam.dispose();
        adam = createAdam([variable], settings);
        adam.count = count;
        tf.tidy(() => adam.slots().forEach(({ tensor }, i) => tensor.assign(tf.tensor1d(saved[i].values))));
      }
    }
    expect(adam.count).toBe(6);
    variable.dataSync().forEach((value, i) => expect(value).toBeCloseTo(x[i], 4));
    average.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expectedAverage[i], 4));
    adam.dispose();
    tf.dispose([variable, average]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('a step leaves tensors alone that shared their numbers with a variable', () => {
    const initial = tf.tensor1d([1, 2, 3]);
    const variable = tf.variable(initial, true, freshName());
    const snapshot = tf.clone(variable);
    const reshaped = tf.reshape(variable, [3, 1]);
    const adam = createAdam([variable], settings);
    const gradient = tf.tensor1d([1, 1, 1]);
    adam.step([gradient]);
    const later = tf.clone(variable);
    const afterFirst = [...variable.dataSync()];
    adam.step([gradient]);
    for (const alias of [initial, snapshot, reshaped]) expect([...alias.dataSync()]).toEqual([1, 2, 3]);
    expect([...later.dataSync()]).toEqual(afterFirst);
    expect(variable.dataSync()[0]).toBeLessThan(afterFirst[0]);
    adam.dispose();
    tf.dispose([initial, variable, snapshot, reshaped, gradient, later]);
  });

  it('a learning rate changed between steps is used, and a missing gradient is named', () => {
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2]), true, 'named-weights'));
    const adam = createAdam([variable], settings);
    adam.settings.learningRate = 0;
    tf.tidy(() => adam.step([tf.tensor1d([1, -1])]));
    expect([...variable.dataSync()]).toEqual([1, 2]);
    expect(() => adam.step({})).toThrow('named-weights');
    adam.dispose();
    variable.dispose();
  });

  it('the global norm is that of all numbers together', () => {
    tf.tidy(() => {
      expect(globalNorm([tf.tensor1d([3]), tf.tensor2d([[0, 4]]), tf.tensor1d([12])])).toBeCloseTo(13, 5);
      expect(globalNorm([])).toBe(0);
    });
  });

  it('the first tensor with a number that is not finite is named, and large numbers are not', () => {
    tf.tidy(() => {
      const good = { name: 'good', tensor: tf.tensor1d([1e30, -1e38, 0]) };
      const bad = { name: 'bad', tensor: tf.tensor1d([1, 2, 3, 4, 5, NaN]) };
      const worse = { name: 'worse', tensor: tf.tensor1d([Infinity]) };
      expect(findNonFinite([good])).toBeNull();
      expect(findNonFinite([good, bad, worse])).toBe('bad');
      expect(findNonFinite([worse])).toBe('worse');
    });
  });
});
