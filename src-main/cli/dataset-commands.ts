import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Dataset, DatasetVersion } from '../contract/domain/datasets.ts';
import { mayTrainSchema, type MayTrain } from '../contract/domain/licences.ts';
import type { ImportSource } from '../contract/domain/sources.ts';
import type { LabelMode, RecipeInput } from '../contract/domain/recipes.ts';
import { StudioError } from '../contract/errors.ts';
import { pictureSizes, type Channels, type PictureSize } from '../contract/presets.ts';
import type { Studio } from '../studio/studio.ts';
import { sourceOfOptions, withSourceOptions, type SourceOptions } from './import-sources.ts';
import { addRightsCommand } from './rights-command.ts';
import {
  findByIdOrName,
  follow,
  printResult,
  say,
  wholeNumber,
  withCommonOptions,
  withStudio,
  type CommonOptions,
} from './session.ts';

interface ImportOptions extends CommonOptions {
  name: string;
  into?: string;
  licence?: string;
  author?: string;
  mayTrain?: MayTrain;
  size?: PictureSize;
  channels?: Channels;
  labels?: LabelMode;
  background?: string;
}

const maxSeed = 0xffffffff;

/** Imports into a new project of the same name and makes version 1. */
async function importDataset(
  studio: Studio,
  source: ImportSource,
  options: ImportOptions,
  signal: AbortSignal,
) {
  const project = studio.projects.create(options.name);
  const started = await studio.datasets.import(project.id, options.name, source).catch((error: unknown) => {
    studio.projects.trash(project.id);
    throw error;
  });
  await follow(studio, started, 'Importing', signal).catch((error: unknown) => {
    studio.projects.trash(project.id);
    throw error;
  });
  const [first] = studio.datasets.get(started.datasetId).sources;
  if (first) setRights(studio, first.id, options);
  const dataset = studio.datasets.get(started.datasetId);
  for (const { name, reason } of studio.datasets.quarantined(dataset.id, 0, 1000).items) {
    say(`Put aside: ${name}. ${reason.message}`);
  }
  const version = await buildVersion(studio, dataset.id, options, signal);
  return { dataset: studio.datasets.get(dataset.id), version };
}

/** Adds one more source to a dataset; what is there stays as it is. */
async function addSource(
  studio: Studio,
  datasetId: string,
  source: ImportSource,
  options: ImportOptions,
  signal: AbortSignal,
) {
  const before = studio.datasets.get(datasetId);
  const started = await studio.datasets.sources.add(datasetId, source);
  await follow(studio, started, 'Adding', signal);
  setRights(studio, started.sourceId, options);
  const dataset = studio.datasets.get(datasetId);
  return { dataset, added: dataset.pictures - before.pictures, sourceId: started.sourceId };
}

/** What the command line says of the rights of a source counts more than what was found in it. */
function setRights(studio: Studio, sourceId: string, { licence, author, mayTrain }: ImportOptions): void {
  if (licence === undefined && author === undefined && mayTrain === undefined) return;
  const { rights } = studio.datasets.sources.get(sourceId);
  studio.datasets.sources.setRights(sourceId, {
    ...rights,
    ...(licence !== undefined && { licence }),
    ...(author !== undefined && { author }),
    ...(mayTrain !== undefined && { mayTrain }),
  });
}

/** A dataset in words: its sources, its terms, and what is missing. */
function describe(dataset: Dataset): string {
  const { licence, missing } = dataset;
  const lines = [
    `“${dataset.name}” (${dataset.id}): ${dataset.pictures} pictures, ${dataset.classes.length} classes, ${dataset.quarantined} put aside, ${dataset.versions.length} versions.`,
    `Licence: ${licence.name || 'not known'}.${licence.attribution ? ` By ${licence.attribution}.` : ''}`,
    ...(licence.demands.length > 0 ? [`It asks for: ${licence.demands.join(', ')}.`] : []),
    ...(licence.conflicts.length > 0 ? [`To be looked at: ${licence.conflicts.join(', ')}.`] : []),
    `May be trained on: ${licence.mayTrain.yes} yes, ${licence.mayTrain.no} no, ${licence.mayTrain.unknown} not known.`,
    `Missing: ${missing.label} labels, ${missing.caption} captions, ${missing.licence} licences.`,
    ...dataset.sources.map(
      (source) =>
        `${source.ordinal}. ${source.kind} ${source.location}`.trimEnd() +
        `: ${source.pictures} pictures, ${source.quarantined} put aside, licence ${source.rights.licence || 'not known'}` +
        `${source.rights.author ? ` by ${source.rights.author}` : ''}, training ${source.rights.mayTrain}` +
        `${source.watched ? ', watched' : ''} (${source.id})`,
    ),
  ];
  return lines.join('\n');
}

/** Makes (or finds) a version of a dataset; what is not chosen follows the pictures' own proposal. */
export async function buildVersion(
  studio: Studio,
  datasetId: string,
  chosen: { size?: PictureSize; channels?: Channels; labels?: LabelMode; background?: string },
  signal: AbortSignal,
): Promise<DatasetVersion> {
  const { proposal } = studio.datasets.get(datasetId);
  const recipe: RecipeInput = {
    sizePx: chosen.size ?? proposal.sizePx,
    channels: chosen.channels ?? proposal.channels,
    labelMode: chosen.labels ?? proposal.labelMode,
    background: chosen.background ?? '#ffffff',
  };
  return follow(studio, await studio.datasets.buildVersion(datasetId, recipe), 'Preparing', signal);
}

