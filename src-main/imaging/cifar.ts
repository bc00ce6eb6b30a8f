import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CifarLabels, ContainerFormat } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { rangesOfFile } from './byte-ranges.ts';
import type { OpenContainer, OpenedSource, SourceItem } from './source-picture.ts';

// The binary version of https://www.cs.toronto.edu/~kriz/cifar.html: records of one label byte (CIFAR-10) or a
// coarse and a fine one (CIFAR-100), then 32×32 bytes of red, as many of green, as many of blue.

const sidePx = 32;
const planeBytes = sidePx * sidePx;
const pictureBytes = 3 * planeBytes;

type CifarFormat = Extract<ContainerFormat, { kind: 'cifar' }>;

const labelBytes = (classes: 10 | 100) => (classes === 10 ? 1 : 2);
const recordBytes = (classes: 10 | 100) => labelBytes(classes) + pictureBytes;

const usualNames: readonly [RegExp, 10 | 100][] = [
  [/^(data_batch_\d+|test_batch)\.bin$/i, 10],
  [/^(train|test)\.bin$/i, 100],
];

/** What the text files are called that name the classes. */
export const cifarNotes = /^(batches\.meta|(fine|coarse)_label_names)\.txt$/i;

const corrupt = (file: string, why: string, cause?: unknown) =>
  new StudioError(
    'container-corrupt',
    `“${file}” cannot be read as CIFAR: ${why}. Download it again.`,
    { file, reason: why },
    cause,
  );

/**
 * Which CIFAR a file is, by its usual name and its size: the records have a fixed length.
 *
 * @param bytes the size of the file
 * @returns null for a file that is none
 */
export function isCifar(path: string, bytes: number): 10 | 100 | null {
  if (!/\.bin$/i.test(path) || bytes === 0) return null;
  const named = usualNames.find(([pattern]) => pattern.test(basename(path)))?.[1];
  const fitting = ([10, 100] as const).filter((classes) => bytes % recordBytes(classes) === 0);
  if (named !== undefined) return named;
  return fitting.length === 1 ? fitting[0]! : null;
}

/** The batches among the names of a folder's files, in the order in which they are read; empty where there are none. */
export function cifarBatches(names: readonly string[]): string[] {
  const found = names.filter((name) => usualNames.some(([pattern]) => pattern.test(name)));
  // Training batches before the test batch, as their makers number them.
  return found.sort((a, b) => Number(/^test/i.test(a)) - Number(/^test/i.test(b)) || (a < b ? -1 : 1));
}

/**
 * Opens one batch, or a folder with the batches of CIFAR-10 or CIFAR-100. The names of the classes are read from
 * the text files that the archive has beside its batches; without them labels are numbers.
 *
 * @param labels which labels of CIFAR-100 count
 * @throws StudioError `container-corrupt` naming the file
 */
export async function openCifar(path: string, labels: CifarLabels = 'fine'): Promise<OpenedSource> {
  const isFolder = (await stat(path)).isDirectory();
  const folder = isFolder ? path : dirname(path);
  const files = isFolder ? cifarBatches(await readdir(path)) : [basename(path)];
  const batches: { path: string; name: string; records: number }[] = [];
  let classes: 10 | 100 | null = null;
  for (const name of files) {
    const file = join(folder, name);
    const { size } = await stat(file);
    const found = isCifar(file, size);
    if (found === null) throw corrupt(name, 'its size is not one of whole records');
    classes ??= found;
    if (found !== classes)
      throw corrupt(name, 'CIFAR-10 and CIFAR-100 lie in one folder; choose a single file');
    const records = size / recordBytes(classes);
    if (!Number.isInteger(records)) throw corrupt(name, 'it is cut short, or holds no CIFAR records');
    batches.push({ path: file, name, records });
  }
  if (classes === null) throw corrupt(basename(path), 'it holds no batches');
  const format: CifarFormat = { kind: 'cifar', classes };
  const { names, file: namesFile } = await classNames(folder, classes, labels);
  const labelAt = classes === 100 && labels === 'fine' ? 1 : 0;

  async function* items(signal: AbortSignal): AsyncGenerator<SourceItem> {
    for (const [container, { path: file, name, records }] of batches.entries()) {
      const bytes = recordBytes(format.classes);
      const ranges = rangesOfFile(file, records * bytes);
      for (let index = 0; index < records; index += 1) {
        signal.throwIfAborted();
        const [number] = await ranges.read(index * bytes + labelAt, 1);
        yield {
          name: `${name}#${index}`,
          label: names[number!] ?? String(number),
          caption: null,
          rights: null,
          columns: null,
          content: { kind: 'pixels', container, index },
        };
      }
    }
  }

  return {
    kind: 'cifar',
    location: path,
    total: batches.reduce((sum, { records }) => sum + records, 0),
    bytes: batches.reduce((sum, { records }) => sum + records * recordBytes(format.classes), 0),
    rights: {},
    rightsFrom: 'nothing',
    container: format,
    containers: batches.map(({ path: file, name }) => ({
      path: file,
      name,
      extension: 'bin',
      widthPx: sidePx,
      heightPx: sidePx,
      channels: 3,
    })),
    companions: namesFile === null ? [] : [{ path: namesFile, name: basename(namesFile), extension: 'txt' }],
    items,
    ignored: () => 0,
    close: () => {},
  };
}

/** The names of the classes in the order of their numbers; none where the text file is not there. */
async function classNames(
  folder: string,
  classes: 10 | 100,
  labels: CifarLabels,
): Promise<{ names: string[]; file: string | null }> {
  const file = join(folder, classes === 10 ? 'batches.meta.txt' : `${labels}_label_names.txt`);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return { names: [], file: null };
  }
  const names = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return { names, file };
}

/** Reads a stored batch back; {@link OpenContainer}. */
export const openCifarContainer: OpenContainer<CifarFormat> = async (path, { classes }, name) => {
  const { size } = await stat(path);
  const bytes = recordBytes(classes);
  if (size === 0 || size % bytes !== 0) throw corrupt(name, 'its size is not one of whole records');
  const ranges = rangesOfFile(path, size);
  return {
    count: size / bytes,
    widthPx: sidePx,
    heightPx: sidePx,
    channels: 3,
    async pixels(index) {
      const planes = await ranges.read(index * bytes + labelBytes(classes), pictureBytes);
      const found = new Uint8Array(pictureBytes);
      for (let at = 0; at < planeBytes; at += 1) {
        found[3 * at] = planes[at]!;
        found[3 * at + 1] = planes[planeBytes + at]!;
        found[3 * at + 2] = planes[2 * planeBytes + at]!;
      }
      return found;
    },
  };
};
