import { InvalidArgumentError, Option, type Command } from 'commander';
import type { DatasetVersion } from '../contract/domain/datasets.ts';
import {
  balanceSchema,
  cropSchema,
  pairingSchema,
  recipeSchema,
  type Balance,
  type Crop,
  type LabelMode,
  type Normalisation,
  type Pairing,
  type Recipe,
  type Resize,
} from '../contract/domain/recipes.ts';
import { pictureSizes, type PictureSize } from '../contract/presets.ts';
import {
  findByIdOrName,
  follow,
  printResult,
  wholeNumber,
  withCommonOptions,
  withStudio,
  type CommonOptions,
} from './session.ts';

interface PrepareOptions extends CommonOptions {
  size?: PictureSize;
  rgb?: boolean;
  grey?: boolean;
  crop?: Crop;
  resize?: Resize;
  contrast?: Normalisation;
  background?: string;
  labels?: LabelMode;
  balance?: Balance;
  heldOut?: number;
  seed?: number;
  pair?: Pairing;
  dryRun?: boolean;
}

interface CompareOptions extends CommonOptions {
  list?: boolean;
}

const maxSeed = 0xffffffff;

/** A version on one line. */
const sentenceOf = (version: DatasetVersion): string =>
  `version ${version.version}: ${version.images} pictures` +
  `${version.heldOutImages > 0 ? ` and ${version.heldOutImages} held out` : ''}, ` +
  `${version.sizePx}×${version.sizePx} ${version.channels === 1 ? 'grey' : 'RGB'}, ` +
  `${version.crop === 'letterbox' ? 'letterbox' : `${version.crop} crop`}` +
  `${version.paired ? `, pairs (${version.pairing.kind})` : ''}, SHA-256 ${version.hash.slice(0, 16)}`;

export function addVersionCommands(program: Command, version: string): void {
  withCommonOptions(
    program
      .command('prepare')
      .description('Make a version of a dataset by a recipe; what is not chosen follows its pictures')
      .argument('<dataset>', 'its id or name')
      .addOption(new Option('--size <px>', 'width and height in pixels').argParser(parseSize))
      .option('--rgb', 'three channels')
      .option('--grey', 'one channel')
      .addOption(new Option('--crop <way>', 'what is kept of a picture').choices(cropSchema.options))
      .addOption(
        new Option('--resize <way>', 'lanczos3 antialiases, nearest is for pixel art').choices([
          'lanczos3',
          'nearest',
        ]),
      )
      .addOption(
        new Option('--contrast <way>', 'stretch each picture from black to white').choices([
          'none',
          'stretch',
        ]),
      )
      .option(
        '--background <#rrggbb>',
        'behind transparent pictures, and the bars of a letterbox',
        parseColour,
      )
      .addOption(new Option('--labels <mode>', 'classes from folders, or none').choices(['folders', 'none']))
      .addOption(
        new Option('--balance <way>', 'none, under (leave out) or over (repeat)').argParser(parseBalance),
      )
      .option('--held-out <share>', 'kept apart from training, 0 to 0.5', parseShare)
      .option('--seed <n>', 'decides what is held out, left out or repeated', wholeNumber(0, maxSeed))
      .addOption(
        new Option(
          '--pair <way>',
          'inputs beside the pictures: edges, grey, blur[:px], holes[:share], lower-resolution[:factor], ' +
            'side-by-side[:left|right], by-name:<inputs>:<targets>',
        ).argParser(parsePairing),
      )
      .option('--dry-run', 'only say what it would make'),
  ).action(async (name: string, options: PrepareOptions) => {
    await withStudio(options, { version, create: false }, async (studio, signal) => {
      const dataset = findByIdOrName(studio.datasets.list(), name, 'dataset');
      const recipe = recipeOf(options, dataset.proposal);
      if (options.dryRun) {
        const outline = await studio.datasets.versions.outline(dataset.id, recipe, 0, 0);
        const { samples: _samples, ...figures } = outline;
        printResult(
          options,
          figures,
          `${outline.images} pictures and ${outline.heldOutImages} held out, ${Math.ceil(outline.bytes / 1e6)} MB; ` +
            `${outline.reusable} taken over from earlier versions` +
            (outline.existing === null ? '.' : `; version ${outline.existing} is this already.`),
        );
        return;
      }
      const made = await follow(
        studio,
        studio.datasets.buildVersion(dataset.id, recipe),
        'Preparing',
        signal,
      );
      printResult(
        options,
        { dataset: dataset.id, ...made },
        `Dataset ${dataset.id} (“${dataset.name}”), ${sentenceOf(made)}.`,
      );
    });
  });

  withCommonOptions(
    program
      .command('versions')
      .description('List the versions of a dataset, or go back to one')
      .argument('<dataset>', 'its id or name')
      .option('--use <version>', 'the version that the next training takes', wholeNumber(1, 1_000_000)),
  ).action(async (name: string, options: CommonOptions & { use?: number }) => {
    await withStudio(options, { version, create: false }, async (studio) => {
      const found = findByIdOrName(studio.datasets.list(), name, 'dataset');
      if (options.use !== undefined) studio.datasets.versions.makeCurrent(found.id, options.use);
      const { versions, currentVersion } = studio.datasets.get(found.id);
      const lines = versions.map(
        (one) => `${one.version === currentVersion?.version ? '*' : ' '} ${sentenceOf(one)}`,
      );
      printResult(
        options,
        { dataset: found.id, currentVersion, versions },
        lines.join('\n') || 'No versions yet.',
      );
    });
  });

  withCommonOptions(
    program
      .command('compare')
      .description('Say what differs between two versions of a dataset')
      .argument('<dataset>', 'its id or name')
      .argument('<from>', 'the number of a version', wholeNumber(1, 1_000_000))
      .argument('<to>', 'the number of another', wholeNumber(1, 1_000_000))
      .option('--list', 'name each picture that differs'),
  ).action(async (name: string, from: number, to: number, options: CompareOptions) => {
    await withStudio(options, { version, create: false }, async (studio) => {
      const { id } = findByIdOrName(studio.datasets.list(), name, 'dataset');
      const { versions } = studio.datasets;
      const comparison = await versions.compare(id, from, to);
      const differences = options.list
        ? await Promise.all(
            (['added', 'removed', 'changed'] as const).map(
              async (kind) => (await versions.differences(id, from, to, kind, 0, comparison[kind])).items,
            ),
          )
        : [];
      const listed = differences.flat();
      const lines = [
        `${comparison.added} added, ${comparison.removed} removed, ${comparison.changed} changed, ${comparison.unchanged} the same.`,
        ...comparison.classes.map((one) => `${one.name}: ${one.from} → ${one.to}`),
        ...listed.map(({ kind, name: picture, what }) => `${kind} ${picture} ${what.join(', ')}`.trim()),
      ];
      printResult(
        options,
        { ...comparison, ...(options.list ? { differences: listed } : {}) },
        lines.join('\n'),
      );
    });
  });
}

