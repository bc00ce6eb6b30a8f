import { describe, expect, it } from 'vitest';
import { damagedBatch, damagedPicture, damageOf, type Damage } from '../../src-main/engine/damage.ts';
import { words } from '../../src-main/engine/random.ts';
import { holeGrey } from '../../src-main/imaging/pure/derive-input.ts';
import { smallConfig } from './engine-fixtures.ts';

const none: Damage = {
  ...{ holeShare: 0, damagedShare: 1, noiseDeviation: 0, blurPx: 0, coarsenessPx: 1, scratches: 0 },
};
const [sizePx, channels] = [32, 3];
const picture = {
  pixels: Uint8Array.from(words(1, 'test-picture', 0, sizePx ** 2 * channels), (word) => word >>> 24),
  ...{ sizePx, channels },
};
const strike = (damage: Partial<Damage>, seed = 5) => damagedPicture(picture, { ...none, ...damage }, seed);
const isHole = (pixels: Uint8Array, place: number) =>
  pixels.subarray(place * channels, (place + 1) * channels).every((value) => value === holeGrey);
const holesIn = (pixels: Uint8Array) =>
  Array.from({ length: sizePx ** 2 }, (_, place) => place).filter((place) => isHole(pixels, place));
const seeds = Array.from({ length: 40 }, (_, index) => index * 977);

describe('damage', () => {
  it('is decided by its seed alone, and leaves the picture that it is given', () => {
    const all = { holeShare: 0.4, noiseDeviation: 0.2, blurPx: 1, coarsenessPx: 3, scratches: 3 };
    const before = Uint8Array.from(picture.pixels);
    expect(strike(all)).toEqual(strike(all));
    expect(new Set(seeds.map((seed) => strike(all, seed).join())).size).toBe(seeds.length);
    expect(picture.pixels).toEqual(before);
  });

  it('changes nothing where none is asked for', () => {
    expect(strike({})).toEqual(picture.pixels);
    expect(strike({ damagedShare: 0, noiseDeviation: 1, blurPx: 8, coarsenessPx: 8, scratches: 20 })).toEqual(
      picture.pixels,
    );
  });

  it('cuts holes of up to the share, of different sizes, and touches nothing beside them', () => {
    const shares = seeds.map((seed) => {
      const struck = strike({ holeShare: 0.5 }, seed);
      const holes = new Set(holesIn(struck));
      for (const [at, value] of struck.entries()) {
        if (!holes.has(Math.floor(at / channels))) expect(value).toBe(picture.pixels[at]);
      }
      return holes.size / sizePx ** 2;
    });
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.5);
    expect(Math.max(...shares)).toBeGreaterThan(0.4);
    expect(Math.min(...shares)).toBeLessThan(0.1);
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeCloseTo(0.25, 1);
  });

  it('takes no pixel for a hole that happens to have its grey', () => {
    const grey = { pixels: new Uint8Array(sizePx ** 2).fill(holeGrey), sizePx, channels: 1 };
    expect(damagedPicture(grey, none, 3)).toEqual(new Uint8Array(sizePx ** 2).fill(holeGrey - 1));
  });

  it.each<Partial<Damage>>([{ noiseDeviation: 0.3 }, { blurPx: 2 }, { coarsenessPx: 4 }, { scratches: 2 }])(
    'strikes the share of the pictures that it is told: %o',
    (kind) => {
      const changedAt = (damagedShare: number) =>
        seeds.filter((seed) => strike({ ...kind, damagedShare }, seed).join() !== picture.pixels.join());
      expect(changedAt(1)).toHaveLength(seeds.length);
      expect(changedAt(0.5).length / seeds.length).toBeCloseTo(0.5, 0);
      expect(changedAt(0)).toEqual([]);
      expect(holesIn(strike(kind))).toEqual([]);
    },
  );

  it('makes noise of its strength at most, and scratches of few pixels', () => {
    const flat = { pixels: new Uint8Array(sizePx ** 2).fill(100), sizePx, channels: 1 };
    const deviations = seeds.map((seed) => {
      const struck = damagedPicture(flat, { ...none, noiseDeviation: 0.1 }, seed);
      return Math.sqrt(struck.reduce((sum, value) => sum + (value - 100) ** 2, 0) / struck.length) / 255;
    });
    expect(Math.max(...deviations)).toBeLessThan(0.12);
    expect(Math.max(...deviations)).toBeGreaterThan(0.07);
    for (const seed of seeds) {
      const struck = damagedPicture(flat, { ...none, scratches: 1 }, seed);
      const touched = struck.filter((value) => value !== 100).length;
      expect(touched).toBeGreaterThan(0);
      expect(touched).toBeLessThan(3 * sizePx);
    }
  });

  it('strikes each picture of a batch by itself, each step otherwise', () => {
    const config = smallConfig('denoiser-32-rgb', { damagedShare: 1 });
    const damage = damageOf(config)!;
    const values = Float32Array.from(picture.pixels, (byte) => byte / 127.5 - 1);
    const both = new Float32Array([...values.map((value) => -value), ...values]);
    const other = new Float32Array([...values, ...values]);
    const second = (batch: Float32Array, step: number) =>
      damagedBatch(batch, config, damage, { seed: 3, step }).slice(values.length);
    expect(second(both, 7)).toEqual(second(other, 7));
    expect(second(both, 7)).not.toEqual(second(both, 8));
    expect(damageOf(smallConfig('pix2pix-28'))).toBeNull();
  });
});
