import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { RepairMask, RepairRights, RepairSource } from '../contract/domain/repairs.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { classUnknown } from '../studio/drawing-checkpoint.ts';
import type { Studio } from '../studio/studio.ts';
import { toFileError } from '../workspace/files.ts';
import {
  collectSetting,
  findByIdOrName,
  follow,
  printResult,
  say,
  wholeNumber,
  withCommonOptions,
  withStudio,
  type CommonOptions,
} from './session.ts';

interface RepairOptions extends CommonOptions {
  run: string;
  checkpoint?: number;
  picture?: string;
  image?: string;
  datasetPicture?: string;
  heldOut?: number;
  mask?: string;
  lower?: number;
  box?: Extract<RepairMask, { kind: 'box' }>;
  transparency?: boolean;
  derive?: boolean;
  count: number;
  seed: number;
  class?: string;
  set: Settings;
  to?: string;
}

const percent = (text: string): number => {
  const number = Number(text.replace(/%$/, ''));
  if (number > 0 && number <= 100) return number;
  throw new InvalidArgumentError('It takes a number above 0, up to 100.');
};

function box(text: string): Extract<RepairMask, { kind: 'box' }> {
  const parts = text.split(',').map(Number);
  const [left, top, widthPx, heightPx] = parts;
  const isBox = parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0);
  if (!isBox || !widthPx || !heightPx) {
    throw new InvalidArgumentError('It takes left,top,width,height in pixels, such as 8,8,12,12.');
  }
  return { kind: 'box', left: left!, top: top!, widthPx, heightPx };
}

/** The one of several that was given; null for none. @throws StudioError `input-invalid` for more than one */
function oneOf<Value>(options: Readonly<Record<string, Value | undefined>>): Value | null {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    const names = given.map(([name]) => name).join(' and ');
    throw new StudioError('input-invalid', `Name one of them: ${names}.`, { name: names });
  }
  return given[0]?.[1] ?? null;
}

async function maskOf(options: RepairOptions): Promise<RepairMask> {
  const { mask, lower } = options;
  const chosen = oneOf<() => Promise<RepairMask>>({
    '--mask': mask === undefined ? undefined : () => readMaskFile(mask),
    '--lower': lower === undefined ? undefined : async () => ({ kind: 'lower', percent: lower }),
    '--box': options.box && (async () => options.box!),
    '--transparency': options.transparency ? async () => ({ kind: 'transparency' }) : undefined,
  });
  return chosen ? chosen() : { kind: 'none' };
}

async function readMaskFile(path: string): Promise<RepairMask> {
  try {
    return { kind: 'painted', base64: (await readFile(path)).toString('base64') };
  } catch (error) {
    throw new StudioError('path-missing', `The mask “${path}” cannot be read.`, { path }, error);
  }
}

function sourceOf(options: RepairOptions, studio: Studio): RepairSource {
  const { picture, image, datasetPicture, heldOut } = options;
  const chosen = oneOf<RepairSource>({
    '--picture': picture === undefined ? undefined : { kind: 'path', path: resolve(picture) },
    '--image': image === undefined ? undefined : { kind: 'image', imageId: image },
    '--dataset-picture':
      datasetPicture === undefined ? undefined : { kind: 'picture', pictureId: datasetPicture },
    '--held-out': heldOut === undefined ? undefined : heldOutSource(options, studio, heldOut),
  });
  if (chosen) return chosen;
  throw new StudioError(
    'input-invalid',
    'Name the picture to repair: --picture, --image, --dataset-picture or --held-out.',
  );
}

function heldOutSource(options: RepairOptions, studio: Studio, number: number): RepairSource {
  const run = findByIdOrName(studio.runs.list(), options.run, 'run');
  const { images, heldOutImages, paired } = studio.datasets.version(run.datasetId, run.datasetVersion);
  if (number > heldOutImages) {
    throw new StudioError(
      'input-invalid',
      `The version of “${run.name}” holds out ${heldOutImages} pictures, and there is no number ${number} among them.`,
      { name: run.name },
    );
  }
  const place = { datasetId: run.datasetId, version: run.datasetVersion, row: images + number - 1 };
  return { kind: 'version', ...place, part: paired ? 'inputs' : 'images' };
}