function recipeOf(
  options: PrepareOptions,
  proposal: Pick<Recipe, 'sizePx' | 'channels' | 'labelMode'>,
): Recipe {
  const channels = options.rgb ? 3 : options.grey ? 1 : proposal.channels;
  return recipeSchema.parse({
    sizePx: options.size ?? proposal.sizePx,
    channels,
    labelMode: options.labels ?? proposal.labelMode,
    background: options.background,
    crop: options.crop,
    resize: options.resize,
    normalisation: options.contrast,
    balance: options.balance,
    heldOutShare: options.heldOut,
    seed: options.seed,
    pairing: options.pair,
  });
}

function parseSize(text: string): PictureSize {
  const found = pictureSizes.find((size) => String(size) === text);
  if (found === undefined) throw new InvalidArgumentError(`It takes one of ${pictureSizes.join(', ')}.`);
  return found;
}

function parseBalance(text: string): Balance {
  const found = balanceSchema.options.find((way) => way === text || way === `${text}sample`);
  if (found === undefined) throw new InvalidArgumentError('It takes none, under or over.');
  return found;
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 0.5)) {
    throw new InvalidArgumentError('It takes a share from 0 to 0.5.');
  }
  return share;
}

function parsePairing(text: string): Pairing {
  const [kind = '', first, second] = text.split(':');
  const amount = first === undefined ? undefined : Number(first);
  const parsed = pairingSchema.safeParse({
    kind,
    sigmaPx: amount,
    share: amount,
    factor: amount,
    input: first ?? 'left',
    inputs: first,
    targets: second,
  });
  if (!parsed.success) {
    throw new InvalidArgumentError(
      'It takes edges, grey, blur[:0.5–16], holes[:0.05–0.75], lower-resolution[:2|4|8], side-by-side[:left|right] or by-name:<inputs>:<targets>.',
    );
  }
  return parsed.data;
}

function parseColour(text: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(text)) throw new InvalidArgumentError('It takes a colour such as #ffffff.');
  return text.toLowerCase();
}
