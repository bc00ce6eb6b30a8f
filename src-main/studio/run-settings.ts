import { settingsAt } from '../contract/domain/run-history.ts';
import type { Run } from '../contract/domain/runs.ts';
import type { Failure } from '../contract/errors.ts';
import type { HyperParameter, Settings, SettingValue } from '../contract/hyper-parameters.ts';
import { families } from '../contract/presets.ts';

/** One setting that became another. */
export interface SettingStep {
  readonly key: string;
  readonly from: SettingValue;
  readonly to: SettingValue;
}

/** What of `wanted` differs from what holds. */
export const differences = (holds: Readonly<Settings>, wanted: Readonly<Settings>): SettingStep[] =>
  Object.entries(wanted).flatMap(([key, to]) => {
    const from = holds[key];
    return from === undefined || from === to ? [] : [{ key, from, to }];
  });

/** For the log. */
export const changeText = (changes: readonly SettingStep[]): string =>
  changes.map(({ key, from, to }) => `${key} ${String(from)} → ${String(to)}`).join(', ');

/** Failures that a lower learning rate may avoid. */
const numbersWentBad: readonly Failure['code'][] = ['numbers-not-finite', 'gradient-exploded'];
export const isNumbersFailure = ({ code }: Failure): boolean => numbersWentBad.includes(code);

/**
 * The settings that may avoid a failure, for a run that goes back to `step`; null where none would.
 *
 * - Numbers that went bad: every learning rate halved, from what held at `step` or when it failed, whichever was
 *   lower. A wish of the user that made it fail is so taken back too.
 * - Memory that ran out: the batch that should fit, and as many of them for each step as make up for it.
 */
export function remedyFor(
  failure: Failure,
  run: Pick<Run, 'family' | 'settings' | 'changes'>,
  initial: Readonly<Settings>,
  step: number,
): { holds: Settings; wanted: Settings } | null {
  const holds = settingsAt(initial, run.changes, step);
  const { parameters } = families[run.family];
  if (isNumbersFailure(failure)) return { holds, wanted: halvedRates(parameters, holds, run.settings) };
  const { suggestedBatch } = failure.details;
  const accumulation = parameters.find(({ key }) => key === 'gradientAccumulation');
  if (failure.code !== 'out-of-memory' || typeof suggestedBatch !== 'number') return null;
  if (accumulation?.type !== 'integer') return null;
  const batches = Number(run.settings.gradientAccumulation ?? accumulation.default);
  const enough = Math.floor((batches * Number(run.settings.batchSize)) / suggestedBatch);
  if (enough > accumulation.max) return null;
  return { holds, wanted: { batchSize: suggestedBatch, gradientAccumulation: Math.max(1, enough) } };
}

function halvedRates(
  parameters: readonly HyperParameter[],
  holds: Readonly<Settings>,
  present: Readonly<Settings>,
): Settings {
  const wanted: Settings = {};
  for (const parameter of parameters) {
    const { key } = parameter;
    if (parameter.type !== 'number' || parameter.live !== 'learning' || !/learningRate$/i.test(key)) continue;
    const half = Math.min(Number(holds[key]), Number(present[key])) / 2;
    if (half > 0) wanted[key] = Math.max(parameter.min, half);
  }
  return wanted;
}
