import { beforeAll, describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../src-main/contract/engine-messages.ts';
import { familyIds, presets } from '../../src-main/contract/presets.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import type { Model } from '../../src-main/engine/models/family.ts';
import { layerOf } from '../../src-main/engine/optimisation/frozen-layers.ts';
import { normals } from '../../src-main/engine/random.ts';
import { samplePixels } from '../../src-main/engine/sample-sheet.ts';
import { startFrom } from '../../src-main/engine/transfer.ts';
import { smallConfig } from './engine-fixtures.ts';
import { build, inputBytesFor, moved, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm', { threads: 1 });
}, 60_000);

const steps = 3;
const trained = (config: ModelConfig): Model => {
  const model = build(config);
  trainOn(model, 0, steps);
  return model;
};
const checkpointOf = (model: Model) => ({ config: model.config, step: steps, tensors: model.save() });
const drawn = (model: Model) =>
  samplePixels(
    model,
    normals(5, 'test-latents', 0, 2 * model.latentSize),
    2,
    model.config.classes && [0, 1],
    model.config.family === 'ddpm' ? { samplingSteps: 10 } : {},
    inputBytesFor(model.config, 2),
  );

describe.each(familyIds)('a run of %s that starts from another’s layers', (id) => {
  const config = smallConfig(presets.find(({ family }) => family === id)!.id);

  it('takes every layer, and draws at once what the other draws', () => {
    const source = trained(config);
    const model = build(config);
    const pictures = drawn(source);
    expect(drawn(model)).not.toEqual(pictures);
    const taken = startFrom(model, checkpointOf(source), 'fresh', 'source');
    const layers = [...model.tensors().keys()]
      .filter((name) => name.split('.')[0]! in model.parameters)
      .map(layerOf);
    expect(new Set(layers)).toEqual(taken);
    expect(drawn(model)).toEqual(pictures);
    for (const made of [source, model]) made.dispose();
  });

  it('goes on by itself from there, exactly again when it is resumed, with the optimiser’s memory and without', () => {
    const source = trained(config);
    const checkpoint = checkpointOf(source);
    for (const mode of ['fresh', 'kept'] as const) {
      const unbroken = build(config);
      startFrom(unbroken, checkpoint, mode, 'source');
      trainOn(unbroken, 0, 2);
      const middle = unbroken.save();
      const values = trainOn(unbroken, 2, 3);
      const resumed = build(config);
      resumed.load(middle, 2, 'middle');
      expect(trainOn(resumed, 2, 3)).toEqual(values);
      expect(moved(unbroken.save(), resumed.save())).toEqual([]);
      for (const made of [unbroken, resumed]) made.dispose();
    }
    source.dispose();
  });
});

describe('layers of other shapes', () => {
  it('start anew, as the seed makes them; those that fit are taken over, and both are told', () => {
    const source = trained(smallConfig('cgan-28'));
    const config = { ...smallConfig('cgan-28'), classes: ['one', 'two'], seed: 8 };
    const [model, untouched] = [build(config), build(config)];
    const taken = startFrom(model, checkpointOf(source), 'kept', 'source');
    expect(taken).toContain('generator.project');
    expect(taken).toContain('discriminator.reduce1');
    // The score of a class is the projection's own.
    expect(taken).not.toContain('discriminator.score');
    const [before, now, from] = [untouched.save(), model.save(), source.save()];
    for (const name of before.keys()) {
      if (!(name.split('.')[0]! in model.parameters)) continue;
      expect(now.get(name)!.data, name).toEqual((taken.has(layerOf(name)) ? from : before).get(name)!.data);
    }
    trainOn(model, 0, 2);
    for (const made of [source, model, untouched]) made.dispose();
  });

  it('are refused where not one fits', () => {
    const source = trained(smallConfig('mlp-gan-28', { hiddenSize: 16 }));
    const model = build(smallConfig('mlp-gan-28', { hiddenSize: 24 }));
    const checkpoint = checkpointOf(source);
    expect(() => startFrom(model, checkpoint, 'fresh', 'source')).toThrowError(
      expect.objectContaining({ code: 'checkpoint-foreign' }),
    );
    for (const made of [source, model]) made.dispose();
  });
});

it('the optimiser’s memory counts on: a first step is as long as the next one would have been', () => {
  const config = smallConfig('vae-28', { averageHalfLifeSteps: 0, klWarmUpSteps: 0, warmUpSteps: 0 });
  const source = trained(config);
  const checkpoint = checkpointOf(source);
  const kept = build(config);
  startFrom(kept, checkpoint, 'kept', 'source');
  const goingOn = build(config);
  goingOn.load(checkpoint.tensors, steps, 'source');
  // The same batch for both; only the number of the step, which picks the noise, is another.
  const images = (model: Model, step: number) => {
    trainOn(model, step, step + 1);
    return model.save();
  };
  const distance = (after: ReturnType<Model['save']>) => {
    const name = 'decoder.project.weights';
    const [a, b] = [checkpoint.tensors, after].map((tensors) => tensors.get(name)!.data as Float32Array);
    return Math.sqrt(a!.reduce((sum, value, at) => sum + (value - b![at]!) ** 2, 0));
  };
  const [of0, of3] = [distance(images(kept, 0)), distance(images(goingOn, steps))];
  expect(of0 / of3).toBeGreaterThan(0.7);
  expect(of0 / of3).toBeLessThan(1.4);
  for (const made of [source, kept, goingOn]) made.dispose();
});
