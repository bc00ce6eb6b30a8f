import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { preparePicture, type Preparation } from '../../src-main/imaging/prepare.ts';
import { stretchContrast } from '../../src-main/imaging/pure/contrast.ts';
import { deriveInput, type Derivation } from '../../src-main/imaging/pure/derive-input.ts';
import { redThenBlue } from '../fixtures/pictures.ts';

const plain: Preparation = {
  sizePx: 32,
  channels: 3,
  background: '#00ff00',
  crop: 'centre',
  resize: 'lanczos3',
  normalisation: 'none',
  focus: null,
  half: null,
};
const prepare = async (bytes: Uint8Array, how: Partial<Preparation> = {}) =>
  (await preparePicture({ kind: 'file', bytes, name: 'a' }, { ...plain, ...how })).pixels;
const colourAt = (pixels: Uint8Array, row: number, column: number, sizePx = 32) => [
  ...pixels.subarray((row * sizePx + column) * 3, (row * sizePx + column) * 3 + 3),
];
const near = (found: number[], wanted: number[], within = 4) =>
  expect(Math.max(...found.map((value, at) => Math.abs(value - wanted[at]!)))).toBeLessThanOrEqual(within);
const [red, green, blue] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];

/** Once small enough for our own arithmetic, once large enough for libvips. */
describe.each([
  ['a small picture', 1],
  ['a large picture', 10],
])('%s, red on the left and blue on the right,', (_name, times) => {
  const wide = () =>
    redThenBlue()
      .resize(32 * times, 16 * times, { kernel: 'nearest' })
      .png()
      .toBuffer();

  test('keeps its middle, or what its focus point shows', async () => {
    const middle = await prepare(await wide());
    near(colourAt(middle, 16, 4), red);
    near(colourAt(middle, 16, 27), blue);
    near(colourAt(await prepare(await wide(), { focus: { x: 0.1, y: 0.5 } }), 16, 27), red);
    near(colourAt(await prepare(await wide(), { focus: { x: 0.9, y: 0.5 } }), 16, 4), blue);
  });

  test('stands whole between bars of the background in a letterbox', async () => {
    const pixels = await prepare(await wide(), { crop: 'letterbox' });
    near(colourAt(pixels, 2, 16), green);
    near(colourAt(pixels, 29, 16), green);
    near(colourAt(pixels, 16, 2), red);
    near(colourAt(pixels, 16, 29), blue);
  });

  test('comes apart into its halves', async () => {
    near(colourAt(await prepare(await wide(), { half: 'left' }), 16, 30), red);
    near(colourAt(await prepare(await wide(), { half: 'right' }), 16, 1), blue);
  });

  test('keeps hard edges when resized to the nearest pixel', async () => {
    const hard = await prepare(await wide(), { resize: 'nearest', sizePx: 64 });
    const colours = new Set(Array.from({ length: 64 * 64 }, (_, at) => colourAt(hard, 0, at, 64).join()));
    expect(colours).toEqual(new Set([red.join(), blue.join()]));
    const soft = await prepare(await wide(), { sizePx: 28 });
    expect(soft.some((value) => value !== 0 && value !== 255)).toBe(true);
  });
});

describe('the smart crop', () => {
  /** Grey, with a coloured chequer near the right end. */
  const salient = (widthPx: number, heightPx: number) => {
    const pixels = Buffer.alloc(widthPx * heightPx * 3, 120);
    const side = Math.round(heightPx * 0.6);
    for (let row = 0; row < side; row += 1) {
      for (let column = 0; column < side; column += 1) {
        const at = ((row + Math.round(heightPx * 0.2)) * widthPx + (widthPx - side - 4) + column) * 3;
        const dark = (Math.floor(row / 4) + Math.floor(column / 4)) % 2 === 0;
        pixels.set(dark ? [230, 60, 40] : [250, 220, 60], at);
      }
    }
    return sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 3 } })
      .png()
      .toBuffer();
  };

  test.each([
    [120, 40],
    [900, 300],
  ])('of a picture of %i × %i finds what there is to see, each time alike', async (widthPx, heightPx) => {
    const bytes = await salient(widthPx, heightPx);
    const greyShare = (pixels: Uint8Array) =>
      Array.from({ length: 32 * 32 }, (_, at) => colourAt(pixels, 0, at)).filter(
        (colour) => Math.max(...colour) - Math.min(...colour) < 20,
      ).length /
      (32 * 32);
    const smart = await prepare(bytes, { crop: 'smart' });
    expect(greyShare(await prepare(bytes))).toBeGreaterThan(0.95);
    expect(greyShare(smart)).toBeLessThan(0.8);
    expect(Buffer.from(await prepare(bytes, { crop: 'smart' })).equals(smart)).toBe(true);
  });

  test('gives way to a focus point', async () => {
    const bytes = await salient(120, 40);
    const left = await prepare(bytes, { crop: 'smart', focus: { x: 0, y: 0.5 } });
    expect(new Set(left)).toEqual(new Set([120]));
  });

  test('follows the orientation that a camera noted', async () => {
    const turned = await sharp(await salient(900, 300))
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const upright = await sharp(await salient(900, 300))
      .rotate(90)
      .jpeg()
      .toBuffer();
    const [a, b] = [await prepare(turned, { crop: 'smart' }), await prepare(upright, { crop: 'smart' })];
    const apart = a.reduce((sum, value, at) => sum + Math.abs(value - b[at]!), 0) / a.length;
    expect(apart).toBeLessThan(6);
  });
});

