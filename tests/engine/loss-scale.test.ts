import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { optimisationParameters } from '../../src-main/contract/families/optimisation-parameters.ts';
import { resolveSettings } from '../../src-main/contract/hyper-parameters.ts';
import { familyIds, presets } from '../../src-main/contract/presets.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { createLossScale } from '../../src-main/engine/optimisation/loss-scale.ts';
import { createOptimiser, gradientsOf } from '../../src-main/engine/optimisation/optimiser.ts';
import type { StoredTensor } from '../../src-main/engine/safetensors.ts';
import { smallConfig } from './engine-fixtures.ts';
import { build, moved, trainOn } from './model-fixtures.ts';

/* All of it but the 16-bit products themselves works on every backend. */
beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm', { threads: 1 });
}, 60_000);

describe('the loss scale of mixed precision', () => {
  it('is nothing in full precision', () => {
    const scale = createLossScale({ precision: 'full' });
    expect([scale.take(), scale.accepts(Infinity), scale.tell(), scale.state.size]).toEqual([1, true, {}, 0]);
  });

  it('halves where a gradient overflows, once for two networks of one loss, and doubles after 2000 good updates', () => {
    const scale = createLossScale({ precision: 'mixed' });
    expect(scale.take()).toBe(32768);
    expect([scale.accepts(NaN), scale.accepts(Infinity)]).toEqual([false, false]);
    expect(scale.tell()).toEqual({ lossScale: 16384, updatesLeftOut: 2 });
    scale.take();
    for (let update = 0; update < 1999; update++) expect(scale.accepts(1)).toBe(true);
    expect(scale.tell()).toEqual({ lossScale: 16384, updatesLeftOut: 0 });
    scale.accepts(1);
    expect(scale.factor).toBe(32768);
    scale.dispose();
  });

  it('leaves what overflows without any scale to those who look after the numbers', () => {
    const scale = createLossScale({ precision: 'mixed' });
    while (scale.take() > 1) expect(scale.accepts(Infinity)).toBe(false);
    expect(scale.accepts(Infinity)).toBe(true);
    expect(scale.factor).toBe(1);
    scale.dispose();
  });

  it('leaves out updates that overflow, counts only the others, and goes on from a checkpoint to the same bytes', () => {
    const settings = resolveSettings(optimisationParameters, { precision: 'mixed', learningRate: 0.1 });
    const begin = () => {
      const lossScale = createLossScale(settings);
      const weights = new Map([['layer.weights', tf.tidy(() => tf.variable(tf.tensor1d([1, -1])))]]);
      const optimiser = createOptimiser(weights, settings, { lossScale });
      const everything = () =>
        new Map<string, tf.Tensor>([
          ...weights,
          ...[...lossScale.state].map(([name, value]) => [`precision.${name}`, value] as const),
          ...[...optimiser.slots()].map(([name, value]) => [`net-adam.${name}`, value] as const),
        ]);
      const save = () =>
        new Map<string, StoredTensor>(
          [...everything()].map(([name, tensor]) => {
            const data = Float32Array.from(tensor.dataSync());
            return [name, { type: 'F32', shape: tensor.shape, data }];
          }),
        );
      /** A gradient of 1e35 leaves room for a factor of 2^11, and no more, in a 32-bit number. */
      const steps = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, index) =>
          tf.tidy(() => {
            const [weight] = optimiser.moved;
            const { gradients } = gradientsOf(() => tf.sum(tf.mul(weight!, 1e35)) as tf.Scalar, optimiser);
            return optimiser.step(gradients, from + index).gradientNorm;
          }),
        );
      const load = (stored: ReadonlyMap<string, StoredTensor>, step: number) => {
        const fresh = [...optimiser.resume('net', stored, step), ...lossScale.resume('precision', stored)];
        for (const [name, tensor] of everything()) {
          const { data } = stored.get(name)!;
          tf.tidy(() => (tensor as tf.Variable).assign(tf.tensor1d([...(data as Float32Array)])));
        }
        return fresh;
      };
      const dispose = () => {
        optimiser.dispose();
        lossScale.dispose();
        tf.dispose([...weights.values()]);
      };
      return { lossScale, weights, optimiser, save, load, steps, dispose };
    };
    const unbroken = begin();
    expect(unbroken.steps(0, 3)).toEqual([0, 0, 0]);
    expect([...unbroken.weights.get('layer.weights')!.dataSync()]).toEqual([1, -1]);
    expect({ count: unbroken.optimiser.count, scale: unbroken.lossScale.factor }).toEqual({
      count: 0,
      scale: 4096,
    });
    const middle = unbroken.save();
    const norms = unbroken.steps(3, 7);
    expect(norms[0]).toBe(0);
    // The squares of such gradients are more than a slot can hold, which is no matter of the scale.
    for (const norm of norms.slice(1)) expect(norm).toBeCloseTo(Math.SQRT2 * 1e35, -32);
    expect({ count: unbroken.optimiser.count, scale: unbroken.lossScale.factor }).toEqual({
      count: 3,
      scale: 2048,
    });

    const resumed = begin();
    expect(resumed.load(middle, 3)).toEqual([]);
    expect(resumed.steps(3, 7)).toEqual(norms);
    expect(resumed.save()).toEqual(unbroken.save());
    for (const each of [unbroken, resumed]) each.dispose();
  });
});

describe.each(familyIds)('the family %s with a loss scale', (id) => {
  const presetId = presets.find(({ family }) => family === id)!.id;
  const full = smallConfig(presetId);
  const mixed = smallConfig(presetId, { precision: 'mixed' });

  it('trains as without one, tells it, and goes on from its saved state to the same bytes', () => {
    const [plain, scaled] = [build(full), build(mixed)];
    const known = trainOn(plain, 0, 2);
    const told = trainOn(scaled, 0, 2);
    // A power of two changes no digit of a gradient that stays within range.
    for (const [name, value] of Object.entries(known)) expect(told[name], name).toBeCloseTo(value, 4);
    expect(told).toMatchObject({ lossScale: 32768, updatesLeftOut: 0 });

    const middle = scaled.save();
    expect(middle.get('precision.loss-scale')!.data[1]).toBeGreaterThanOrEqual(2);
    const tensors = tf.memory().numTensors;
    const values = trainOn(scaled, 2, 4);
    expect(tf.memory().numTensors).toBe(tensors);
    const resumed = build(mixed);
    resumed.load(middle, 2, 'middle');
    expect(trainOn(resumed, 2, 4)).toEqual(values);
    expect(moved(scaled.save(), resumed.save())).toEqual([]);
    for (const model of [plain, scaled, resumed]) model.dispose();
  });

  it('takes up a run that was in full precision, and gives one back', () => {
    const [plain, scaled, again] = [build(full), build(mixed), build(full)];
    trainOn(plain, 0, 1);
    scaled.load(plain.save(), 1, 'in full precision');
    expect(trainOn(scaled, 1, 2)).toMatchObject({ lossScale: 32768 });
    again.load(scaled.save(), 2, 'in mixed precision');
    expect(trainOn(again, 2, 3)).not.toHaveProperty('lossScale');
    for (const model of [plain, scaled, again]) model.dispose();
  });
});
