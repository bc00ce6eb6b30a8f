import { crc32, inflateSync } from 'node:zlib';
import type { Pixels } from './resample.ts';

/** Up to here a picture costs less than the way to the decoder that knows everything. */
export const quickSidePx = 512;

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Samples a pixel, by colour type. */
const samples: Readonly<Record<number, 1 | 2 | 3 | 4>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Chunks that change nothing about the pixels, nor say anything about rights. */
const passedOver = new Set(['gAMA', 'cHRM', 'sRGB', 'pHYs', 'tIME', 'bKGD', 'sBIT', 'hIST']);

/**
 * Decodes a PNG (ISO/IEC 15948) of the plain kinds: at most 512×512 pixels, not interlaced, 8 bits a sample or a palette,
 * without colour profile, words about its rights, EXIF or animation, and whole to the last checksum. Everything else gives null and is a
 * matter for the decoder that knows all kinds, which also says what is wrong.
 *
 * For small files this is several times quicker than libvips, where setting up a pipeline takes longer than decoding.
 *
 * @returns grey, grey with alpha, RGB or RGBA, 8 bits a sample
 */
export function decodePlainPng(bytes: Uint8Array): Pixels | null {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.length < 57 || signature.some((byte, at) => data[at] !== byte)) return null;
  const widthPx = data.readUInt32BE(16);
  const heightPx = data.readUInt32BE(20);
  const [depth, colourType, compression, filter, interlace] = data.subarray(24, 29);
  const perPixel = samples[colourType!];
  if (perPixel === undefined || compression !== 0 || filter !== 0 || interlace !== 0) return null;
  if (widthPx === 0 || heightPx === 0 || widthPx > quickSidePx || heightPx > quickSidePx) return null;
  if (depth !== 8 && !(colourType === 3 && (depth === 1 || depth === 2 || depth === 4))) return null;

  let palette: Buffer | null = null;
  let transparency: Buffer | null = null;
  const packed: Buffer[] = [];
  let isEnded = false;
  for (let at = 8; at + 12 <= data.length && !isEnded;) {
    const length = data.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > data.length) return null;
    if (crc32(data.subarray(at + 4, end - 4)) !== data.readUInt32BE(end - 4)) return null;
    const type = data.toString('latin1', at + 4, at + 8);
    const body = data.subarray(at + 8, end - 4);
    if (type === 'IDAT') packed.push(body);
    else if (type === 'PLTE') palette = body;
    else if (type === 'tRNS') transparency = body;
    else if (type === 'IEND') isEnded = true;
    else if (type === 'tEXt') {
      if (/^(Author|Copyright)\0/.test(body.toString('latin1', 0, 10))) return null;
    } else if (type !== 'IHDR' && !passedOver.has(type)) return null;
    at = end;
  }
  if (!isEnded || packed.length === 0) return null;
  // A transparent colour outside a palette is rare and needs a comparison for each pixel.
  if (transparency !== null && colourType !== 3) return null;
  if (colourType === 3 && (palette === null || palette.length % 3 !== 0)) return null;

  const rowBytes = Math.ceil((widthPx * perPixel * depth!) / 8);
  const expected = heightPx * (rowBytes + 1);
  let rows: Buffer;
  try {
    rows = inflateSync(packed.length === 1 ? packed[0]! : Buffer.concat(packed), {
      maxOutputLength: expected,
    });
  } catch {
    return null;
  }
  if (rows.length !== expected) return null;
  const plain = unfiltered(rows, rowBytes, heightPx, Math.max(1, (perPixel * depth!) / 8));
  if (plain === null) return null;
  if (colourType !== 3) return { pixels: plain, widthPx, heightPx, channels: perPixel };
  return fromPalette(plain, { widthPx, heightPx, depth: depth!, rowBytes }, palette!, transparency);
}

