/** Pixels as they lie in memory: rows from the top, 3 (RGB) or 4 (RGBA) bytes each. */
export interface BitmapPixels {
  pixels: Uint8Array;
  widthPx: number;
  heightPx: number;
  channels: 3 | 4;
}

const uncompressed = 0;
const bitFields = 3;
const alphaBitFields = 6;

/**
 * Decodes a Windows bitmap (BITMAPCOREHEADER up to BITMAPV5HEADER): 1, 4 and 8 bits with a palette, 24 bits, and
 * 16 and 32 bits with or without bit masks; not the run-length forms. A fourth byte counts as alpha only where
 * the header's masks say so.
 *
 * @throws Error saying what is wrong with the file
 */
export function decodeBmp(bytes: Uint8Array, pixelLimit: number): BitmapPixels {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.length < 26 || data.toString('latin1', 0, 2) !== 'BM') throw new Error('not a bitmap');
  const pixelOffset = data.readUInt32LE(10);
  const headerBytes = data.readUInt32LE(14);
  const isCore = headerBytes === 12;
  if (!isCore && (headerBytes < 40 || data.length < 14 + headerBytes)) throw new Error('unknown header');

  const widthPx = isCore ? data.readUInt16LE(18) : data.readInt32LE(18);
  const signedHeight = isCore ? data.readInt16LE(20) : data.readInt32LE(22);
  const bits = data.readUInt16LE(isCore ? 24 : 28);
  const compression = isCore ? uncompressed : data.readUInt32LE(30);
  const heightPx = Math.abs(signedHeight);
  if (widthPx <= 0 || heightPx === 0) throw new Error('it has no pixels');
  if (widthPx * heightPx > pixelLimit) throw new Error('Input image exceeds pixel limit');
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`unknown depth of ${bits} bits`);
  const hasMasks = compression === bitFields || compression === alphaBitFields;
  if (compression !== uncompressed && !(hasMasks && bits >= 16)) {
    throw new Error('compressed bitmaps are not supported');
  }

  const rowBytes = Math.ceil((widthPx * bits) / 32) * 4;
  if (pixelOffset + rowBytes * heightPx > data.length) throw new Error('premature end of file');

  const colours = readPalette(data, { isCore, headerBytes, bits, pixelOffset });
  const masks = hasMasks ? readMasks(data, headerBytes, compression) : defaultMasks(bits);
  const channels = masks.alpha.bits > 0 ? 4 : 3;
  const pixels = new Uint8Array(widthPx * heightPx * channels);
  for (let row = 0; row < heightPx; row += 1) {
    // A positive height means that the bottom row comes first.
    const source = pixelOffset + rowBytes * (signedHeight > 0 ? heightPx - 1 - row : row);
    for (let column = 0; column < widthPx; column += 1) {
      const target = (row * widthPx + column) * channels;
      if (bits === 24) {
        const at = source + column * 3;
        pixels[target] = data[at + 2]!;
        pixels[target + 1] = data[at + 1]!;
        pixels[target + 2] = data[at]!;
      } else if (bits <= 8) {
        const byte = data[source + Math.floor((column * bits) / 8)]!;
        const index = (byte >> (8 - bits - ((column * bits) % 8))) & ((1 << bits) - 1);
        const colour = colours[index];
        if (!colour) throw new Error('a pixel names a colour outside the palette');
        pixels.set(colour, target);
      } else {
        const value =
          bits === 16 ? data.readUInt16LE(source + column * 2) : data.readUInt32LE(source + column * 4);
        pixels[target] = component(value, masks.red);
        pixels[target + 1] = component(value, masks.green);
        pixels[target + 2] = component(value, masks.blue);
        if (channels === 4) pixels[target + 3] = component(value, masks.alpha);
      }
    }
  }
  return { pixels, widthPx, heightPx, channels };
}

interface Mask {
  shift: number;
  bits: number;
}

function component(value: number, mask: Mask): number {
  if (mask.bits === 0) return 0;
  const largest = 2 ** mask.bits - 1;
  return Math.round((((value >>> mask.shift) & largest) * 255) / largest);
}

function maskOf(value: number): Mask {
  if (value === 0) return { shift: 0, bits: 0 };
  const shift = Math.clz32(value & -value) ^ 31;
  return { shift, bits: 32 - Math.clz32(value >>> shift) };
}

function defaultMasks(bits: number) {
  const [red, green, blue] = bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
  return { red: maskOf(red!), green: maskOf(green!), blue: maskOf(blue!), alpha: maskOf(0) };
}

function readMasks(data: Buffer, headerBytes: number, compression: number) {
  // The masks follow the 40-byte header; longer headers hold them at the same place.
  const hasAlpha = headerBytes >= 56 || compression === alphaBitFields;
  if (data.length < (hasAlpha ? 70 : 66)) throw new Error('premature end of file');
  return {
    red: maskOf(data.readUInt32LE(54)),
    green: maskOf(data.readUInt32LE(58)),
    blue: maskOf(data.readUInt32LE(62)),
    alpha: maskOf(hasAlpha ? data.readUInt32LE(66) : 0),
  };
}

function readPalette(
  data: Buffer,
  header: { isCore: boolean; headerBytes: number; bits: number; pixelOffset: number },
): number[][] {
  if (header.bits > 8) return [];
  const start = 14 + header.headerBytes;
  const entryBytes = header.isCore ? 3 : 4;
  const named = header.isCore ? 0 : data.readUInt32LE(46);
  const room = Math.max(0, Math.floor((header.pixelOffset - start) / entryBytes));
  const count = Math.min(named === 0 ? 2 ** header.bits : named, 2 ** header.bits, room);
  return Array.from({ length: count }, (_unused, index) => {
    const at = start + index * entryBytes;
    return [data[at + 2]!, data[at + 1]!, data[at]!];
  });
}
