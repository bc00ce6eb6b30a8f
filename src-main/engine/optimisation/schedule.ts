import type { Settings } from '../../contract/hyper-parameters.ts';

/**
 * The share of the learning rate that holds in step `step`, 0…1: warm-up from nothing, then constant, or falling
 * along a line or half a cosine (Loshchilov and Hutter, "SGDR", 2017) to its lowest at `scheduleSteps`. A function of
 * the step alone, so that a resumed run goes on with the same rate.
 */
export function learningRateShareAt(settings: Readonly<Settings>, step: number): number {
  const warmUpSteps = Number(settings.warmUpSteps ?? 0);
  const risen = warmUpSteps > 0 ? Math.min(1, (step + 1) / warmUpSteps) : 1;
  return risen * fallenTo(settings, step, warmUpSteps);
}

function fallenTo(settings: Readonly<Settings>, step: number, from: number): number {
  const kind = String(settings.schedule ?? 'constant');
  if (kind === 'constant') return 1;
  const lowest = Number(settings.finalLearningRateShare);
  const length = Math.max(1, Number(settings.scheduleSteps) - from);
  const done = Math.min(1, Math.max(0, (step - from) / length));
  const left = kind === 'cosine' ? (1 + Math.cos(Math.PI * done)) / 2 : 1 - done;
  return lowest + (1 - lowest) * left;
}

/**
 * The share of the moving average that is kept after step `step`, in [0, 1): by its half-life, and less at first,
 * when the average would mostly hold the random start.
 */
export function averageDecayAt(settings: Readonly<Settings>, step: number): number {
  const halfLifeSteps = Number(settings.averageHalfLifeSteps);
  const decay = halfLifeSteps > 0 ? 0.5 ** (1 / halfLifeSteps) : 0;
  return settings.averageRampUp === false ? decay : Math.min(decay, (1 + step) / (10 + step));
}
