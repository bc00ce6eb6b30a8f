import type { Family } from './families/family.ts';
import type { HyperParameter } from './hyper-parameters.ts';
import { groupOf, parameterGroups, type ParameterGroup } from './hyper-parameters.ts';
import { families } from './presets.ts';

/** JSON Schema (draft 2020-12) of the settings that a run of this family takes; all of them may be left out. */
export function settingsSchemaOf(family: Family): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:imago-studio:settings:${family.id}`,
    title: family.title.en,
    description: family.summary.en,
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      family.parameters.map((parameter) => [parameter.key, propertyOf(parameter)]),
    ),
  };
}

function propertyOf(parameter: HyperParameter): Record<string, unknown> {
  const { title, help } = parameter.text.en;
  const told = { title, description: help, default: parameter.default };
  switch (parameter.type) {
    case 'number':
    case 'integer':
      return {
        ...told,
        type: parameter.type,
        minimum: parameter.min,
        maximum: parameter.max,
        ...(parameter.unit === undefined ? {} : { unit: parameter.unit }),
      };
    case 'choice':
      return {
        ...told,
        oneOf: parameter.choices.map(({ value, en }) => ({ const: value, title: en })),
      };
    case 'switch':
      return { ...told, type: 'boolean' };
  }
}

const groupTitles: Readonly<Record<ParameterGroup, string>> = {
  network: 'Network',
  optimisation: 'Learning',
  discriminator: 'Discriminator',
  damage: 'Damage to learn from',
  augmentation: 'Augmentation',
  rhythm: 'Rhythm of the run',
};

/**
 * The page of all settings, in Markdown: those that every family takes once, then each family's own, with the
 * defaults where they differ. Made from the declarations; `imago docs settings` prints it.
 */
export function settingsPage(): string {
  const all = Object.values(families);
  const common = (all[0]?.parameters ?? []).filter(({ key }) =>
    all.every(({ parameters }) => parameters.some((parameter) => parameter.key === key)),
  );
  const isCommon = (key: string) => common.some((parameter) => parameter.key === key);
  const ofGroup = (parameters: readonly HyperParameter[], group: ParameterGroup) =>
    parameters.filter((parameter) => groupOf(parameter) === group);
  return [
    '# Settings',
    '',
    'Made from the declarations in `src-main/contract/families` by `imago docs settings`; do not edit it by hand.',
    'Each setting is given by `--set key=value` on the command line, or in the window under “Choose myself”.',
    '`imago presets --schema FAMILY` prints the same as JSON Schema.',
    '',
    '## Every family',
    '',
    ...parameterGroups.flatMap((group) => {
      const parameters = ofGroup(common, group);
      return parameters.length === 0 ? [] : [`### ${groupTitles[group]}`, '', ...table(parameters), ''];
    }),
    ...all.flatMap((family) => [
      `## ${family.title.en} (\`${family.id}\`)`,
      '',
      `${family.summary.en} After ${family.reference}.`,
      '',
      ...table(family.parameters.filter(({ key }) => !isCommon(key))),
      ...otherDefaults(family, common),
      '',
    ]),
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()
    .concat('\n');
}

/** The common settings that a family starts from elsewhere. */
function otherDefaults(family: Family, common: readonly HyperParameter[]): string[] {
  const differing = common.flatMap(({ key, default: usual }) => {
    const own = family.parameters.find((parameter) => parameter.key === key)?.default;
    return own === undefined || own === usual ? [] : [`\`${key}\` ${String(own)}`];
  });
  return differing.length === 0 ? [] : ['', `Other defaults: ${differing.join(', ')}.`];
}

function table(parameters: readonly HyperParameter[]): string[] {
  if (parameters.length === 0) return ['It has no settings of its own.'];
  const rows = parameters.map((parameter) => {
    const { title, help } = parameter.text.en;
    return `| \`${parameter.key}\` | ${allowed(parameter)} | ${String(parameter.default)} | ${cell(`**${title}.** ${help}`)} |`;
  });
  return ['| setting | takes | default | what it does |', '|---|---|---|---|', ...rows];
}

function allowed(parameter: HyperParameter): string {
  switch (parameter.type) {
    case 'number':
    case 'integer': {
      const unit = parameter.unit === undefined ? '' : ` ${parameter.unit}`;
      return `${parameter.min} … ${parameter.max}${unit}`;
    }
    case 'choice':
      return parameter.choices.map(({ value }) => `\`${value}\``).join(', ');
    case 'switch':
      return '`true`, `false`';
  }
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
