import { StudioError } from '../../contract/errors.ts';

// NumPy's format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html (NEP 1)

/** The numbers of an array: boolean, unsigned, signed, floating point; or text in UTF-32 or bytes. */
export type NumpyKind = 'b' | 'u' | 'i' | 'f' | 'U' | 'S';

export interface NpyHeader {
  /** As the file writes it, such as `<f4`. */
  dataType: string;
  kind: NumpyKind;
  itemBytes: number;
  littleEndian: boolean;
  /** Whether the first axis is the fastest. */
  fortranOrder: boolean;
  shape: number[];
  /** Numbers in the array. */
  items: number;
  /** Where its data begin in the file, in bytes. */
  dataStart: number;
}

const magic = '\x93NUMPY';
/** NumPy itself refuses to evaluate headers beyond 10 000 bytes. */
const largestHeaderBytes = 64 * 1024;
export const npyHeadBytes = largestHeaderBytes + 12;
const sizes: Readonly<Record<string, readonly number[]>> = {
  b: [1],
  u: [1, 2, 4, 8],
  i: [1, 2, 4, 8],
  f: [2, 4, 8],
};

export const isNpy = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(6, bytes.byteLength)).toString('latin1') === magic;

/** What is wrong with an array file, by a word that the renderer knows. */
export type ArrayTrouble =
  | 'no-header'
  | 'cut-short'
  | 'size-differs'
  | 'header-unreadable'
  | 'objects'
  | 'records'
  | 'data-type'
  | 'shape'
  | 'too-large';

const wording: Readonly<Record<ArrayTrouble, string>> = {
  'no-header': 'it has no NumPy header. Save it again with numpy.save or numpy.savez',
  'cut-short': 'it is cut short. Copy or save it again',
  'size-differs': 'it holds more bytes than its header says. Save it again with numpy.save',
  'header-unreadable': 'its header is damaged. Save it again with numpy.save',
  objects:
    'it holds Python objects, which only running code from the file could read. Save plain numbers: numpy.save(file, numpy.stack(list_of_pictures))',
  records: 'it holds records with fields. Save the pictures as a plain array of numbers',
  'data-type': 'its data type is none that pictures or labels have. Save it as uint8 or float32',
  shape: 'its shape is none of pictures. Save an array such as (count, height, width, 3)',
  'too-large':
    'its pictures do not lie one after the other, and it is too large to be put in order here. Save numpy.ascontiguousarray(pictures) with the count as first axis',
};

/** @param array its name in an NPZ; empty for the one array of an NPY */
export function arrayTrouble(file: string, reason: ArrayTrouble, array = '', cause?: unknown): StudioError {
  const of = array === '' ? '' : ` (its array “${array}”)`;
  return new StudioError(
    'array-unusable',
    `“${file}”${of} cannot be read: ${wording[reason]}.`,
    { file, reason, ...(array === '' ? {} : { array }) },
    cause,
  );
}

/**
 * Reads the header of an NPY file of version 1, 2 or 3. Nothing of the file is evaluated.
 *
 * @param head the beginning of the file, {@link npyHeadBytes} of it or all
 * @throws StudioError `array-unusable` naming `file`
 */
export function parseNpyHeader(head: Uint8Array, file: string, array = ''): NpyHeader {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (!isNpy(bytes)) throw arrayTrouble(file, 'no-header', array);
  const major = bytes[6] ?? 0;
  if (bytes.length < 12) throw arrayTrouble(file, 'cut-short', array);
  if (major < 1 || major > 3) throw arrayTrouble(file, 'header-unreadable', array);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (length > largestHeaderBytes) throw arrayTrouble(file, 'header-unreadable', array);
  if (bytes.length < start + length) throw arrayTrouble(file, 'cut-short', array);
  const text = bytes.toString(major === 3 ? 'utf8' : 'latin1', start, start + length);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shapeText = /'shape'\s*:\s*\(([\s\dL,]*)\)/.exec(text)?.[1];
  const described = /'descr'\s*:\s*(?:'([^']*)'|(\[))/.exec(text);
  if (order === undefined || shapeText === undefined || !described) {
    throw arrayTrouble(file, 'header-unreadable', array);
  }
  if (described[2] !== undefined) throw arrayTrouble(file, 'records', array);
  const dataType = described[1] ?? '';
  const shape = shapeText
    .split(',')
    .map((part) => part.trim().replace(/L$/, ''))
    .filter((part) => part !== '')
    .map(Number);
  const items = shape.reduce((product, size) => product * size, 1);
  const isCountable = shape.every(Number.isSafeInteger) && Number.isSafeInteger(items * 64);
  if (!isCountable || shape.length > 32) throw arrayTrouble(file, 'header-unreadable', array);
  return {
    ...parseDataType(dataType, file, array),
    fortranOrder: order === 'True',
    shape,
    items,
    dataStart: start + length,
  };
}

function parseDataType(
  dataType: string,
  file: string,
  array: string,
): Pick<NpyHeader, 'dataType' | 'kind' | 'itemBytes' | 'littleEndian'> {
  const parts = /^([<>|=])([a-zA-Z?])(\d*)/.exec(dataType);
  if (parts?.[2] === 'O') throw arrayTrouble(file, 'objects', array);
  if (parts?.[2] === 'V') throw arrayTrouble(file, 'records', array);
  const [, order, letter = '', digits = ''] = parts ?? [];
  const size = Number(digits);
  const of = { dataType, littleEndian: order !== '>' };
  if (letter === 'U' && size > 0 && size <= 4096) return { ...of, kind: 'U', itemBytes: size * 4 };
  if (letter === 'S' && size > 0 && size <= 16_384) return { ...of, kind: 'S', itemBytes: size };
  if (letter === '?') return { ...of, kind: 'b', itemBytes: 1 };
  if (
    (letter === 'b' || letter === 'u' || letter === 'i' || letter === 'f') &&
    sizes[letter]?.includes(size)
  ) {
    return { ...of, kind: letter, itemBytes: size };
  }
  throw arrayTrouble(file, 'data-type', array);
}

/** Reads one number of an array's data; 64-bit integers to the nearest double. */
export function numberReader({
  kind,
  itemBytes,
  littleEndian,
}: Pick<NpyHeader, 'kind' | 'itemBytes' | 'littleEndian'>): (data: DataView, offset: number) => number {
  switch (`${kind}${itemBytes}`) {
    case 'b1':
    case 'u1':
      return (data, offset) => data.getUint8(offset);
    case 'i1':
      return (data, offset) => data.getInt8(offset);
    case 'u2':
      return (data, offset) => data.getUint16(offset, littleEndian);
    case 'i2':
      return (data, offset) => data.getInt16(offset, littleEndian);
    case 'u4':
      return (data, offset) => data.getUint32(offset, littleEndian);
    case 'i4':
      return (data, offset) => data.getInt32(offset, littleEndian);
    case 'u8':
      return (data, offset) => Number(data.getBigUint64(offset, littleEndian));
    case 'i8':
      return (data, offset) => Number(data.getBigInt64(offset, littleEndian));
    case 'f2':
      return (data, offset) => halfToNumber(data.getUint16(offset, littleEndian));
    case 'f4':
      return (data, offset) => data.getFloat32(offset, littleEndian);
    case 'f8':
      return (data, offset) => data.getFloat64(offset, littleEndian);
    default:
      throw new Error(`numbers of kind ${kind}${itemBytes} are not read here`);
  }
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