test('stretching the contrast reaches black and white, and leaves flat pictures alone', () => {
  const dull = Uint8Array.from({ length: 1000 }, (_, at) => 100 + (at % 50));
  const stretched = stretchContrast(dull, 1);
  expect([Math.min(...stretched), Math.max(...stretched)]).toEqual([0, 255]);
  const flat = new Uint8Array(1000).fill(100, 0, 500).fill(103, 500);
  expect(stretchContrast(flat, 1)).toEqual(flat);
  const tinted = Uint8Array.from({ length: 3000 }, (_, at) => [90, 80, 70][at % 3]! + Math.floor(at / 60));
  const hues = stretchContrast(tinted, 3);
  expect(hues[1500]! > hues[1501]! && hues[1501]! > hues[1502]!).toBe(true);
});

describe('an input derived from its target', () => {
  const sizePx = 32;
  /** A bright disc on a dark ground. */
  const disc = Uint8Array.from({ length: sizePx * sizePx * 3 }, (_, at) => {
    const [row, column] = [Math.floor(at / 3 / sizePx), Math.floor(at / 3) % sizePx];
    return Math.hypot(row - 15.5, column - 15.5) < 10 ? [220, 120, 60][at % 3]! : 20;
  });
  const derived = (derivation: Derivation, seed = 1) =>
    deriveInput({ pixels: disc, sizePx, channels: 3 }, derivation, seed);
  const all: Derivation[] = [
    { kind: 'edges' },
    { kind: 'grey' },
    { kind: 'blur', sigmaPx: 2 },
    { kind: 'holes', share: 0.25 },
    { kind: 'lower-resolution', factor: 4 },
  ];

  test.each(all)('by $kind has the same shape, and the same bytes each time', (derivation) => {
    expect(derived(derivation)).toHaveLength(disc.length);
    expect(derived(derivation)).toEqual(derived(derivation));
    expect(derived(derivation)).not.toEqual(disc);
  });

  test('by edges is a thin black line around the disc, on white', () => {
    const lines = derived({ kind: 'edges' });
    expect(new Set(lines)).toEqual(new Set([0, 255]));
    const black = Array.from({ length: sizePx * sizePx }, (_, at) => at).filter((at) => lines[at * 3] === 0);
    for (const at of black) {
      const away = Math.hypot(Math.floor(at / sizePx) - 15.5, (at % sizePx) - 15.5);
      expect(Math.abs(away - 10)).toBeLessThan(2);
    }
    expect(black.length).toBeGreaterThan(40);
    expect(black.length).toBeLessThan(120);
  });

  test('of a flat picture has no edges', () => {
    const flat = new Uint8Array(sizePx * sizePx).fill(90);
    const lines = deriveInput({ pixels: flat, sizePx, channels: 1 }, { kind: 'edges' }, 1);
    expect(new Set(lines)).toEqual(new Set([255]));
  });

  test('by grey has one value in all channels', () => {
    const grey = derived({ kind: 'grey' });
    const middle = (16 * sizePx + 16) * 3;
    expect([...grey.subarray(middle, middle + 3)]).toEqual([143, 143, 143]);
  });

  test('by holes covers the share asked for, elsewhere for another seed', () => {
    const holes = derived({ kind: 'holes', share: 0.25 });
    const changed = Array.from({ length: sizePx * sizePx }, (_, at) => holes[at * 3] === 128).filter(Boolean);
    expect(changed).toHaveLength(256);
    expect(derived({ kind: 'holes', share: 0.25 }, 2)).not.toEqual(holes);
  });

  test('by lower resolution has blocks of one value', () => {
    const coarse = derived({ kind: 'lower-resolution', factor: 8 });
    for (let row = 0; row < 8; row += 1) {
      for (let column = 0; column < 8; column += 1) {
        expect(coarse[(row * sizePx + column) * 3]).toBe(coarse[0]);
      }
    }
  });

  test('by blur keeps the mean brightness', () => {
    const mean = (pixels: Uint8Array) => pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    expect(Math.abs(mean(derived({ kind: 'blur', sigmaPx: 2 })) - mean(disc))).toBeLessThan(2);
  });
});
