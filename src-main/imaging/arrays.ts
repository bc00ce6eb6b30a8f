import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { ArrayDescription, ArrayFile, ArrayOptions } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { labelMembers, likelyLabels, readLabels } from './array-labels.ts';
import { openArrayFile, openMember, viewOf, type ArrayMember, type ArrayMembers } from './array-file.ts';
import { holdsNumbers, openMembers, type ArrayFormat } from './array-pictures.ts';
import { possibleLayouts, possibleRanges } from './pure/array-layout.ts';
import { arrayTrouble, numberReader } from './pure/npy-header.ts';
import type { ContainerPictures, OpenedSource, SourceItem } from './source-picture.ts';

const sampledPieces = 64;
const sampledNumbers = 4096;
/**
 * What an NPY or NPZ holds, so that a person can be asked how to read it.
 *
 * @throws StudioError `array-unusable` where nothing in it can be pictures, `archive-corrupt`
 */
export async function describeArrays(path: string): Promise<ArrayFile> {
  return describeMembers(await openArrayFile(path, basename(path)), basename(path));
}

async function describeMembers({ usable, unusable }: ArrayMembers, file: string): Promise<ArrayFile> {
  const arrays: ArrayDescription[] = [];
  for (const member of usable) {
    const layouts = holdsNumbers(member.header) ? possibleLayouts(member.header) : [];
    if (layouts.length === 0) continue;
    const [least, greatest] = await extremes(member, file);
    const isKnown = least !== null && greatest !== null;
    const ranges = isKnown ? possibleRanges(member.header.kind, least, greatest) : [];
    arrays.push({
      member: member.name,
      shape: member.header.shape,
      dataType: member.header.dataType,
      least,
      greatest,
      layouts,
      ranges: ranges.length > 0 ? ranges : ['unit', 'signed', 'bytes'],
    });
  }
  const sizeOf = ({ shape }: ArrayDescription) => shape.reduce((product, size) => product * size, 1);
  // Pictures have axes for rows and columns; flat tables come after them, and larger arrays first.
  arrays.sort((a, b) => Number(a.shape.length < 3) - Number(b.shape.length < 3) || sizeOf(b) - sizeOf(a));
  const [chosen] = arrays;
  if (!chosen) {
    if (unusable[0]) throw unusable[0].failure;
    throw arrayTrouble(file, 'shape', usable.length === 1 ? (usable[0]?.name ?? '') : '');
  }
  const labels = labelMembers(usable).filter(({ member }) => member !== chosen.member);
  return {
    arrays,
    labels,
    proposal: {
      pictures: chosen.member,
      labels: likelyLabels(chosen, labels),
      layout: chosen.layouts[0]!.layout,
      range: chosen.ranges[0]!,
    },
    unclear: [
      ...(arrays.filter(({ shape }) => shape.length > 2).length > 1 ? ['pictures' as const] : []),
      ...(isLayoutUnclear(chosen, labels) ? ['layout' as const] : []),
      ...(isRangeUnclear(chosen) ? ['range' as const] : []),
    ],
  };
}

/**
 * A second way counts only where it is nearly as likely: as square as the first, and with as many pictures where
 * there are labels for the first.
 */
function isLayoutUnclear(array: ArrayDescription, labels: ArrayFile['labels']): boolean {
  const [first, second] = array.layouts;
  if (!first || !second) return false;
  if (likelyLabels(array, labels) !== null && second.count !== first.count) return false;
  const squareness = ({ widthPx, heightPx }: { widthPx: number; heightPx: number }) =>
    Math.min(widthPx, heightPx) < 4 ? 0 : Math.min(widthPx, heightPx) / Math.max(widthPx, heightPx);
  return squareness(second) > 0.5 && squareness(second) >= squareness(first) - 0.3;
}

/** Whole numbers that are all 0 and 1 can be a mask or nearly black; numbers beyond every range have none. */
function isRangeUnclear({ dataType, least, greatest }: ArrayDescription): boolean {
  if (least === null || greatest === null) return true;
  const kind = dataType[1] ?? '';
  if (possibleRanges(kind, least, greatest).length === 0) return true;
  return (kind === 'u' || kind === 'i') && greatest <= 1;
}

/** Least and greatest of numbers taken from all over the array. */
async function extremes(member: ArrayMember, file: string): Promise<[number | null, number | null]> {
  const { header } = member;
  const opened = await openMember(member, file);
  try {
    const read = numberReader(header);
    let [least, greatest] = [Infinity, -Infinity];
    const pieces = Math.min(sampledPieces, Math.ceil(header.items / sampledNumbers));
    for (let piece = 0; piece < pieces; piece += 1) {
      const first = Math.floor((header.items / pieces) * piece);
      const numbers = Math.min(sampledNumbers, header.items - first);
      const view = viewOf(
        await opened.ranges.read(header.dataStart + first * header.itemBytes, numbers * header.itemBytes),
      );
      for (let at = 0; at < numbers; at += 1) {
        const value = read(view, at * header.itemBytes);
        if (!Number.isFinite(value)) continue;
        if (value < least) least = value;
        if (value > greatest) greatest = value;
      }
    }
    return least <= greatest ? [least, greatest] : [null, null];
  } finally {
    await opened.close();
  }
}

