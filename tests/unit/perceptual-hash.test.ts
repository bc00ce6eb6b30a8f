import { describe, expect, it } from 'vitest';
import {
  countBits,
  hammingDistance,
  hashSidePx,
  perceptualHash,
  perceptualHashOf,
} from '../../src-main/imaging/pure/perceptual-hash.ts';
import type { Pixels } from '../../src-main/imaging/pure/resample.ts';
import { drawnPicture, noisy } from '../helpers/drawn-pictures.ts';

const hashOf = (picture: Pixels): string => perceptualHashOf(picture) ?? 'none';

describe('A perceptual hash', () => {
  it('is the same at another size', () => {
    const large = drawnPicture(1, 128);
    const small = drawnPicture(1, 48);
    expect(hammingDistance(hashOf(large), hashOf(small))).toBeLessThanOrEqual(4);
  });

  it('hardly changes when the picture is made brighter or noisy', () => {
    const picture = drawnPicture(2, 96);
    const brighter: Pixels = { ...picture, pixels: picture.pixels.map((value) => Math.min(255, value + 12)) };
    expect(hammingDistance(hashOf(picture), hashOf(brighter))).toBeLessThanOrEqual(4);
    expect(hammingDistance(hashOf(picture), hashOf(noisy(picture, 8, 5)))).toBeLessThanOrEqual(6);
  });

  it('differs in about half of its bits between unrelated pictures', () => {
    const hashes = Array.from({ length: 12 }, (_, index) => hashOf(drawnPicture(index + 10, 64)));
    const distances = hashes.flatMap((one, at) =>
      hashes.slice(at + 1).map((other) => hammingDistance(one, other)),
    );
    const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
    expect(mean).toBeGreaterThan(20);
    expect(Math.min(...distances)).toBeGreaterThan(6);
  });

  it('is absent for a picture without any detail', () => {
    expect(perceptualHash(new Uint8Array(hashSidePx ** 2).fill(200))).toBeNull();
  });

  it('is refused for another size', () => {
    expect(() => perceptualHash(new Uint8Array(16))).toThrow(RangeError);
  });

  it('lays what is transparent on white', () => {
    const picture = drawnPicture(3, 64);
    const withAlpha = new Uint8Array(64 * 64 * 4);
    for (let at = 0; at < 64 * 64; at += 1) {
      withAlpha.set(picture.pixels.subarray(at * 3, at * 3 + 3), at * 4);
      withAlpha[at * 4 + 3] = 255;
    }
    expect(hashOf({ pixels: withAlpha, widthPx: 64, heightPx: 64, channels: 4 })).toBe(hashOf(picture));
    withAlpha.fill(0);
    expect(perceptualHashOf({ pixels: withAlpha, widthPx: 64, heightPx: 64, channels: 4 })).toBeNull();
  });

  it('counts bits', () => {
    expect([0, 1, 0x80000000, 0xffffffff, 0x0f0f0f0f].map(countBits)).toEqual([0, 1, 1, 32, 16]);
    expect(hammingDistance('ffffffffffffffff', '0000000000000000')).toBe(64);
    expect(hammingDistance('8000000000000001', '0000000000000000')).toBe(2);
  });
});
