import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Dataset } from '../contract/domain/datasets.ts';
import { mayTrainSchema, type MayTrain } from '../contract/domain/licences.ts';
import {
  pictureEditsSchema,
  pictureFields,
  type PictureChoice,
  type PictureEdits,
  type PictureFacts,
  type PictureField,
} from '../contract/domain/pictures.ts';
import { StudioError } from '../contract/errors.ts';
import type { Studio } from '../studio/studio.ts';
import { findByIdOrName, printResult, withCommonOptions, withStudio, type CommonOptions } from './session.ts';

interface RightsOptions extends CommonOptions {
  pictures?: string[];
  label?: string;
  source?: string;
  licence?: string;
  author?: string;
  url?: string;
  date?: string;
  mayTrain?: MayTrain;
  setLabel?: string;
  caption?: string;
  giveBack?: PictureField[];
  undo?: boolean;
}

const picturesAtOnce = 1000;

/** `imago dataset rights`: what is known of pictures beside their pixels, and the changing of it. */
export function addRightsCommand(dataset: Command, version: string): void {
  withCommonOptions(
    dataset
      .command('rights')
      .description(
        'Show or set the terms, labels and captions of pictures: of all, or of those chosen. What is set by hand ' +
          'counts before what a source says. Pictures that may not be trained on never enter a version',
      )
      .argument('<dataset>', 'its id or name')
      .option('--pictures <name...>', 'only these, by name or id; * stands for any part of a name')
      .option('--label <name>', 'only those with this label')
      .option('--source <number>', 'only those of this source, by its number in the dataset or its id')
      .option('--licence <text>', 'their terms: an SPDX identifier, or their own words')
      .option('--author <name>', 'whom to name')
      .option('--url <address>', 'where pictures or terms can be looked up')
      .option('--date <text>', 'when they were made or published')
      .addOption(
        new Option('--may-train <word>', 'whether they may be trained on').choices(mayTrainSchema.options),
      )
      .option('--set-label <name>', 'their label; "" takes it away')
      .option('--caption <text>', 'their caption; "" takes it away')
      .option('--give-back <fields>', `back to what came with them: ${pictureFields.join(', ')}`, fields)
      .option('--undo', 'take the last decision back, and set nothing'),
  ).action(async (name: string, _own: RightsOptions, command: Command) => {
    // What both commands take is read by the outer one.
    const options = command.optsWithGlobals<RightsOptions>();
    const edits = editsOf(options);
    await withStudio(options, { version, create: false }, async (studio) => {
      const found = findByIdOrName(studio.datasets.list(), name, 'dataset');
      const undone = options.undo === true ? studio.cleaning.overview(found.id).lastDecision : null;
      if (options.undo === true) await studio.cleaning.undo(found.id);
      const choice = choiceOf(studio, found, options);
      const isSet = options.undo !== true && Object.keys(edits).length > 0;
      const { facts, decision } = isSet
        ? await studio.pictures.edit(found.id, choice, edits)
        : { facts: await studio.pictures.facts(found.id, choice), decision: null };
      const { licence } = studio.datasets.get(found.id);
      const changed = decision?.items ?? 0;
      const lines = [
        ...(options.undo === true
          ? [
              undone
                ? `Took back: ${undone.verdict} of ${undone.items}.`
                : 'There is no decision to take back.',
            ]
          : []),
        ...(isSet ? [`Changed ${changed} of ${facts.pictures} pictures.`] : []),
        ...described(facts),
        `Licence of “${found.name}” as a whole: ${licence.name || 'not known'}.`,
      ];
      printResult(
        options,
        { dataset: found.id, changed, ...(options.undo === true ? { undone } : {}), ...facts, licence },
        lines.join('\n'),
      );
    });
  });
}

/** @throws StudioError `input-invalid` */
function editsOf(options: RightsOptions): PictureEdits {
  const { licence, author, url, date, mayTrain, setLabel: label, caption } = options;
  const given = { licence, author, url, date, mayTrain, label, caption };
  const asked: Record<string, unknown> = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  for (const field of options.giveBack ?? []) {
    if (field in asked) {
      throw new StudioError('input-invalid', `“${field}” cannot be set and given back at once.`, {
        name: '--give-back',
      });
    }
    asked[field] = null;
  }
  const parsed = pictureEditsSchema.safeParse(asked);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new StudioError('input-invalid', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}.`);
}

/** @throws StudioError `not-found`, `input-invalid` */
function choiceOf(studio: Studio, dataset: Dataset, options: RightsOptions): PictureChoice {
  const { pictures, label, source } = options;
  if (pictures === undefined) {
    const sourceId = source === undefined ? undefined : findSource(dataset, source);
    return { kind: 'all', label, sourceId };
  }
  if (label !== undefined || source !== undefined) {
    throw new StudioError('input-invalid', 'Choose by --pictures, or by --label and --source.', {
      name: '--pictures',
    });
  }
  return { kind: 'ids', pictureIds: named(studio, dataset, pictures) };
}

function findSource({ sources, name }: Dataset, text: string): string {
  const found = sources.find(({ id, ordinal }) => id === text || String(ordinal) === text);
  if (found) return found.id;
  throw new StudioError('not-found', `“${name}” has no source ${text}. It has ${sources.length}.`, {
    kind: 'source',
    id: text,
  });
}

function named(studio: Studio, { id, name }: Dataset, texts: readonly string[]): string[] {
  const wanted = texts.map((text) => ({ text, matches: matcher(text), isFound: false }));
  const ids: string[] = [];
  for (let offset = 0; ; offset += picturesAtOnce) {
    const { items } = studio.datasets.pictures(id, offset, picturesAtOnce);
    for (const picture of items) {
      let isWanted = false;
      for (const want of wanted) {
        if (want.text !== picture.id && !want.matches.test(picture.name)) continue;
        want.isFound = true;
        isWanted = true;
      }
      if (isWanted) ids.push(picture.id);
    }
    if (items.length < picturesAtOnce) break;
  }
  const missing = wanted.find(({ isFound }) => !isFound);
  if (!missing) return ids;
  throw new StudioError('not-found', `“${name}” has no picture “${missing.text}”.`, {
    kind: 'picture',
    id: missing.text,
  });
}

/** `*` stands for anything, everything else for itself. */
const matcher = (text: string) =>
  new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');

function described({ pictures, mayNotTrain, fields: of }: PictureFacts): string[] {
  return [
    `${pictures} ${pictures === 1 ? 'picture' : 'pictures'}:`,
    ...pictureFields.map((field) => {
      const { value, origin, byHand } = of[field];
      const hand = origin === null && byHand > 0 ? `, ${byHand} by hand` : '';
      return `  ${field.padEnd(8)} ${value === null ? 'differs' : value || 'none'} (${origin ?? 'several origins'}${hand})`;
    }),
    ...(mayNotTrain > 0 ? [`${mayNotTrain} may not be trained on and never enter a version.`] : []),
  ];
}

function fields(text: string): PictureField[] {
  return text.split(',').map((part) => {
    const found = pictureFields.find((field) => field === part.trim());
    if (!found) throw new InvalidArgumentError(`It takes some of ${pictureFields.join(', ')}.`);
    return found;
  });
}
