import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { frozenKey } from '../../src-main/contract/families/frozen-parameters.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { networkIds } from '../../src-main/contract/domain/runs.ts';
import { families, familyIds, presets } from '../../src-main/contract/presets.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { layersOf } from '../../src-main/engine/inspection.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import type { Model } from '../../src-main/engine/models/family.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import { layerOf } from '../../src-main/engine/optimisation/frozen-layers.ts';
import { smallConfig } from './engine-fixtures.ts';
import { build, moved, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm', { threads: 1 });
}, 60_000);

const presetOf = (id: string) => presets.find(({ family }) => family === id)!.id;
const freezing = (id: (typeof familyIds)[number], layers: number): Settings =>
  Object.fromEntries(
    networkIds
      .map(frozenKey)
      .filter((key) => families[id].parameters.some((parameter) => parameter.key === key))
      .map((key) => [key, layers]),
  );
/** The network that pictures are drawn from. */
const averagedNetwork = (model: Model) =>
  ['generator', 'decoder', 'denoiser', 'transformer'].findLast((network) => network in model.parameters);
const cases: readonly { id: (typeof familyIds)[number]; settings: Settings }[] = [
  ...familyIds.map((id) => ({ id, settings: {} })),
  { id: 'resnet-gan', settings: { generatorKind: 'style' } },
  { id: 'dcgan', settings: { optimiser: 'rmsprop', gradientAccumulation: 2 } },
];

describe.each(cases)('$id with $settings, its first layers frozen', ({ id, settings }) => {
  const config = smallConfig(presetOf(id), { ...settings, ...freezing(id, 2) });
  const family = familyOf(id);
  const frozen = new Set(
    layersOf(family, config)
      .filter((row) => row.frozen)
      .map(({ network, name }) => `${network}.${name}`),
  );

  it('marks two layers of each network in its table', () => {
    expect(frozen.size).toBe(2 * Object.keys(family.describe(config).parameters).length);
  });

  it('leaves just these weights and their averages as they are, bit for bit, and gives them no slots', () => {
    const model = build(config);
    const start = model.save();
    trainOn(model, 0, 3);
    const changed = moved(start, model.save());
    const networks = Object.keys(model.parameters);
    const weights = [...start.keys()].filter((name) => networks.includes(name.split('.')[0]!));
    const isFrozen = (name: string) => frozen.has(layerOf(name));
    // The last bias of a distance stays by itself.
    const idle = 'discriminator.score.bias';
    expect(changed.filter((name) => weights.includes(name)).sort()).toEqual(
      weights.filter((name) => !isFrozen(name) && (name !== idle || changed.includes(idle))).sort(),
    );
    const averaged = weights.filter(
      (name) => isFrozen(name) && name.split('.')[0] === averagedNetwork(model),
    );
    expect(averaged.length).toBeGreaterThan(1);
    for (const name of averaged) expect(changed).not.toContain(name.replace(/^[a-z]+/, 'average'));
    const full = build(smallConfig(presetOf(id), settings));
    const slots = (of: typeof model) => [...of.save().keys()].filter((name) => /^[a-z]+-/.test(name));
    const perWeight = slots(full).length / weights.length;
    expect(slots(model).length).toBe(perWeight * weights.filter((name) => !isFrozen(name)).length);
    for (const made of [model, full]) made.dispose();
  });

  it('goes on from a saved state to exactly the numbers of an unbroken run, and keeps no tensor', () => {
    const unbroken = build(config);
    trainOn(unbroken, 0, 2);
    const middle = unbroken.save();
    const values = trainOn(unbroken, 2, 4);
    const resumed = build(config);
    resumed.load(middle, 2, 'middle');
    const before = tf.memory().numTensors;
    expect(trainOn(resumed, 2, 4)).toEqual(values);
    expect(tf.memory().numTensors).toBe(before);
    expect(moved(unbroken.save(), resumed.save())).toEqual([]);
    for (const model of [unbroken, resumed]) model.dispose();
  });

  it('thaws: what was frozen moves, as gently as in a first step, and the rest is resumed exactly', () => {
    const still = build(config);
    trainOn(still, 0, 4);
    const state = still.save();
    const thawedConfig = { ...config, settings: { ...config.settings, ...freezing(id, 0) } };
    const thawed = build(thawedConfig);
    thawed.load(state, 4, 'thawed');
    trainOn(thawed, 4, 5);
    const changed = moved(state, thawed.save());
    for (const layer of frozen)
      expect(
        changed.some((name) => layerOf(name) === layer),
        layer,
      ).toBe(true);
    if (config.settings.optimiser === 'adam') {
      const updates = family.describe(config).batchesPerStep ?? 1;
      // The first update moves by the rate, later ones by so much more at most (Kingma and Ba 2015, section 2.1).
      const { learningRate, beta1, beta2 } = config.settings;
      const mostLater = Math.max(1, (1 - Number(beta1)) / Math.sqrt(1 - Number(beta2)));
      const furthestAllowed = Number(learningRate) * (1 + (updates - 1) * mostLater) * 1.01;
      const now = thawed.save();
      for (const [name, { data }] of state) {
        if (!frozen.has(layerOf(name))) continue;
        const after = now.get(name)!.data as Float32Array;
        const furthest = Math.max(
          ...Array.from(data as Float32Array, (value, at) => Math.abs(value - after[at]!)),
        );
        expect(furthest, name).toBeLessThan(furthestAllowed);
      }
    }
    const middle = thawed.save();
    const values = trainOn(thawed, 5, 7);
    const resumed = build(thawedConfig);
    resumed.load(middle, 5, 'middle');
    expect(trainOn(resumed, 5, 7)).toEqual(values);
    for (const model of [still, thawed, resumed]) model.dispose();
  });

  it('may be frozen as a whole: then nothing moves', () => {
    const model = build(smallConfig(presetOf(id), { ...settings, ...freezing(id, 200) }));
    const start = model.save();
    trainOn(model, 0, 2);
    const networks = Object.keys(model.parameters);
    const changed = moved(start, model.save()).filter((name) => networks.includes(name.split('.')[0]!));
    expect(changed).toEqual([]);
    model.dispose();
  });
});
