import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import {
  collectSetting,
  findByIdOrName,
  printResult,
  wholeNumber,
  withCommonOptions,
  withStudio,
  type CommonOptions,
} from './session.ts';

interface SheetOptions extends CommonOptions {
  dataset: string;
  set: Settings;
  out: string;
  pictures: number;
  draws: number;
  seed: number;
}

export function addAugmentationCommands(program: Command, version: string): void {
  withCommonOptions(
    program
      .command('augmentations')
      .description('Draw a contact sheet of what augmentation does to the pictures of a dataset')
      .requiredOption('--dataset <id|name>', 'whose pictures')
      .option(
        '--set <key=value>',
        'a setting of augmentation; may be given more than once',
        collectSetting,
        {},
      )
      .option('--pictures <n>', 'how many pictures, one in each row', wholeNumber(1, 16), 6)
      .option('--draws <n>', 'how many draws of each', wholeNumber(1, 16), 7)
      .option('--seed <n>', 'another seed makes other draws', wholeNumber(0, 0xffffffff), 1)
      .requiredOption('--out <file.png>', 'where to put the sheet'),
  ).action(async (options: SheetOptions) => {
    await withStudio(options, { version, create: false }, async (studio, signal) => {
      const dataset = findByIdOrName(studio.datasets.list(), options.dataset, 'dataset');
      const { set: settings, seed, pictures, draws } = options;
      const sheet = await studio.augmentations.sheet(
        { datasetId: dataset.id, settings, seed, pictures, draws },
        signal,
      );
      const file = resolve(options.out);
      await writeFile(file, studio.augmentations.png(sheet.id)).catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new StudioError(
          'input-invalid',
          `The sheet cannot be written to ${file}: ${reason}`,
          { file, reason },
          cause,
        );
      });
      const { columns, rows, tilePx, probability } = sheet;
      printResult(
        options,
        { dataset: dataset.id, file, columns, rows, tilePx, probability },
        `${rows} pictures of “${dataset.name}”, each as it is and in ${columns - 1} draws: ${file}`,
      );
    });
  });
}
