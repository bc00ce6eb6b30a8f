import { endianness } from 'node:os';
import { StudioError } from '../contract/errors.ts';

/*
 * The safetensors format (https://huggingface.co/docs/safetensors): eight bytes with the header's length,
 * a JSON header, the tensors' bytes one after the other, little-endian.
 */

export type TensorData = Float32Array | Int32Array | BigInt64Array | Uint8Array;
export type TensorType = 'F32' | 'I32' | 'I64' | 'U8';

export interface StoredTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface SafetensorsContent {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

const elementBytes: Record<TensorType, number> = { F32: 4, I32: 4, I64: 8, U8: 1 };
const largestHeaderBytes = 100_000_000;

/**
 * The file of `content`. Names are sorted and the header padded to eight bytes, so equal content gives
 * equal bytes.
 *
 * @throws RangeError when a tensor's data does not fill its shape
 */
export function encodeSafetensors(content: SafetensorsContent): Uint8Array {
  requireLittleEndian();
  const header: Record<string, unknown> = { __metadata__: sortKeys(content.metadata) };
  const parts: Uint8Array[] = [];
  let offset = 0;
  // Wide types first keeps every tensor aligned to its element size, as readers that map the file expect.
  const ordered = [...content.tensors].sort(
    ([aName, a], [bName, b]) => elementBytes[b.type] - elementBytes[a.type] || (aName < bName ? -1 : 1),
  );
  for (const [name, { type, shape, data }] of ordered) {
    if (data.length !== elementCount(shape)) {
      throw new RangeError(`“${name}” has ${data.length} elements for the shape [${shape.join(', ')}].`);
    }
    header[name] = { dtype: type, shape, data_offsets: [offset, offset + data.byteLength] };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  padded.set(json);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...parts]);
}

/**
 * The content of a safetensors file; every tensor is a copy.
 *
 * @param fileName named in the failure
 * @throws StudioError `checkpoint-corrupt` when the bytes are cut short, of another format, or disagree
 *   with their own header
 */
export function decodeSafetensors(bytes: Uint8Array, fileName: string): SafetensorsContent {
  requireLittleEndian();
  const refuse = (reason: string): never => {
    throw corrupt(fileName, reason);
  };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 8) refuse('it is shorter than its own header');
  const headerBytes = Number(view.readBigUInt64LE(0));
  if (headerBytes > largestHeaderBytes) refuse('it is not a safetensors file');
  if (8 + headerBytes > view.length) refuse('it is shorter than its own header');
  const header =
    parseHeader(view.toString('utf8', 8, 8 + headerBytes)) ?? refuse('its header is not readable');
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    return refuse('its metadata are not texts');
  }
  const tensors = new Map<string, StoredTensor>();
  const body = view.subarray(8 + headerBytes);
  let expected = 0;
  for (const [name, entry] of Object.entries(entries).sort(byOffset)) {
    const { type, shape, begin, end } = readEntry(entry) ?? refuse(`its entry “${name}” is malformed`);
    if (begin !== expected || end - begin !== elementCount(shape) * elementBytes[type]) {
      refuse(`its entry “${name}” does not match its bytes`);
    }
    if (end > body.length) refuse('it is cut short');
    const copy = new Uint8Array(body.subarray(begin, end));
    tensors.set(name, { type, shape, data: typedView(type, copy.buffer) });
    expected = end;
  }
  if (expected !== body.length) refuse('it has bytes that belong to nothing');
  return { metadata: metadata as Record<string, string>, tensors };
}

/** The failure of a checkpoint that cannot be trusted. */
export function corrupt(fileName: string, reason: string): StudioError {
  return new StudioError(
    'checkpoint-corrupt',
    `The checkpoint ${fileName} is damaged: ${reason}. Go on from an earlier checkpoint.`,
    { file: fileName, reason },
  );
}

function parseHeader(json: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(json);
    return isRecord(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function readEntry(entry: unknown) {
  if (!isRecord(entry)) return null;
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !isTensorType(dtype)) return null;
  if (!isCountList(shape) || !isCountList(offsets) || offsets.length !== 2) return null;
  return { type: dtype, shape, begin: offsets[0]!, end: offsets[1]! };
}

function byOffset([, a]: [string, unknown], [, b]: [string, unknown]): number {
  const first = readEntry(a);
  const second = readEntry(b);
  return first && second ? first.begin - second.begin || first.end - second.end : 0;
}

function typedView(type: TensorType, buffer: ArrayBuffer): TensorData {
  switch (type) {
    case 'F32':
      return new Float32Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'U8':
      return new Uint8Array(buffer);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTensorType = (text: string): text is TensorType => Object.hasOwn(elementBytes, text);

const isCountList = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);

const elementCount = (shape: readonly number[]): number => shape.reduce((total, size) => total * size, 1);

const sortKeys = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));

function requireLittleEndian(): void {
  if (endianness() !== 'LE') {
    throw new StudioError('not-supported-here', 'Checkpoints need a little-endian processor.');
  }
}
