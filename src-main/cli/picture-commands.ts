import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { ExportSelection } from '../contract/domain/exports.ts';
import type { Run } from '../contract/domain/runs.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { classUnknown } from '../studio/drawing-checkpoint.ts';
import type { Studio } from '../studio/studio.ts';
import {
  collectSetting,
  findByIdOrName,
  follow,
  printResult,
  wholeNumber,
  withCommonOptions,
  withStudio,
  type CommonOptions,
} from './session.ts';

interface GenerateOptions extends CommonOptions {
  run: string;
  checkpoint?: number;
  count: number;
  seed: number;
  class?: string;
  with: string[];
  set: Settings;
}

interface ExportOptions extends CommonOptions {
  run?: string;
  ids?: string;
  to: string;
  format: 'folder' | 'zip';
  /** Commander's negated option: false after `--no-provenance`. */
  provenance: boolean;
}

/**
 * Ids of pictures from a file: a JSON array, the JSON that `generate` prints, or one id a line.
 *
 * @throws StudioError `path-missing`, `input-invalid`
 */
async function readIds(file: string): Promise<string[]> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new StudioError('path-missing', `The file “${file}” cannot be read.`, { path: file }, error);
  }
  let ids: unknown = text.split(/\s+/).filter(Boolean);
  if (/^[[{]/.test(text)) {
    try {
      const parsed: unknown = JSON.parse(text);
      ids = Array.isArray(parsed) ? parsed : (parsed as { images?: unknown }).images;
    } catch {
      ids = null;
    }
  }
  if (Array.isArray(ids) && ids.length > 0 && ids.every((id): id is string => typeof id === 'string')) {
    return ids;
  }
  throw new StudioError(
    'input-invalid',
    `“${file}” holds no picture ids. It takes a JSON array, the output of “generate --json”, or one id a line.`,
    { path: file },
  );
}

/** @throws StudioError `class-unknown` naming the classes of the run */
function findClass(run: Run, name: string): number {
  const index = run.classes?.indexOf(name) ?? -1;
  if (index < 0) throw classUnknown(run, name);
  return index;
}

/** A run by its id or name, with `@` and a step behind it for a checkpoint other than the newest. */
function findMember(studio: Studio, text: string): { runId: string; checkpointStep?: number } {
  const runs = studio.runs.list();
  const [, name, step] = /^(.*)@(\d+)$/.exec(text) ?? [];
  if (name === undefined || step === undefined) return { runId: findByIdOrName(runs, text, 'run').id };
  return { runId: findByIdOrName(runs, name, 'run').id, checkpointStep: Number(step) };
}

export function addPictureCommands(program: Command, version: string): void {
  withCommonOptions(
    program
      .command('generate')
      .description('Draw pictures from a run into the gallery')
      .requiredOption('--run <id|name>', 'the run')
      .option('--checkpoint <step>', 'a step it was saved at (the newest)', wholeNumber(0, 100_000_000))
      .option(
        '--with <run[@step]>',
        'another run that draws with it as one model, each seed choosing between them; again for more',
        (text: string, others: string[]) => [...others, text],
        [],
      )
      .requiredOption('--count <n>', 'how many pictures', wholeNumber(1, 100_000))
      .requiredOption(
        '--seed <n>',
        'the first picture’s seed; each next one counts up',
        wholeNumber(0, 0xffffffff),
      )
      .option('--class <name>', 'what to draw, of a run that learned classes (each seed chooses)')
      .option(
        '--set <key=value>',
        'how to sample, where the family lets one choose, such as samplingSteps=100; again for more',
        collectSetting,
        {},
      ),
  ).action(async (options: GenerateOptions) => {
    await withStudio(options, { version, create: false }, async (studio, signal) => {
      const run = findByIdOrName(studio.runs.list(), options.run, 'run');
      const classIndex = options.class === undefined ? undefined : findClass(run, options.class);
      const started = await studio.generation.start({
        runId: run.id,
        count: options.count,
        seed: options.seed,
        ...(classIndex === undefined ? {} : { classIndex }),
        sampling: options.set,
        ensemble: options.with.map((text) => findMember(studio, text)),
        ...(options.checkpoint === undefined ? {} : { checkpointStep: options.checkpoint }),
      });
      const images = await follow(studio, started, 'Drawing', signal);
      printResult(
        options,
        { images: images.map(({ id }) => id) },
        images
          .map(({ id, seed, label }) => `${id}  seed ${seed}${label === undefined ? '' : `  ${label}`}`)
          .join('\n'),
      );
    });
  });

  withCommonOptions(
    program
      .command('export')
      .description('Write an image set with its metadata, manifest and data card')
      .option('--run <id|name>', 'every picture of this run')
      .option('--ids <file>', 'the pictures named in this file')
      .requiredOption('--to <path>', 'the folder or ZIP to make; never written over')
      .addOption(new Option('--format <format>', 'what to make').choices(['folder', 'zip']).default('folder'))
      .option('--no-provenance', 'leave the provenance out of the picture files'),
  ).action(async (options: ExportOptions) => {
    if ((options.run === undefined) === (options.ids === undefined)) {
      throw new StudioError('input-invalid', 'Name what to export: --run or --ids, one of them.');
    }
    await withStudio(options, { version, create: false }, async (studio, signal) => {
      const selection: ExportSelection =
        options.ids === undefined
          ? {
              kind: 'filter',
              filter: {
                runId: findByIdOrName(studio.runs.list(), options.run ?? '', 'run').id,
                trashed: false,
              },
            }
          : { kind: 'ids', imageIds: await readIds(options.ids) };
      const started = await studio.exports.start({
        selection,
        path: resolve(options.to),
        format: options.format,
        embedProvenance: options.provenance,
      });
      const { path, images, bytes } = await follow(studio, started, 'Exporting', signal);
      printResult(options, { path, images, bytes }, `${images} pictures in ${path} (${bytes} bytes)`);
    });
  });
}
