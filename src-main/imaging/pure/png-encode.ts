import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { StudioError } from '../../contract/errors.ts';

/** A picture as bytes: row by row, channels together. */
export interface PixelPicture {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** 1 grey, 3 red-green-blue, 4 with alpha. */
  readonly channels: 1 | 3 | 4;
}

/** A keyword (Latin-1, 1 to 79 characters) with its text. */
export interface PngText {
  readonly keyword: string;
  readonly text: string;
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** The chunk with its length and CRC, as it lies in the file. */
  readonly whole: Uint8Array;
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const colourTypes = { 1: 0, 3: 2, 4: 6 } as const;
const textTypes = ['tEXt', 'zTXt', 'iTXt'];
const largestTextBytes = 16 * 1024 * 1024;

/**
 * The PNG file (ISO/IEC 15948, 8 bits a sample, not interlaced) of a picture, with `textChunks` as iTXt
 * before the pixels. Equal input gives equal bytes.
 *
 * @throws RangeError when the pixels do not fill the picture exactly or a keyword is not allowed
 */
export function encodePng(
  picture: PixelPicture,
  textChunks: readonly PngText[] = [],
): Uint8Array<ArrayBuffer> {
  const { pixels, widthPx, heightPx, channels } = picture;
  if (!(widthPx > 0 && heightPx > 0) || pixels.length !== widthPx * heightPx * channels) {
    throw new RangeError(
      `${pixels.length} bytes do not make a ${widthPx}×${heightPx} picture of ${channels} channels.`,
    );
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(widthPx, 0);
  header.writeUInt32BE(heightPx, 4);
  header[8] = 8;
  header[9] = colourTypes[channels];
  return Buffer.concat([
    signature,
    makeChunk('IHDR', header),
    ...textChunks.map(internationalText),
    makeChunk('IDAT', deflateSync(filterRows(picture))),
    makeChunk('IEND', new Uint8Array(0)),
  ]);
}

/**
 * The same PNG without its text chunks (tEXt, zTXt, iTXt); the pixels keep their bytes.
 *
 * @throws StudioError `file-unreadable` when the bytes are not a whole PNG
 */
export function stripPngText(png: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = readChunks(png).filter((chunk) => !textTypes.includes(chunk.type));
  return Buffer.concat([signature, ...kept.map((chunk) => chunk.whole)]);
}

/**
 * Every text of a PNG in file order, compressed ones unpacked.
 *
 * @throws StudioError `file-unreadable` when the bytes are not a whole PNG
 */
export function readPngText(png: Uint8Array): PngText[] {
  return readChunks(png)
    .filter((chunk) => textTypes.includes(chunk.type))
    .map(readText);
}

/** Each row behind the filter (none, sub or up) that leaves the smallest sum of absolute differences. */
function filterRows({ pixels, widthPx, heightPx, channels }: PixelPicture): Uint8Array {
  const rowBytes = widthPx * channels;
  const filtered = new Uint8Array(heightPx * (rowBytes + 1));
  const candidates = [0, 1, 2].map(() => new Uint8Array(rowBytes));
  for (let row = 0; row < heightPx; row++) {
    const start = row * rowBytes;
    const sums = [0, 0, 0];
    for (let column = 0; column < rowBytes; column++) {
      const value = pixels[start + column]!;
      const left = column >= channels ? pixels[start + column - channels]! : 0;
      const above = row > 0 ? pixels[start + column - rowBytes]! : 0;
      const values = [value, value - left, value - above];
      for (let filter = 0; filter < 3; filter++) {
        const byte = values[filter]! & 0xff;
        candidates[filter]![column] = byte;
        sums[filter]! += byte < 128 ? byte : 256 - byte;
      }
    }
    const best = sums.indexOf(Math.min(...sums));
    filtered[row * (rowBytes + 1)] = best;
    filtered.set(candidates[best]!, row * (rowBytes + 1) + 1);
  }
  return filtered;
}

function makeChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = Buffer.alloc(data.length + 12);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, data.length + 8)), data.length + 8);
  return chunk;
}

function internationalText({ keyword, text }: PngText): Uint8Array {
  if (!/^[\x21-\x7e\xa1-\xff]([\x20-\x7e\xa1-\xff]{0,77}[\x21-\x7e\xa1-\xff])?$/.test(keyword)) {
    throw new RangeError(`“${keyword}” cannot be the keyword of a PNG text.`);
  }
  // Flag, method, language and translated keyword: not compressed, none, none.
  const head = Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1');
  return makeChunk('iTXt', Buffer.concat([head, Buffer.from(text, 'utf8')]));
}

function unreadable(what: string): StudioError {
  return new StudioError('file-unreadable', `This is not a whole PNG picture: ${what}.`, { reason: what });
}

function readChunks(png: Uint8Array): Chunk[] {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  if (!bytes.subarray(0, 8).equals(signature)) throw unreadable('it does not start like one');
  const chunks: Chunk[] = [];
  for (let offset = 8; ;) {
    if (offset + 12 > bytes.length) throw unreadable('it ends too early');
    const length = bytes.readUInt32BE(offset);
    const end = offset + 12 + length;
    if (end > bytes.length) throw unreadable('it ends too early');
    const type = bytes.toString('latin1', offset + 4, offset + 8);
    if (crc32(bytes.subarray(offset + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw unreadable(`the checksum of its ${type} part is wrong`);
    }
    chunks.push({ type, data: bytes.subarray(offset + 8, end - 4), whole: bytes.subarray(offset, end) });
    if (type === 'IEND') return chunks;
    offset = end;
  }
}

function readText({ type, data }: Chunk): PngText {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const cut = (from: number): number => {
    const end = bytes.indexOf(0, from);
    if (end < 0) throw unreadable(`its ${type} part is malformed`);
    return end;
  };
  const unpack = (packed: Uint8Array): Buffer => {
    try {
      return inflateSync(packed, { maxOutputLength: largestTextBytes });
    } catch {
      throw unreadable(`its ${type} part does not unpack`);
    }
  };
  const keywordEnd = cut(0);
  const keyword = bytes.toString('latin1', 0, keywordEnd);
  if (type === 'tEXt') return { keyword, text: bytes.toString('latin1', keywordEnd + 1) };
  if (type === 'zTXt') return { keyword, text: unpack(bytes.subarray(keywordEnd + 2)).toString('latin1') };
  const textStart = cut(cut(keywordEnd + 3) + 1) + 1;
  const body = bytes.subarray(textStart);
  return { keyword, text: (bytes[keywordEnd + 1] === 1 ? unpack(body) : body).toString('utf8') };
}
