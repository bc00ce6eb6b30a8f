import { StudioError } from './errors.ts';

/** A title and one line of help in each language of the studio. */
export interface ParameterText {
  readonly title: string;
  readonly help: string;
}

/** What parameters are about; those of one group are shown together, see {@link groupOf}. */
export const parameterGroups = [
  'network',
  'optimisation',
  'discriminator',
  'damage',
  'augmentation',
  'rhythm',
] as const;
export type ParameterGroup = (typeof parameterGroups)[number];

interface ParameterBase {
  readonly key: string;
  readonly group?: ParameterGroup;
  /** Shown only under "all settings". */
  readonly advanced: boolean;
  /**
   * Whether it may change while a run trains: `learning` says how a step moves the weights, `rhythm` only when the
   * studio draws, saves and steps in. Absent where it decides what the model is.
   */
  readonly live?: 'learning' | 'rhythm';
  readonly text: { readonly en: ParameterText; readonly zh: ParameterText };
}

export interface NumberParameter extends ParameterBase {
  readonly type: 'number' | 'integer';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** What the number counts: `steps`, `pictures`, `channels`; absent for a plain ratio. */
  readonly unit?: string;
  /** A name under which runs of older versions gave it, and what that value means in today's unit. */
  readonly formerly?: { readonly key: string; readonly convert: (value: number) => number };
}

export interface ChoiceParameter extends ParameterBase {
  readonly type: 'choice';
  readonly default: string;
  readonly choices: readonly { readonly value: string; readonly en: string; readonly zh: string }[];
}

export interface SwitchParameter extends ParameterBase {
  readonly type: 'switch';
  readonly default: boolean;
}

/** One hyper-parameter, declared once: wizard, command line, validation and help are made from it. */
export type HyperParameter = NumberParameter | ChoiceParameter | SwitchParameter;

/** The group that a parameter is shown in: its own, else by what it changes. */
export function groupOf({ group, live }: HyperParameter): ParameterGroup {
  return group ?? (live === 'rhythm' ? 'rhythm' : 'network');
}

export type SettingValue = number | string | boolean;
export type Settings = Record<string, SettingValue>;

/**
 * `value` as the parameter's own type; text such as `0.5`, `true` or a choice's name is understood.
 *
 * @throws StudioError `setting-out-of-range` naming the key, the value and what is allowed
 */
export function parseSetting(parameter: HyperParameter, value: SettingValue): SettingValue {
  const refuse = (allowed: string): never => {
    throw new StudioError(
      'setting-out-of-range',
      `The setting “${parameter.key}” cannot be ${String(value)}: it takes ${allowed}.`,
      { key: parameter.key, value: String(value), allowed },
    );
  };
  switch (parameter.type) {
    case 'number':
    case 'integer': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      const allowed = `${parameter.type === 'integer' ? 'a whole number' : 'a number'} from ${parameter.min} to ${parameter.max}`;
      if (typeof number !== 'number' || !Number.isFinite(number)) return refuse(allowed);
      if (parameter.type === 'integer' && !Number.isInteger(number)) return refuse(allowed);
      if (number < parameter.min || number > parameter.max) return refuse(allowed);
      return number;
    }
    case 'choice': {
      const known = parameter.choices.map((choice) => choice.value);
      return known.includes(String(value)) ? String(value) : refuse(known.join(', '));
    }
    case 'switch': {
      if (typeof value === 'boolean') return value;
      if (value === 'true') return true;
      if (value === 'false') return false;
      return refuse('true or false');
    }
  }
}

/**
 * All settings of a run: the defaults, then a preset's, then the user's, each checked.
 *
 * @throws StudioError `setting-unknown` (naming the known keys) or `setting-out-of-range`
 */
export function resolveSettings(
  parameters: readonly HyperParameter[],
  ...layers: readonly Readonly<Settings>[]
): Settings {
  const settings: Settings = Object.fromEntries(parameters.map((p) => [p.key, p.default]));
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer)) {
      const parameter = parameters.find((candidate) => candidate.key === key);
      if (!parameter) {
        const heir = formerlyCalled(parameters, key);
        if (heir) {
          settings[heir.key] = parseSetting(heir, heir.formerly!.convert(Number(value)));
          continue;
        }
        const known = parameters.map((p) => p.key).join(', ');
        throw new StudioError(
          'setting-unknown',
          `There is no setting “${key}” here. Known settings: ${known}.`,
          { key, known },
        );
      }
      settings[key] = parseSetting(parameter, value);
    }
  }
  return settings;
}

function formerlyCalled(parameters: readonly HyperParameter[], key: string): NumberParameter | undefined {
  for (const parameter of parameters) {
    if ('formerly' in parameter && parameter.formerly?.key === key) return parameter;
  }
  return undefined;
}
