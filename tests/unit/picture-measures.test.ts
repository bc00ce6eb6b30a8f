import { describe, expect, it } from 'vitest';
import { measurePicture } from '../../src-main/imaging/pure/picture-measures.ts';
import type { Pixels } from '../../src-main/imaging/pure/resample.ts';
import { blurred, drawnPicture, noisy } from '../helpers/drawn-pictures.ts';

const flat = (value: number, sizePx = 32): Pixels => ({
  pixels: new Uint8Array(sizePx * sizePx * 3).fill(value),
  widthPx: sizePx,
  heightPx: sizePx,
  channels: 3,
});

describe('The measures of a picture', () => {
  it('find a blurred picture less sharp', () => {
    const picture = drawnPicture(1, 96);
    const sharp = measurePicture(picture).sharpness;
    expect(measurePicture(blurred(picture, 3)).sharpness).toBeLessThan(sharp / 10);
  });

  it('estimate the noise that was put in', () => {
    const ground = flat(128, 128);
    expect(measurePicture(ground).noise).toBe(0);
    for (const deviation of [4, 10, 20]) {
      const found = measurePicture({
        ...noisy({ ...ground, channels: 1, pixels: new Uint8Array(128 * 128).fill(128) }, deviation, 3),
      });
      expect(found.noise).toBeGreaterThan(0.85 * deviation);
      expect(found.noise).toBeLessThan(1.15 * deviation);
    }
  });

  it('tell a blank picture by its deviation, also one that varies in colour alone', () => {
    expect(measurePicture(flat(90)).deviation).toBe(0);
    const two = flat(0, 32);
    // Red of 100 and green of 50.9 have nearly the same luma.
    for (let at = 0; at < 32 * 32; at += 1) two.pixels.set(at % 32 < 16 ? [100, 0, 0] : [0, 51, 0], at * 3);
    const found = measurePicture(two);
    expect(found.deviation).toBeGreaterThan(40);
    expect(found.brightest - found.darkest).toBeLessThan(0.02);
  });

  it('tell what is too dark and too bright', () => {
    const dark = measurePicture(flat(1));
    expect(dark.darkShare).toBe(1);
    expect(dark.brightest).toBeLessThan(0.01);
    const bright = measurePicture(flat(255));
    expect(bright).toMatchObject({ brightShare: 1, darkShare: 0, brightness: 1, darkest: 1 });
    const usual = measurePicture(drawnPicture(4, 64));
    expect(usual.brightest).toBeGreaterThan(usual.darkest);
    expect(usual.brightness).toBeGreaterThan(usual.darkest);
    expect(usual.brightness).toBeLessThan(usual.brightest);
  });

  it('find no colour in grey, and some in colours', () => {
    expect(measurePicture(flat(77)).colourfulness).toBe(0);
    expect(measurePicture(drawnPicture(5, 64)).colourfulness).toBeGreaterThan(20);
  });

  it('take a picture of one pixel, grey or transparent', () => {
    const one = measurePicture({ pixels: Uint8Array.of(7), widthPx: 1, heightPx: 1, channels: 1 });
    expect(one).toMatchObject({ sharpness: 0, noise: 0, deviation: 0 });
    const clear = measurePicture({ pixels: Uint8Array.of(7, 7, 7, 0), widthPx: 1, heightPx: 1, channels: 4 });
    expect(clear.brightness).toBeCloseTo(1);
  });
});