/** What has to be said of a picture's terms before anything is made of it; null where all is well. */
function warningOf({ licence, mayTrain }: RepairRights): string | null {
  const parts = [
    licence === ''
      ? 'Its licence is not known: make sure that you may change it and pass the result on.'
      : '',
    mayTrain === 'no' ? 'Whoever made it does not want models to be fed with it.' : '',
  ].filter(Boolean);
  return parts.length === 0 ? null : parts.join(' ');
}

export function addRepairCommands(program: Command, version: string): void {
  withCommonOptions(
    program
      .command('repair')
      .description('Make up what is missing in a picture, complete it, or turn it into another')
      .requiredOption('--run <id|name>', 'a run whose family repairs: diffusion, denoiser, VQ-VAE, pix2pix')
      .option('--checkpoint <step>', 'a step it was saved at (the newest)', wholeNumber(0, 100_000_000))
      .option('--picture <file>', 'the picture')
      .option('--image <id>', 'or a picture of the gallery')
      .option('--dataset-picture <id>', 'or a picture of a dataset')
      .option(
        '--held-out <n>',
        'or the n-th picture that the run’s version held out',
        wholeNumber(1, 100_000_000),
      )
      .option(
        '--mask <file>',
        'what to make up: the transparent or, without such, the white part of a picture',
      )
      .option('--lower <percent>', 'or the lower part', percent)
      .option('--box <x,y,w,h>', 'or a box, in pixels of the model', box)
      .option('--transparency', 'or what is transparent in the picture itself')
      .option('--derive', 'turn the picture into an input as the pairs of the run were made (edges, grey …)')
      .option('--count <n>', 'how many variants', wholeNumber(1, 1000), 1)
      .option(
        '--seed <n>',
        'the first variant’s seed; each next one counts up',
        wholeNumber(0, 0xffffffff),
        1,
      )
      .option('--class <name>', 'what it shows, of a run that learned classes')
      .option(
        '--set <key=value>',
        'how to sample, such as samplingSteps=100 or resamplings=10; again for more',
        collectSetting,
        {},
      )
      .option('--to <folder>', 'also write the pictures there, beside the gallery; never written over'),
  ).action(async (options: RepairOptions) => {
    await withStudio(options, { version, create: false }, async (studio, signal) => {
      const run = findByIdOrName(studio.runs.list(), options.run, 'run');
      const classIndex =
        options.class === undefined ? undefined : (run.classes?.indexOf(options.class) ?? -1);
      if (classIndex !== undefined && classIndex < 0) throw classUnknown(run, options.class!);
      const from = sourceOf(options, studio);
      const mask = await maskOf(options);
      const derive = options.derive ?? false;
      const look = await studio.repairs.look({ runId: run.id, from, derive });
      const files = options.to === undefined ? null : await freshFiles(resolve(options.to), options);
      const warning = warningOf(look.rights);
      if (warning) say(`“${look.name}”: ${warning}`);
      const { inputSha256, maskSha256, ...started } = await studio.repairs.start({
        ...{ runId: run.id, from, derive, mask, count: options.count, seed: options.seed },
        ...(options.checkpoint === undefined ? {} : { checkpointStep: options.checkpoint }),
        ...(classIndex === undefined ? {} : { classIndex }),
        sampling: options.set,
      });
      const images = await follow(studio, started, 'Repairing', signal);
      for (const [index, file] of (files ?? []).entries()) {
        await writeFile(file, await studio.gallery.read(images[index]!), { flag: 'wx' }).catch(
          (error: unknown) => {
            throw toFileError(error, file);
          },
        );
      }
      printResult(
        options,
        {
          images: images.map(({ id }) => id),
          input: inputSha256,
          mask: maskSha256,
          ...(files ? { files } : {}),
        },
        images
          .map(({ id, seed }, index) => `${id}  seed ${seed}${files ? `  ${files[index]}` : ''}`)
          .join('\n'),
      );
    });
  });
}

/** Names for the pictures in a folder, which is made where it is missing. @throws StudioError `export-target-not-empty` */
async function freshFiles(folder: string, { count, seed }: RepairOptions): Promise<string[]> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw toFileError(error, folder);
  }
  const files = Array.from({ length: count }, (_, index) =>
    join(folder, `seed-${(seed + index) % 0x1_0000_0000}.png`),
  );
  for (const file of files) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    throw new StudioError(
      'export-target-not-empty',
      `“${file}” is there already, and nothing is ever written over. Choose another folder or seed.`,
      { path: file },
    );
  }
  return files;
}
