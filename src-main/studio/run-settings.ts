import { settingsAt } from '../contract/domain/run-history.ts';
import type { Run } from '../contract/domain/runs.ts';
import type { Settings, SettingValue } from '../contract/hyper-parameters.ts';
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

/**
 * Every learning rate of a run halved: what held at `step` or what held when it failed, whichever was lower. A wish
 * of the user that made it fail is so taken back too.
 */
export function halvedRates(
  { family, settings, changes }: Pick<Run, 'family' | 'settings' | 'changes'>,
  initial: Readonly<Settings>,
  step: number,
): { holds: Settings; wanted: Settings } {
  const holds = settingsAt(initial, changes, step);
  const wanted: Settings = {};
  for (const parameter of families[family].parameters) {
    const { key } = parameter;
    if (parameter.type !== 'number' || parameter.live !== 'learning' || !/learningRate$/i.test(key)) continue;
    const half = Math.min(Number(holds[key]), Number(settings[key])) / 2;
    if (half > 0) wanted[key] = Math.max(parameter.min, half);
  }
  return { holds, wanted };
}
