import { StudioError } from './errors.ts';
import { parseSetting, type HyperParameter, type Settings } from './hyper-parameters.ts';

/** The parameters that may change while a run trains. */
export const liveParameters = (parameters: readonly HyperParameter[]): HyperParameter[] =>
  parameters.filter(({ live }) => live !== undefined);

/**
 * `wanted`, each value checked and of its parameter's own type.
 *
 * @throws StudioError `setting-unknown`, `setting-out-of-range`; `setting-fixed` for one that decides what a run is
 */
export function parseLiveSettings(
  parameters: readonly HyperParameter[],
  wanted: Readonly<Settings>,
): Settings {
  const known = liveParameters(parameters)
    .map(({ key }) => key)
    .join(', ');
  return Object.fromEntries(
    Object.entries(wanted).map(([key, value]) => {
      const parameter = parameters.find((candidate) => candidate.key === key);
      if (!parameter) {
        throw new StudioError(
          'setting-unknown',
          `There is no setting “${key}” here. These can change while a run trains: ${known}.`,
          { key, known },
        );
      }
      if (parameter.live === undefined) {
        throw new StudioError(
          'setting-fixed',
          `The setting “${key}” is part of what this run is. Fork the run to train on with another value. These can change while it trains: ${known}.`,
          { key, known },
        );
      }
      return [key, parseSetting(parameter, value)];
    }),
  );
}
