import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { StudioError, toFailure, type ErrorCode } from '../contract/errors.ts';
import { projectFolder } from '../workspace/node-runtime.mjs';
import { addAugmentationCommands } from './augmentation-commands.ts';
import { addBackendCommands } from './backend-commands.ts';
import { addCleaningCommands } from './cleaning-commands.ts';
import { addDatasetCommands } from './dataset-commands.ts';
import { addPictureCommands } from './picture-commands.ts';
import { addRepairCommands } from './repair-commands.ts';
import { addRunCareCommands } from './run-care-commands.ts';
import { addPresetCommands } from './preset-commands.ts';
import { addRunCommands } from './run-commands.ts';
import { addServeCommand } from './serve-command.ts';
import { addVersionCommands } from './version-commands.ts';

/** Failures that a corrected command line mends; all others are exit code 1. */
const usageErrors: readonly ErrorCode[] = [
  'array-layout-needed',
  'input-invalid',
  'mask-unusable',
  'preset-unknown',
  'repair-unsupported',
  'setting-fixed',
  'setting-out-of-range',
  'setting-unknown',
];

const { version } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
  version: string;
};

const program = new Command('imago')
  .description('Turn a pile of pictures into a trained image generator on your own machine.')
  .version(version)
  .showHelpAfterError('(add --help for the options)')
  .exitOverride();

for (const add of [
  addDatasetCommands,
  addVersionCommands,
  addCleaningCommands,
  addRunCommands,
  addRunCareCommands,
  addPictureCommands,
  addRepairCommands,
  addPresetCommands,
  addAugmentationCommands,
  addBackendCommands,
  addServeCommand,
]) {
  add(program, version);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const failure = toFailure(error);
    console.error(failure.message);
    if (failure.code === 'unexpected' && error instanceof Error) console.error(error.stack);
    if (process.argv.includes('--json')) console.log(JSON.stringify({ error: failure }));
    process.exitCode = error instanceof StudioError && usageErrors.includes(error.code) ? 2 : 1;
  }
}