const importResult = ({ dataset, version }: Awaited<ReturnType<typeof importDataset>>) => ({
  result: {
    dataset: dataset.id,
    version: version.version,
    images: version.images,
    classes: version.classes.length,
    quarantined: dataset.quarantined,
  },
  sentence:
    `Dataset ${dataset.id} (“${dataset.name}”), version ${version.version}: ${version.images} pictures, ` +
    `${version.sizePx}×${version.sizePx} ${version.channels === 1 ? 'grey' : 'RGB'}, ` +
    `${version.classes.length} classes, ${dataset.quarantined} put aside.`,
});

export function addDatasetCommands(program: Command, version: string): void {
  withCommonOptions(
    withSourceOptions(
      program
        .command('import')
        .description(
          'Make a dataset of a folder, an archive (ZIP, TAR, TAR.GZ), a container (IDX, CIFAR, NPY, NPZ, Parquet), ' +
            'a manifest (CSV, JSONL), a database query or a list of addresses',
        )
        .argument('[path]', 'the folder or file'),
    )
      .option('--name <name>', 'what to call the new dataset')
      .option('--into <dataset>', 'the dataset that it is added to, instead of a new one')
      .option('--licence <text>', 'the terms of these pictures: an SPDX identifier, or their own words')
      .option('--author <name>', 'whom to name')
      .addOption(
        new Option('--may-train <word>', 'whether they may be trained on').choices(mayTrainSchema.options),
      )
      .addOption(
        new Option('--size <px>', 'width and height in pixels (proposed from the pictures)').argParser<
          PictureSize | undefined
        >((text) => chooseNumber(text, pictureSizes)),
      )
      .addOption(
        new Option('--channels <n>', '1 grey, 3 RGB (proposed from the pictures)').argParser<
          Channels | undefined
        >((text) => chooseNumber(text, [1, 3] as const)),
      )
      .addOption(
        new Option('--labels <mode>', 'class labels from sub-folders, or none').choices(['folders', 'none']),
      )
      .option('--background <#rrggbb>', 'colour behind transparent pictures', parseColour, '#ffffff'),
  ).action(async (path: string | undefined, options: ImportOptions & SourceOptions) => {
    const { into } = options;
    if ((into === undefined) === (options.name === undefined)) {
      throw new StudioError(
        'input-invalid',
        'Name either a new dataset (--name) or one to add to (--into).',
        {
          name: '--name',
        },
      );
    }
    const source = await sourceOfOptions(path, options);
    await withStudio(options, { version, create: into === undefined }, async (studio, signal) => {
      if (into === undefined) {
        const { result, sentence } = importResult(await importDataset(studio, source, options, signal));
        printResult(options, result, sentence);
        return;
      }
      const { dataset, added, sourceId } = await addSource(studio, into, source, options, signal);
      printResult(
        options,
        { dataset: into, source: sourceId, added, pictures: dataset.pictures },
        `Added ${added} pictures to “${dataset.name}”, which now has ${dataset.pictures}.`,
      );
    });
  });

  withCommonOptions(
    program
      .command('sample')
      .description('Make the built-in sample: handwritten-style digits in ten classes')
      .requiredOption('--name <name>', 'what to call it')
      .option('--images <n>', 'how many pictures', wholeNumber(10, 100_000), 10_000)
      .option('--seed <n>', 'the same seed draws the same pictures', wholeNumber(0, maxSeed), 1),
  ).action(async (options: ImportOptions & { images: number; seed: number }) => {
    await withStudio(options, { version, create: true }, async (studio, signal) => {
      const source = { kind: 'sample', images: options.images, seed: options.seed } as const;
      const { result, sentence } = importResult(await importDataset(studio, source, options, signal));
      printResult(options, result, sentence);
    });
  });

  const one = withCommonOptions(
    program
      .command('dataset')
      .description('Show a dataset: its sources, its licence, and what is missing')
      .argument('<dataset>', 'its id or name'),
  ).action(async (name: string, options: CommonOptions) => {
    await withStudio(options, { version, create: false }, async (studio) => {
      const dataset = findByIdOrName(studio.datasets.list(), name, 'dataset');
      printResult(options, { dataset }, describe(dataset));
    });
  });
  addRightsCommand(one, version);

  withCommonOptions(program.command('datasets').description('List the datasets of the workspace')).action(
    async (options: CommonOptions) => {
      await withStudio(options, { version, create: false }, async (studio) => {
        const datasets = studio.datasets.list();
        const lines = datasets.map(
          ({ id, name, pictures, versions }) =>
            `${id}  “${name}”  ${pictures} pictures, ${versions.length} versions`,
        );
        printResult(options, { datasets }, lines.join('\n') || 'No datasets yet.');
      });
    },
  );
}

/** Commander checks choices only without a parser of our own, so the parser checks them. */
function chooseNumber<Choice extends number>(text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => String(choice) === text);
  if (found === undefined) throw new InvalidArgumentError(`It takes one of ${choices.join(', ')}.`);
  return found;
}

function parseColour(text: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(text)) throw new InvalidArgumentError('It takes a colour such as #ffffff.');
  return text.toLowerCase();
}
