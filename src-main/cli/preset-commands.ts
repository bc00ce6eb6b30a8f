import { Option, type Command } from 'commander';
import { families, familyIds, presets, type FamilyId } from '../contract/presets.ts';
import { settingsPage, settingsSchemaOf } from '../contract/settings-schema.ts';
import { printResult, withCommonOptions, type CommonOptions } from './session.ts';

function listPresets(options: CommonOptions): void {
  const rows = presets.map((preset) => ({
    id: preset.id,
    family: preset.family,
    sizePx: preset.sizePx,
    channels: preset.channels,
    steps: preset.defaultSteps,
    settings: families[preset.family].parameters.map((parameter) => ({
      key: parameter.key,
      type: parameter.type,
      default: preset.settings[parameter.key] ?? parameter.default,
      ...(parameter.type === 'number' || parameter.type === 'integer'
        ? { min: parameter.min, max: parameter.max }
        : {}),
      ...(parameter.type === 'choice' ? { choices: parameter.choices.map(({ value }) => value) } : {}),
      help: parameter.text.en.help,
    })),
  }));
  const lines = presets.map(
    ({ id, family, sizePx, channels, defaultSteps }) =>
      `${id.padEnd(16)} ${families[family].title.en}, ${sizePx}×${sizePx} ${channels === 1 ? 'grey' : 'RGB'}, ${defaultSteps} steps`,
  );
  printResult(options, { presets: rows }, lines.join('\n'));
}

export function addPresetCommands(program: Command): void {
  withCommonOptions(
    program
      .command('presets')
      .description('List the presets and what they train')
      .addOption(
        new Option('--schema <family>', 'the settings of a family as JSON Schema instead').choices(familyIds),
      ),
  ).action((options: CommonOptions & { schema?: FamilyId }) => {
    if (options.schema === undefined) listPresets(options);
    else console.log(JSON.stringify(settingsSchemaOf(families[options.schema]), null, options.json ? 0 : 2));
  });

  program
    .command('docs')
    .description('Pages made from the declarations')
    .command('settings')
    .description('Every setting of every family, in Markdown (the page docs/settings.md)')
    .action(() => {
      process.stdout.write(settingsPage());
    });
}
