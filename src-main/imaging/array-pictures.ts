import type { ContainerFormat } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { openArrayFile, openMember, viewOf, type ArrayMember, type ArrayMembers } from './array-file.ts';
import { planArray, toByte, type ArrayPlan } from './pure/array-layout.ts';
import { arrayTrouble, numberReader, type NpyHeader } from './pure/npy-header.ts';
import type { ContainerPictures, OpenContainer } from './source-picture.ts';

export type ArrayFormat = Extract<ContainerFormat, { kind: 'array' }>;

/** Arrays whose pictures do not lie one after the other are held whole, up to here. */
const largestHeldBytes = 512 * 1024 * 1024;

export const holdsNumbers = ({ kind }: NpyHeader): boolean => kind !== 'U' && kind !== 'S';

export interface ArrayPictures extends ContainerPictures {
  /** Whether its numbers can be ones that no picture has, so that each picture has to be looked at. */
  mayBeUnreadable: boolean;
  close(): Promise<void>;
}

/** @throws StudioError `array-unusable` */
export async function openMembers(
  { usable, unusable }: ArrayMembers,
  format: ArrayFormat,
  file: string,
): Promise<ArrayPictures> {
  const member = usable.find(({ name }) => name === format.member);
  const refused = unusable.find(({ name }) => name === format.member);
  if (refused) throw refused.failure;
  const plan = member && holdsNumbers(member.header) ? planArray(member.header, format.layout) : null;
  if (!member || !plan) throw arrayTrouble(file, 'shape', format.member ?? '');
  return picturesOf(member, plan, format, file);
}

async function picturesOf(
  member: ArrayMember,
  plan: ArrayPlan,
  { range }: ArrayFormat,
  file: string,
): Promise<ArrayPictures> {
  const { header } = member;
  const { count, widthPx, heightPx, channels, stride } = plan;
  const perPicture = widthPx * heightPx * channels;
  const isApart = count === 1 || stride.picture === perPicture;
  const dataBytes = header.items * header.itemBytes;
  if (!isApart && dataBytes > largestHeldBytes) throw arrayTrouble(file, 'too-large', member.name ?? '');
  const opened = await openMember(member, file);
  const isPlainBytes = header.kind === 'u' && header.itemBytes === 1 && range === 'bytes';
  const read = numberReader(header);
  const scale = toByte(range);
  const numbersOf = (start: number, length: number) =>
    opened.ranges.read(header.dataStart + start * header.itemBytes, length * header.itemBytes);
  const held = isApart ? null : numbersOf(0, header.items);
  // It is awaited at each use; until then its failure must not count as unhandled.
  held?.catch(() => undefined);

  const pixels = async (index: number): Promise<Uint8Array> => {
    let data: Uint8Array;
    try {
      data = held ? await held : await numbersOf(index * perPicture, perPicture);
    } catch (thrown) {
      throw arrayTrouble(file, 'cut-short', member.name ?? '', thrown);
    }
    const view = viewOf(data);
    const first = held ? index * stride.picture : 0;
    const found = new Uint8Array(perPicture);
    let to = 0;
    for (let row = 0; row < heightPx; row += 1) {
      for (let column = 0; column < widthPx; column += 1) {
        for (let channel = 0; channel < channels; channel += 1) {
          const at =
            (first + row * stride.row + column * stride.column + channel * stride.channel) * header.itemBytes;
          const value = isPlainBytes ? data[at]! : scale(read(view, at));
          if (Number.isNaN(value)) throw unreadable(`${file}#${index}`);
          found[to] = value;
          to += 1;
        }
      }
    }
    return found;
  };
  return { count, widthPx, heightPx, channels, pixels, mayBeUnreadable: !isPlainBytes, close: opened.close };
}

const unreadable = (name: string) =>
  new StudioError(
    'file-unreadable',
    `“${name}” cannot be read: it holds numbers that are infinite, undefined or outside the range that was named.`,
    { file: name, reason: 'numbers' },
  );

/** Reads a stored NPY or NPZ back; {@link OpenContainer}. */
export const openArrayContainer: OpenContainer<ArrayFormat> = async (path, format, name) =>
  openMembers(await openArrayFile(path, name), format, name);