/** Takes back the filter of each row (section 9 of the specification); null for one that does not exist. */
function unfiltered(rows: Buffer, rowBytes: number, heightPx: number, step: number): Uint8Array | null {
  const plain = new Uint8Array(heightPx * rowBytes);
  for (let row = 0; row < heightPx; row += 1) {
    const from = row * (rowBytes + 1) + 1;
    const to = row * rowBytes;
    const above = to - rowBytes;
    switch (rows[from - 1]) {
      case 0:
        for (let at = 0; at < rowBytes; at += 1) plain[to + at] = rows[from + at]!;
        break;
      case 1:
        for (let at = 0; at < rowBytes; at += 1) {
          plain[to + at] = rows[from + at]! + (at >= step ? plain[to + at - step]! : 0);
        }
        break;
      case 2:
        for (let at = 0; at < rowBytes; at += 1) {
          plain[to + at] = rows[from + at]! + (row > 0 ? plain[above + at]! : 0);
        }
        break;
      case 3:
        for (let at = 0; at < rowBytes; at += 1) {
          const left = at >= step ? plain[to + at - step]! : 0;
          plain[to + at] = rows[from + at]! + ((left + (row > 0 ? plain[above + at]! : 0)) >> 1);
        }
        break;
      case 4:
        for (let at = 0; at < rowBytes; at += 1) {
          const left = at >= step ? plain[to + at - step]! : 0;
          const up = row > 0 ? plain[above + at]! : 0;
          const corner = at >= step && row > 0 ? plain[above + at - step]! : 0;
          plain[to + at] = rows[from + at]! + paeth(left, up, corner);
        }
        break;
      default:
        return null;
    }
  }
  return plain;
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const toLeft = Math.abs(estimate - left);
  const toUp = Math.abs(estimate - up);
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function fromPalette(
  plain: Uint8Array,
  shape: { widthPx: number; heightPx: number; depth: number; rowBytes: number },
  palette: Uint8Array,
  transparency: Uint8Array | null,
): Pixels | null {
  const { widthPx, heightPx, depth } = shape;
  const colours = palette.length / 3;
  const channels = transparency === null ? 3 : 4;
  const pixels = new Uint8Array(widthPx * heightPx * channels);
  const indices = depth === 8 ? plain : unpackedIndices(plain, shape);
  if (transparency === null) {
    for (let at = 0, to = 0; at < indices.length; at += 1, to += 3) {
      const index = indices[at]!;
      if (index >= colours) return null;
      pixels[to] = palette[index * 3]!;
      pixels[to + 1] = palette[index * 3 + 1]!;
      pixels[to + 2] = palette[index * 3 + 2]!;
    }
    return { pixels, widthPx, heightPx, channels };
  }
  // A pixel of four bytes is copied at once.
  const colourBytes = new Uint8Array(colours * 4);
  for (let index = 0; index < colours; index += 1) {
    colourBytes.set(palette.subarray(index * 3, index * 3 + 3), index * 4);
    colourBytes[index * 4 + 3] = transparency[index] ?? 255;
  }
  const colourWords = new Uint32Array(colourBytes.buffer);
  const words = new Uint32Array(pixels.buffer);
  for (let at = 0; at < indices.length; at += 1) {
    const index = indices[at]!;
    if (index >= colours) return null;
    words[at] = colourWords[index]!;
  }
  return { pixels, widthPx, heightPx, channels };
}

/** `[heightPx, widthPx]` out of rows in which several indices share a byte. */
function unpackedIndices(
  plain: Uint8Array,
  {
    widthPx,
    heightPx,
    depth,
    rowBytes,
  }: { widthPx: number; heightPx: number; depth: number; rowBytes: number },
): Uint8Array {
  const mask = 2 ** depth - 1;
  const indices = new Uint8Array(widthPx * heightPx);
  let to = 0;
  for (let row = 0; row < heightPx; row += 1) {
    for (let column = 0; column < widthPx; column += 1, to += 1) {
      const bit = column * depth;
      indices[to] = (plain[row * rowBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return indices;
}
