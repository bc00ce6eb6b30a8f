import type { Estimate } from '../../src-main/contract/domain/estimates.ts';
import type { StopCondition } from '../../src-main/contract/domain/runs.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import type { Channels, FamilyId, PictureSize, Preset } from '../../src-main/contract/presets.ts';
import { findPreset, presets, settingsFor } from '../../src-main/contract/presets.ts';

export const planIds = ['quick', 'good', 'best'] as const;
export type PlanId = (typeof planIds)[number];

/** One of the three proposals: a preset, what differs from it, and how long it trains. */
export interface TrainingPlan {
  readonly id: PlanId;
  readonly preset: Preset;
  readonly settings: Settings;
  readonly stop: StopCondition;
}

const minutesOf: Readonly<Record<PlanId, number>> = { quick: 5, good: 60, best: 480 };
/**
 * From 64 pixels on a step costs tens of times more: a quick look takes longer and a narrower network, and whoever waits an
 * hour gets residual ones, which go on getting better.
 */
const largePx = 64;
const quickMinutesAtLargePx = 15;
/** Fewer steps than this show nothing but noise. */
const fewestUsefulSteps = 400;

/**
 * The three proposals for pictures of this size. `quickEstimate`, once measured, may show that this machine
 * is too slow for a quick look with convolutions; the fully connected family then stands in where it exists. Pairs are trained on
 * as pairs.
 */
export function plansFor(
  sizePx: PictureSize,
  channels: Channels,
  quickEstimate: Estimate | null = null,
  paired = false,
): Readonly<Record<PlanId, TrainingPlan>> {
  const presetOf = (family: FamilyId) => findPreset(`${family}-${sizePx}${channels === 3 ? '-rgb' : ''}`);
  const convolutional = presetOf(paired ? 'pix2pix' : 'dcgan');
  const finest = sizePx >= largePx && !paired ? presetOf('resnet-gan') : convolutional;
  const plain = presets.find(
    (preset) => preset.family === 'mlp-gan' && preset.sizePx === sizePx && preset.channels === channels,
  );
  const widthOf = (preset: Preset) => Number(settingsFor(preset).baseChannels);
  const quickMinutes = sizePx >= largePx ? quickMinutesAtLargePx : minutesOf.quick;
  const tooSlow =
    quickEstimate !== null && (quickMinutes * 60_000) / quickEstimate.stepMs < fewestUsefulSteps;

  const plan = (id: PlanId, preset: Preset, settings: Settings, minutes: number): TrainingPlan => ({
    id,
    preset,
    settings,
    stop: { kind: 'minutes', minutes },
  });
  return {
    quick:
      tooSlow && plain && !paired
        ? plan('quick', plain, {}, quickMinutes)
        : plan('quick', convolutional, quickSettings(sizePx, widthOf(convolutional)), quickMinutes),
    good: plan('good', finest, {}, minutesOf.good),
    best: plan('best', finest, { baseChannels: widthOf(finest) * 2 }, minutesOf.best),
  };
}

/** A quick look draws and saves often enough that something changes while one watches. */
function quickSettings(sizePx: PictureSize, width: number): Settings {
  return sizePx >= largePx ? { baseChannels: width / 2, sampleEverySteps: 50 } : { sampleEverySteps: 100 };
}

/** Milliseconds of training until `stop`, at `stepMs` a step. */
export function durationOf(stop: StopCondition, stepMs: number): number {
  return stop.kind === 'minutes' ? stop.minutes * 60_000 : stop.steps * stepMs;
}

/** Steps trained until `stop`, at `stepMs` a step. */
export function stepsUntil(stop: StopCondition, stepMs: number): number {
  return stop.kind === 'steps' ? stop.steps : Math.floor((stop.minutes * 60_000) / stepMs);
}

/** From how many steps on a picture deserves these words. */
const expectations = [
  { from: 30_000, key: 'fine' },
  { from: 4000, key: 'clear' },
  { from: 800, key: 'rough' },
  { from: 0, key: 'faint' },
] as const;

/** Which text (under `wizard.`) says what to expect: from the measured steps, or in general before that. */
export function expectationOf(plan: PlanId, steps: number | null): string {
  const found = steps === null ? undefined : expectations.find(({ from }) => steps >= from);
  return found ? `expect.${found.key}` : `plan.${plan}.expect`;
}
