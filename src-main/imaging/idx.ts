import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { StudioError } from '../contract/errors.ts';
import type { Channels } from '../contract/presets.ts';

// The IDX format: http://yann.lecun.com/exdb/mnist/ (two zero bytes, type, number of dimensions, then the
// dimensions as big-endian 32-bit numbers, then the data).

/** An array of unsigned bytes, last dimension fastest. */
export interface IdxArray {
  dimensions: readonly number[];
  data: Uint8Array;
}

/** Pictures of an IDX container, with the labels that belong to them. */
export interface IdxPictures {
  count: number;
  widthPx: number;
  heightPx: number;
  channels: Channels;
  /** `[heightPx, widthPx, channels]`, 0…255; a view, not a copy. */
  pixels(index: number): Uint8Array;
  /** The label as text, null where there is no label file. */
  label(index: number): string | null;
}

const unsignedByte = 0x08;
const largestBytes = 2 ** 31 - 1;
const unzip = promisify(gunzip);

export const idxCorrupt = (file: string, why: string, cause?: unknown): StudioError =>
  new StudioError(
    'idx-corrupt',
    `The IDX file “${file}” cannot be read: ${why}. Download or make it again.`,
    { file, reason: why },
    cause,
  );

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Whether the first bytes are those of an IDX file with 1, 3 or 4 dimensions. */
export const isIdx = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0 && bytes[2] === unsignedByte && [1, 3, 4].includes(bytes[3] ?? 0);

/**
 * Reads an IDX file of unsigned bytes, plain or gzipped (told apart by content).
 *
 * @throws StudioError `idx-corrupt` naming `file`
 */
export async function parseIdx(bytes: Uint8Array, file: string): Promise<IdxArray> {
  let plain = bytes;
  if (isGzip(bytes)) {
    try {
      plain = await unzip(bytes, { maxOutputLength: largestBytes });
    } catch (thrown) {
      throw idxCorrupt(file, 'its gzip compression is damaged or cut short', thrown);
    }
  }
  if (plain.length < 8 || plain[0] !== 0 || plain[1] !== 0) throw idxCorrupt(file, 'it has no IDX header');
  if (plain[2] !== unsignedByte) throw idxCorrupt(file, 'it does not hold unsigned bytes');
  const rank = plain[3]!;
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const start = 4 + 4 * rank;
  if (rank === 0 || plain.length < start) throw idxCorrupt(file, 'its header is cut short');
  const dimensions = Array.from({ length: rank }, (_unused, axis) => view.getUint32(4 + 4 * axis));
  const expected = dimensions.reduce((product, size) => product * size, 1);
  const found = plain.length - start;
  if (found !== expected) {
    throw idxCorrupt(file, `it holds ${found} bytes where its header says ${expected}`);
  }
  return { dimensions, data: plain.subarray(start) };
}

/**
 * What the header of a plain images file says, held against the size of the file.
 *
 * @param head its first bytes, as many as a header can have
 * @returns where the pixels start, too
 * @throws StudioError `idx-corrupt`
 */
export function idxShape(head: Uint8Array, bytes: number, file: string) {
  if (head.length < 8 || head[0] !== 0 || head[1] !== 0) throw idxCorrupt(file, 'it has no IDX header');
  if (head[2] !== unsignedByte) throw idxCorrupt(file, 'it does not hold unsigned bytes');
  const rank = head[3]!;
  const start = 4 + 4 * rank;
  if (head.length < start) throw idxCorrupt(file, 'its header is cut short');
  if (rank !== 3 && rank !== 4) throw idxCorrupt(file, `it has ${rank} dimensions, and pictures have 3 or 4`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const [count = 0, heightPx = 0, widthPx = 0, channels = 1] = Array.from({ length: rank }, (_unused, axis) =>
    view.getUint32(4 + 4 * axis),
  );
  if (channels !== 1 && channels !== 3) throw idxCorrupt(file, `its pictures have ${channels} channels`);
  if (heightPx === 0 || widthPx === 0) throw idxCorrupt(file, 'its pictures have no pixels');
  const expected = count * heightPx * widthPx * channels;
  if (bytes - start !== expected) {
    throw idxCorrupt(file, `it holds ${bytes - start} bytes where its header says ${expected}`);
  }
  const shape: { count: number; widthPx: number; heightPx: number; channels: Channels; start: number } = {
    ...{ count, widthPx, heightPx, channels, start },
  };
  return shape;
}

/** The bytes of an IDX file of unsigned bytes. */
export function encodeIdx({ dimensions, data }: IdxArray): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header[2] = unsignedByte;
  header[3] = dimensions.length;
  dimensions.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  return Buffer.concat([header, data]);
}

