import type { TrainJob } from '../contract/engine-messages.ts';
import type { HyperParameter, Settings, SettingValue } from '../contract/hyper-parameters.ts';
import { parseLiveSettings } from '../contract/live-settings.ts';

export interface SettingStep {
  readonly key: string;
  readonly from: SettingValue;
  readonly to: SettingValue;
}

/** The settings of a run as they change from step to step. */
export interface LiveSettings {
  readonly current: Readonly<Settings>;
  /** Takes over the planned changes that are due once `step` steps are done; what of them made a difference. */
  advance(step: number): SettingStep[];
  /**
   * Takes over a wish that came at `step`; planned changes of the same settings give way to it.
   *
   * @throws StudioError `setting-unknown`, `setting-fixed`, `setting-out-of-range`; nothing has changed then
   */
  wish(settings: Readonly<Settings>): SettingStep[];
  /** Whether the model has to be told; otherwise only the rhythm of the run is another. */
  concernsModel(changes: readonly SettingStep[]): boolean;
}

/** @param planned changes of earlier sittings that lie ahead or behind, by step */
export function createLiveSettings(
  parameters: readonly HyperParameter[],
  initial: Readonly<Settings>,
  planned: NonNullable<TrainJob['changes']>,
): LiveSettings {
  let current: Settings = { ...initial };
  let ahead = [...planned].sort((a, b) => a.step - b.step);

  const take = (wanted: readonly { key: string; to: SettingValue }[]): SettingStep[] => {
    const changes: SettingStep[] = [];
    for (const { key, to } of wanted) {
      const from = current[key];
      if (from === to || from === undefined) continue;
      current = { ...current, [key]: to };
      changes.push({ key, from, to });
    }
    return changes;
  };

  return {
    get current() {
      return current;
    },
    advance(step) {
      const due = ahead.filter((change) => change.step <= step);
      ahead = ahead.slice(due.length);
      return take(due);
    },
    wish(settings) {
      const wanted = Object.entries(parseLiveSettings(parameters, settings)).map(([key, to]) => ({
        key,
        to,
      }));
      ahead = ahead.filter(({ key }) => !(key in settings));
      return take(wanted);
    },
    concernsModel: (changes) =>
      changes.some(({ key }) => parameters.find((parameter) => parameter.key === key)?.live !== 'rhythm'),
  };
}
