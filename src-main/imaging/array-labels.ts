import type { ArrayDescription, ArrayFile } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { openMember, viewOf, type ArrayMember, type ArrayMembers } from './array-file.ts';
import { arrayTrouble, numberReader, type NpyHeader } from './pure/npy-header.ts';

/** Label arrays are small; what is larger is none. */
const largestLabelBytes = 256 * 1024 * 1024;

/** The arrays that hold one entry each for so many pictures. */
export function labelMembers(members: readonly ArrayMember[]): { member: string; count: number }[] {
  return members.flatMap(({ name, header: { shape, items } }) =>
    name !== null && (shape.length === 1 || (shape.length === 2 && shape[1] === 1))
      ? [{ member: name, count: items }]
      : [],
  );
}

/** The labels that belong to the pictures by number and, where several do, by name: `x_train` and `y_train`. */
export function likelyLabels(pictures: ArrayDescription, labels: ArrayFile['labels']): string | null {
  const fitting = labels.filter(({ count }) => count === pictures.layouts[0]!.count);
  const stem = (name: string) =>
    name
      .toLowerCase()
      .replace(/images?|pictures?|data|labels?|targets?|class(es)?|\b[xy](?=_|\b)|(?<=_)[xy]\b|^x|^y/g, '');
  const isLabelName = (name: string) => /(^|_)y(_|$)|label|target|class|arr_1/i.test(name);
  const named = fitting.filter(({ member }) => isLabelName(member));
  const alike = named.find(({ member }) => stem(member) === stem(pictures.member ?? ''));
  return (alike ?? (named.length === 1 ? named[0] : undefined))?.member ?? null;
}

/**
 * The labels in an array, as text.
 *
 * @throws StudioError `array-unusable`
 */
export async function readLabels(
  { usable }: ArrayMembers,
  name: string,
  count: number,
  file: string,
): Promise<(index: number) => string> {
  const member = usable.find((candidate) => candidate.name === name);
  const known = labelMembers(usable)
    .map((candidate) => candidate.member)
    .join(', ');
  if (!member || !labelMembers([member]).length) {
    throw new StudioError(
      'array-unusable',
      `“${file}” has no array of labels called “${name}”. There are: ${known || 'none'}.`,
      { file, reason: 'member-missing', known: known || '–' },
    );
  }
  const { header } = member;
  if (header.items !== count) {
    throw new StudioError(
      'array-unusable',
      `“${file}” holds ${count} pictures and ${header.items} labels in “${name}”, so they do not belong together. Choose another array of labels, or none.`,
      { file, reason: 'labels-differ', pictures: count, labels: header.items },
    );
  }
  const bytes = header.items * header.itemBytes;
  if (bytes > largestLabelBytes) throw arrayTrouble(file, 'data-type', name);
  const opened = await openMember(member, file);
  try {
    const data = viewOf(Uint8Array.from(await opened.ranges.read(header.dataStart, bytes)));
    const text = labelReader(header);
    return (index) => text(data, index * header.itemBytes);
  } finally {
    await opened.close();
  }
}

function labelReader(header: NpyHeader): (data: DataView, offset: number) => string {
  const { kind, itemBytes, littleEndian } = header;
  if (kind === 'U') {
    return (data, offset) => {
      let text = '';
      for (let at = offset; at < offset + itemBytes; at += 4) {
        const point = data.getUint32(at, littleEndian);
        if (point !== 0 && point <= 0x10ffff) text += String.fromCodePoint(point);
      }
      return text;
    };
  }
  if (kind === 'S') {
    return (data, offset) =>
      Buffer.from(data.buffer, data.byteOffset + offset, itemBytes)
        .toString('utf8')
        .replace(/\0+$/, '');
  }
  const read = numberReader(header);
  return (data, offset) => String(read(data, offset));
}