/**
 * Puts an images file (`[count, height, width]` or `[count, height, width, channel]`) and its labels
 * (`[count]`) together.
 *
 * @throws StudioError `idx-corrupt`, `idx-mismatch` naming both files where the counts differ
 */
export async function readIdxPictures(
  images: { bytes: Uint8Array; file: string },
  labels: { bytes: Uint8Array; file: string } | null,
): Promise<IdxPictures> {
  const { dimensions, data } = await parseIdx(images.bytes, images.file);
  const [count = 0, heightPx = 0, widthPx = 0, channels = 1] = dimensions;
  if (dimensions.length !== 3 && dimensions.length !== 4) {
    throw idxCorrupt(images.file, `it has ${dimensions.length} dimensions, and pictures have 3 or 4`);
  }
  if (channels !== 1 && channels !== 3)
    throw idxCorrupt(images.file, `its pictures have ${channels} channels`);
  if (heightPx === 0 || widthPx === 0) throw idxCorrupt(images.file, 'its pictures have no pixels');
  const labelArray = labels && (await parseIdx(labels.bytes, labels.file));
  if (labels && labelArray && labelArray.dimensions.length !== 1) {
    throw idxCorrupt(labels.file, `it has ${labelArray.dimensions.length} dimensions, and labels have 1`);
  }
  if (labels && labelArray && labelArray.data.length !== count) {
    const labelCount = labelArray.data.length;
    throw new StudioError(
      'idx-mismatch',
      `“${images.file}” holds ${count} pictures and “${labels.file}” holds ${labelCount} labels, so they do not belong together. Choose a matching pair.`,
      { images: images.file, labels: labels.file, pictures: count, labelCount },
    );
  }
  const pictureBytes = heightPx * widthPx * channels;
  return {
    count,
    widthPx,
    heightPx,
    channels,
    pixels: (index) => data.subarray(index * pictureBytes, (index + 1) * pictureBytes),
    label: (index) => (labelArray ? String(labelArray.data[index]) : null),
  };
}

/** What the usual naming says of a file: `train-images-idx3-ubyte.gz` is the images file of `train-`. */
export function idxRole(name: string): { role: 'images' | 'labels'; set: string } | null {
  const parts = /^(.*?)(images|labels)[-.]idx[134]?(?:[-.]?ubyte)?(?:\.gz)?$/i.exec(basename(name));
  if (!parts) return null;
  return { role: parts[2]!.toLowerCase() === 'images' ? 'images' : 'labels', set: parts[1]!.toLowerCase() };
}

/**
 * Given either file of a pair, both, found by the usual naming in the same folder. A labels file whose images
 * are missing gives no images.
 */
export async function findIdxPair(path: string): Promise<{ images: string | null; labels: string | null }> {
  const own = idxRole(path);
  if (!own) return { images: path, labels: null };
  const names = (await readdir(dirname(path))).sort();
  const partner = names.find((name) => {
    const other = idxRole(name);
    return other !== null && other.set === own.set && other.role !== own.role;
  });
  const found = partner === undefined ? null : join(dirname(path), partner);
  return own.role === 'images' ? { images: path, labels: found } : { images: found, labels: path };
}
