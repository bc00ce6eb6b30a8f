import { describe, expect, it } from 'vitest';
import type { Estimate } from '../../src-main/contract/domain/estimates.ts';
import { presets, settingsFor } from '../../src-main/contract/presets.ts';
import {
  durationOf,
  expectationOf,
  planIds,
  plansFor,
  stepsUntil,
} from '../../src-renderer/stores/training-plans.ts';

const measured = (stepMs: number): Estimate => ({
  stepMs,
  memoryBytes: 200_000_000,
  trialSteps: 10,
  layers: [],
  parameters: { generator: 1, discriminator: 1 },
  backend: { id: 'wasm', device: 'processor', threads: 1 },
});

describe('The three proposals of the wizard', () => {
  it('exist for every size and channels that a preset takes, with settings that the preset allows', () => {
    for (const { sizePx, channels } of presets) {
      const plans = plansFor(sizePx, channels);
      for (const id of planIds) {
        expect(plans[id].preset).toMatchObject({ sizePx, channels });
        expect(settingsFor(plans[id].preset, plans[id].settings)).toMatchObject(plans[id].settings);
      }
      const lengths = planIds.map((id) => durationOf(plans[id].stop, 0));
      expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    }
  });

  it('give a slow machine the fully connected family for its quick look, where there is one', () => {
    expect(plansFor(28, 1, measured(50)).quick.preset.family).toBe('dcgan');
    expect(plansFor(28, 1, measured(5000)).quick.preset.family).toBe('mlp-gan');
    expect(plansFor(64, 3, measured(60_000)).quick.preset.family).toBe('dcgan');
  });

  it('take residual networks for an hour and more from 64 pixels on', () => {
    const families = (sizePx: 32 | 64 | 128) => planIds.map((id) => plansFor(sizePx, 3)[id].preset.family);
    expect(families(64)).toEqual(['dcgan', 'resnet-gan', 'resnet-gan']);
    expect(families(128)).toEqual(families(64));
    expect(families(32)).toEqual(['dcgan', 'dcgan', 'dcgan']);
  });

  it('train on pairs where the pictures are pairs', () => {
    for (const { sizePx, channels } of presets) {
      const plans = plansFor(sizePx, channels, measured(60_000), true);
      expect(planIds.map((id) => plans[id].preset.family)).toEqual(['pix2pix', 'pix2pix', 'pix2pix']);
      for (const id of planIds) settingsFor(plans[id].preset, plans[id].settings);
    }
  });

  it('promise no more than the measured number of steps can draw', () => {
    const { quick, best } = plansFor(28, 1);
    expect(stepsUntil(quick.stop, 50)).toBe(6000);
    expect(expectationOf('quick', stepsUntil(quick.stop, 50))).toBe('expect.clear');
    expect(expectationOf('quick', stepsUntil(quick.stop, 1000))).toBe('expect.faint');
    expect(expectationOf('best', stepsUntil(best.stop, 200))).toBe('expect.fine');
    expect(expectationOf('best', null)).toBe('plan.best.expect');
  });

  it('turn steps into time and time into steps', () => {
    expect(durationOf({ kind: 'steps', steps: 300 }, 20)).toBe(6000);
    expect(durationOf({ kind: 'minutes', minutes: 2 }, 20)).toBe(120_000);
    expect(stepsUntil({ kind: 'steps', steps: 300 }, 20)).toBe(300);
  });
});