/**
 * Opens an NPY or NPZ as a source; what `options` leave out is taken where the file is plain about it.
 *
 * @throws StudioError `array-layout-needed` with the choices where it must be asked, `array-unusable`,
 *   `archive-corrupt`
 */
export async function openArrays(path: string, options: ArrayOptions = {}): Promise<OpenedSource> {
  const file = basename(path);
  const members = await openArrayFile(path, file);
  const described = await describeMembers(members, file);
  const format = chooseFormat(described, options, file);
  const { size } = await stat(path);
  const container = await openMembers(members, format, file);
  const count = container.count;
  const isProposed = format.member === described.proposal.pictures;
  const proposed = isProposed
    ? described.proposal.labels
    : likelyLabels(findArray(described, format.member, file), described.labels);
  const labelName = options.labels ?? proposed;
  let labels: ((index: number) => string) | null;
  try {
    labels =
      labelName === null || labelName === '' ? null : await readLabels(members, labelName, count, file);
  } catch (thrown) {
    await container.close();
    throw thrown;
  }
  const { mayBeUnreadable } = container;

  async function* items(signal: AbortSignal): AsyncGenerator<SourceItem> {
    for (let index = 0; index < count; index += 1) {
      signal.throwIfAborted();
      const name = `${file}#${index}`;
      const facts = { name, label: labels?.(index) ?? null, caption: null, rights: null, columns: null };
      const failure = mayBeUnreadable ? await failureOf(container, index) : null;
      yield {
        ...facts,
        content: failure ? { kind: 'failed', failure } : { kind: 'pixels', container: 0, index },
      };
    }
  }

  return {
    kind: 'array',
    location: path,
    total: count,
    bytes: size,
    rights: {},
    rightsFrom: 'nothing',
    container: format,
    containers: [
      {
        path,
        name: file,
        extension:
          extname(path).toLowerCase() === '.npz' || members.usable.some(({ name }) => name !== null)
            ? 'npz'
            : 'npy',
        widthPx: container.widthPx,
        heightPx: container.heightPx,
        channels: container.channels,
      },
    ],
    companions: [],
    items,
    ignored: () => 0,
    close: () => container.close(),
  };
}

async function failureOf(container: ContainerPictures, index: number): Promise<StudioError | null> {
  try {
    await container.pixels(index);
    return null;
  } catch (thrown) {
    if (thrown instanceof StudioError && thrown.code === 'file-unreadable') return thrown;
    throw thrown;
  }
}

function findArray(described: ArrayFile, member: string | null, file: string): ArrayDescription {
  const found = described.arrays.find((array) => array.member === member);
  if (found) return found;
  const known = described.arrays.map((array) => array.member ?? '').join(', ');
  throw new StudioError(
    'array-unusable',
    `“${file}” has no array of pictures called “${member}”. There are: ${known}.`,
    { file, reason: 'member-missing', known },
  );
}

function chooseFormat(described: ArrayFile, options: ArrayOptions, file: string): ArrayFormat {
  const needed = (found: string, choices: readonly string[], unclear: string) =>
    new StudioError(
      'array-layout-needed',
      `“${file}” holds ${found}, and that can be understood in more than one way. Say how its pictures lie: ${choices.join(', ')}.`,
      { file, found, choices: choices.join(', '), unclear },
    );
  const isSingle = described.arrays.length === 1 && described.arrays[0]!.member === null;
  const wanted = isSingle ? null : options.pictures;
  if (wanted === undefined && described.unclear.includes('pictures')) {
    const names = described.arrays.map(({ member }) => member ?? '');
    throw needed(names.join(', '), names, 'pictures');
  }
  const array = findArray(described, wanted ?? described.proposal.pictures, file);
  const found = `${array.dataType} (${array.shape.join(', ')})`;
  const layouts = array.layouts.map(({ layout }) => layout);
  if (options.layout === undefined && isLayoutUnclear(array, described.labels))
    throw needed(found, layouts, 'layout');
  const layout = options.layout ?? layouts[0]!;
  if (!layouts.includes(layout)) {
    throw new StudioError(
      'array-unusable',
      `The array of “${file}” has the shape (${array.shape.join(', ')}), which cannot be read as ${layout}. Choose one of ${layouts.join(', ')}.`,
      { file, reason: 'layout-impossible', found, layout },
    );
  }
  if (options.range === undefined && isRangeUnclear(array)) {
    throw needed(`${found}, ${array.least ?? '?'}…${array.greatest ?? '?'}`, array.ranges, 'range');
  }
  return { kind: 'array', member: array.member, layout, range: options.range ?? array.ranges[0]! };
}
