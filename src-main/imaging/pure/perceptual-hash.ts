import type { Pixels } from './resample.ts';
import { resampleArea } from './resample.ts';

/** The side of the grey picture that a perceptual hash is taken of. */
export const hashSidePx = 32;
/** The lowest frequencies of each direction that count, without the constant one. */
const frequencies = 8;
/** Coefficients up to this size, of pictures in 0…255, are rounding and nothing that is seen. */
const leastCoefficient = 0.5;

/** `[frequency − 1, position]`: the rows of the DCT-II that are needed, scaled to keep lengths. */
const cosines = Float32Array.from({ length: frequencies * hashSidePx }, (_, index) => {
  const frequency = Math.floor(index / hashSidePx) + 1;
  const position = index % hashSidePx;
  return Math.sqrt(2 / hashSidePx) * Math.cos((Math.PI * frequency * (position + 0.5)) / hashSidePx);
});

/**
 * The perceptual hash of a picture: 64 bits that stay nearly the same when it is encoded anew, resized or
 * slightly recoloured. After the DCT method that C. Zauner describes in "Implementation and Benchmarking of
 * Perceptual Image Hash Functions", 2010: of a 32×32 grey picture the 8×8 lowest frequencies without the
 * constant ones, each a bit that says whether it is above their median.
 *
 * @param grey `[32, 32]`, 0…255
 * @returns 16 hexadecimal digits; null for a picture without any detail, which nothing can be told apart by
 */
export function perceptualHash(grey: ArrayLike<number>): string | null {
  if (grey.length !== hashSidePx * hashSidePx) {
    throw new RangeError(`A perceptual hash is taken of ${hashSidePx}×${hashSidePx} pixels.`);
  }
  // Along rows first: `[row, frequency]`, then down the columns.
  const across = new Float64Array(hashSidePx * frequencies);
  for (let row = 0; row < hashSidePx; row += 1) {
    for (let frequency = 0; frequency < frequencies; frequency += 1) {
      let sum = 0;
      for (let column = 0; column < hashSidePx; column += 1) {
        sum += grey[row * hashSidePx + column]! * cosines[frequency * hashSidePx + column]!;
      }
      across[row * frequencies + frequency] = sum;
    }
  }
  const coefficients = new Float64Array(frequencies * frequencies);
  for (let down = 0; down < frequencies; down += 1) {
    for (let frequency = 0; frequency < frequencies; frequency += 1) {
      let sum = 0;
      for (let row = 0; row < hashSidePx; row += 1) {
        sum += across[row * frequencies + frequency]! * cosines[down * hashSidePx + row]!;
      }
      coefficients[down * frequencies + frequency] = Math.abs(sum) < leastCoefficient ? 0 : sum;
    }
  }
  if (coefficients.every((value) => value === 0)) return null;
  const sorted = coefficients.slice().sort();
  const median = (sorted[31]! + sorted[32]!) / 2;
  let digits = '';
  for (let at = 0; at < coefficients.length; at += 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit += 1) digit = digit * 2 + (coefficients[at + bit]! > median ? 1 : 0);
    digits += digit.toString(16);
  }
  return digits;
}

/**
 * The perceptual hash of a picture of any size, laid on white and squeezed to a square, so that a change of its
 * proportions hardly matters.
 *
 * @returns as {@link perceptualHash}
 */
export function perceptualHashOf(picture: Pixels): string | null {
  const { widthPx, heightPx } = picture;
  const area = { left: 0, top: 0, widthPx, heightPx };
  const form = { widthPx: hashSidePx, heightPx: hashSidePx, channels: 1, background: '#ffffff' } as const;
  return perceptualHash(resampleArea(picture, area, form));
}

/** In how many of their 64 bits two hashes differ. */
export function hammingDistance(one: string, other: string): number {
  let bits = 0;
  for (let at = 0; at < 16; at += 8) {
    bits += countBits(
      Number.parseInt(one.slice(at, at + 8), 16) ^ Number.parseInt(other.slice(at, at + 8), 16),
    );
  }
  return bits;
}

/** How many bits of a 32-bit number are set (H. S. Warren, "Hacker's Delight", 2012, section 5-1). */
export function countBits(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
