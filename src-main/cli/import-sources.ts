import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import {
  arrayLayouts,
  arrayRangeSchema,
  cifarLabelsSchema,
  importSourceSchema,
  type ArrayLayout,
  type ArrayRange,
  type CifarLabels,
  type ImportSource,
} from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { positiveNumber, wholeNumber } from './session.ts';

/** Where pictures come from, as the command line says it. */
export interface SourceOptions {
  sqlite?: string;
  postgres?: string;
  query?: string;
  timeLimit?: number;
  urls?: string;
  concurrency?: number;
  retries?: number;
  largestMb?: number;
  allowPrivate?: boolean;
  arrayLayout?: ArrayLayout;
  arrayRange?: ArrayRange;
  arrayPictures?: string;
  arrayLabels?: string;
  cifarLabels?: CifarLabels;
}

/** Adds the options that {@link sourceOfOptions} reads. */
export const withSourceOptions = (command: Command): Command =>
  command
    .option('--sqlite <file>', 'take the rows of --query from a SQLite file')
    .option('--postgres <address>', 'take them from postgresql://user:password@host/database (or PGPASSWORD)')
    .option('--query <sql>', 'one SELECT; column “image” holds the bytes, “label” and “caption” are taken up')
    .option(
      '--time-limit <seconds>',
      'how long to wait for the next rows of a query, 60',
      wholeNumber(1, 3600),
    )
    .option('--urls <file>', 'download the pictures at the addresses of a text file, one in each line')
    .option('--concurrency <n>', 'downloads at once, 4; two at most from one host', wholeNumber(1, 16))
    .option('--retries <n>', 'how often a download that failed is tried again, 3', wholeNumber(0, 10))
    .option('--largest-mb <n>', 'larger downloads are put aside, 32', positiveNumber)
    .option('--allow-private', 'allow addresses of this computer and its own network')
    .addOption(
      new Option('--array-layout <axes>', 'what the axes of an NPY or NPZ mean').choices([...arrayLayouts]),
    )
    .addOption(
      new Option('--array-range <range>', 'values from 0 to 255, from 0 to 1, or from −1 to 1').choices([
        ...arrayRangeSchema.options,
      ]),
    )
    .option('--array-pictures <name>', 'the array of an NPZ that holds the pictures')
    .option('--array-labels <name>', 'the array of an NPZ that holds the labels')
    .addOption(
      new Option('--cifar-labels <which>', 'the labels of CIFAR-100').choices([...cifarLabelsSchema.options]),
    );

const unusable = (why: string) => new StudioError('input-invalid', why);

/**
 * The one source that a command names.
 *
 * @throws StudioError `input-invalid` where it names none, several, or half of one; `path-missing` for a list that is
 *   not there
 */
export async function sourceOfOptions(
  path: string | undefined,
  options: SourceOptions,
): Promise<ImportSource> {
  const named = [path, options.sqlite, options.postgres, options.urls].filter((one) => one !== undefined);
  if (named.length !== 1) {
    throw unusable('Name one source: a path, --sqlite with --query, --postgres with --query, or --urls.');
  }
  const isQuery = options.sqlite !== undefined || options.postgres !== undefined;
  if (isQuery !== (options.query !== undefined)) {
    throw unusable('--query belongs to --sqlite or --postgres, and these need it.');
  }
  const download = {
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    ...(options.retries === undefined ? {} : { retries: options.retries }),
    ...(options.largestMb === undefined ? {} : { largestBytes: Math.round(options.largestMb * 1024 ** 2) }),
    ...(options.allowPrivate ? { allowPrivate: true } : {}),
  };
  const query = {
    sql: options.query,
    ...(options.timeLimit === undefined ? {} : { timeoutSeconds: options.timeLimit }),
  };
  const arrays = {
    layout: options.arrayLayout,
    range: options.arrayRange,
    pictures: options.arrayPictures,
    labels: options.arrayLabels,
  };
  const asked =
    options.sqlite !== undefined
      ? { kind: 'sqlite', path: resolve(options.sqlite), ...query }
      : options.postgres !== undefined
        ? { kind: 'postgresql', connection: options.postgres, ...query }
        : options.urls !== undefined
          ? { kind: 'urls', urls: await textOf(options.urls), download }
          : { kind: 'path', path: resolve(path ?? ''), arrays, cifarLabels: options.cifarLabels, download };
  const parsed = importSourceSchema.safeParse(asked);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw unusable(`The source cannot be used: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw new StudioError(
      'path-missing',
      `“${file}” is not there or cannot be read. Check the path.`,
      { path: file },
      thrown,
    );
  }
}
