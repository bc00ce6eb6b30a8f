import { describe, expect, it } from 'vitest';
import { augmentationParameters } from '../../src-main/contract/families/augmentation-parameters.ts';
import { resolveSettings, type Settings } from '../../src-main/contract/hyper-parameters.ts';
import {
  augment,
  augmentationOf,
  geometryOf,
  type PictureBatch,
} from '../../src-main/engine/augmentation/augmentation.ts';
import { uniforms } from '../../src-main/engine/random.ts';

const pictures = 64;

/** A bright disc, off the middle, on black; soft-edged, so that half a pixel shows. */
function discs(sizePx = 28, channels = 1): PictureBatch {
  const one = new Float32Array(sizePx * sizePx * channels);
  for (let row = 0; row < sizePx; row++) {
    for (let column = 0; column < sizePx; column++) {
      const distance = Math.hypot(row - sizePx * 0.4, column - sizePx * 0.6);
      const value = Math.min(0.8, Math.max(-1, sizePx * 0.25 - distance));
      for (let channel = 0; channel < channels; channel++) {
        one[(row * sizePx + column) * channels + channel] = channel === 1 ? -value * 0.5 : value;
      }
    }
  }
  const values = new Float32Array(pictures * one.length);
  for (let index = 0; index < pictures; index++) values.set(one, index * one.length);
  return { values, pictures, sizePx, channels };
}

const settingsOf = (chosen: Settings) => resolveSettings(augmentationParameters, chosen);
const altered = (chosen: Settings, { step = 0, seed = 1, batch = discs() } = {}) => {
  const augmentation = augmentationOf(settingsOf(chosen));
  if (augmentation) augment(batch, augmentation, { seed, step });
  return batch;
};
const pictureOf = ({ values, sizePx, channels }: PictureBatch, index: number) => {
  const length = sizePx * sizePx * channels;
  return values.subarray(index * length, (index + 1) * length);
};
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;
const distinct = (batch: PictureBatch) =>
  new Set(Array.from({ length: pictures }, (_, index) => pictureOf(batch, index).join())).size;
/** Where the bright part of a picture lies, in pixels from its upper left. */
const centreOf = (picture: ArrayLike<number>, sizePx: number) => {
  let [mass, x, y] = [0, 0, 0];
  for (let at = 0; at < picture.length; at++) {
    const weight = picture[at]! + 1;
    mass += weight;
    x += weight * (at % sizePx);
    y += weight * Math.floor(at / sizePx);
  }
  return { x: x / mass, y: y / mass, mass };
};

const everything: Settings = {
  ...{ horizontalFlip: true, verticalFlip: true, rotation: 30, translation: 0.1, scale: 0.2, crop: 0.2 },
  ...{ elastic: 0.05, brightness: 0.2, contrast: 0.3, saturation: 0.5, hue: 40, cutout: 0.4, noise: 0.1 },
};

describe('augmentation', () => {
  it('is nothing at all while every setting is off, or its strength is 0', () => {
    expect(augmentationOf(settingsOf({}))).toBeNull();
    expect(augmentationOf(settingsOf({ ...everything, augmentationStrength: 0 }))).toBeNull();
  });

  it('alters a batch alike from one seed and step, otherwise from another', () => {
    const first = altered(everything);
    expect(altered(everything).values).toEqual(first.values);
    expect(altered(everything, { step: 1 }).values).not.toEqual(first.values);
    expect(altered(everything, { seed: 2 }).values).not.toEqual(first.values);
    expect(distinct(first)).toBe(pictures);
  });

  it.each([1, 3])('keeps every value finite and within −1…1, with %i channels', (channels) => {
    for (let step = 0; step < 5; step++) {
      const { values } = altered(everything, { step, batch: discs(32, channels) });
      expect(values.every((value) => value >= -1 && value <= 1)).toBe(true);
    }
  });

  it('mirrors half of the pictures, pixel by pixel', () => {
    const plain = pictureOf(discs(), 0);
    const batch = altered({ horizontalFlip: true });
    const mirrored = Array.from({ length: 28 }, (_, row) =>
      [...plain.subarray(row * 28, row * 28 + 28)].reverse(),
    ).flat();
    let count = 0;
    for (let index = 0; index < pictures; index++) {
      const picture = [...pictureOf(batch, index)];
      if (picture.join() === mirrored.join()) count++;
      else expect(picture).toEqual([...plain]);
    }
    expect(count).toBeGreaterThan(pictures / 4);
    expect(count).toBeLessThan((pictures * 3) / 4);
  });

  it('shifts by up to the asked share of the side, to all sides', () => {
    const start = centreOf(pictureOf(discs(), 0), 28);
    const batch = altered({ translation: 0.1 });
    const moved = Array.from({ length: pictures }, (_, index) => centreOf(pictureOf(batch, index), 28));
    const across = moved.map(({ x }) => x - start.x);
    const down = moved.map(({ y }) => y - start.y);
    for (const way of [across, down]) {
      expect(Math.min(...way)).toBeLessThan(-1);
      expect(Math.max(...way)).toBeGreaterThan(1);
      expect(Math.max(...way.map(Math.abs))).toBeLessThan(2.9);
    }
  });

  it('turns about the middle of the picture: what was upper right comes lower left at 180 degrees', () => {
    const batch = altered({ rotation: 180 });
    const start = centreOf(pictureOf(discs(), 0), 28);
    const angles = Array.from({ length: pictures }, (_, index) => {
      const { x, y } = centreOf(pictureOf(batch, index), 28);
      expect(Math.hypot(x - 13.5, y - 13.5)).toBeCloseTo(Math.hypot(start.x - 13.5, start.y - 13.5), 0);
      return Math.atan2(y - 13.5, x - 13.5);
    });
    expect(Math.max(...angles) - Math.min(...angles)).toBeGreaterThan(Math.PI);
  });

  it('enlarges and shrinks, and a crop only enlarges', () => {
    const start = centreOf(pictureOf(discs(), 0), 28).mass;
    const masses = (chosen: Settings) => {
      const batch = altered(chosen);
      return Array.from(
        { length: pictures },
        (_, index) => centreOf(pictureOf(batch, index), 28).mass / start,
      );
    };
    const scaled = masses({ scale: 0.3 });
    expect(Math.max(...scaled)).toBeGreaterThan(1.3);
    expect(Math.min(...scaled)).toBeLessThan(0.8);
    const cropped = masses({ crop: 0.3 });
    expect(Math.max(...cropped)).toBeGreaterThan(1.3);
    expect(mean(cropped)).toBeGreaterThan(1.1);
  });

  it('bends smoothly: neighbours stay neighbours', () => {
    const ramp = discs();
    for (let at = 0; at < ramp.values.length; at++) ramp.values[at] = ((at % 28) / 27) * 2 - 1;
    const batch = altered({ elastic: 0.1 }, { batch: ramp });
    for (let index = 0; index < pictures; index++) {
      const picture = pictureOf(batch, index);
      for (let at = 0; at < 28 * 27; at++)
        expect(Math.abs(picture[at + 28]! - picture[at]!)).toBeLessThan(0.3);
    }
    expect(distinct(batch)).toBe(pictures);
  });

  it('changes the hue of colours and leaves their brightness; grey stays grey', () => {
    const plain = pictureOf(discs(8, 3), 0);
    const luma = (picture: Float32Array, at: number) =>
      0.299 * picture[at]! + 0.587 * picture[at + 1]! + 0.114 * picture[at + 2]!;
    const batch = discs(8, 3);
    for (let at = 0; at < batch.values.length; at++) batch.values[at] = batch.values[at]! * 0.3;
    altered({ hue: 90 }, { batch });
    let turned = 0;
    for (let index = 0; index < pictures; index++) {
      const picture = pictureOf(batch, index);
      expect(luma(picture, 0)).toBeCloseTo(luma(plain, 0) * 0.3, 2);
      if (Math.abs(picture[0]! - plain[0]! * 0.3) > 0.05) turned++;
    }
    expect(turned).toBeGreaterThan(pictures / 4);

    const grey = discs(8, 3);
    for (let at = 0; at < grey.values.length; at++) grey.values[at] = 0.25;
    altered({ hue: 180, saturation: 1 }, { batch: grey });
    expect(grey.values.every((value) => Math.abs(value - 0.25) < 0.01)).toBe(true);
  });

  it('lightens and darkens by up to the asked share of the full range', () => {
    const flat = discs();
    flat.values.fill(0);
    altered({ brightness: 0.25 }, { batch: flat });
    const levels = Array.from({ length: pictures }, (_, index) => pictureOf(flat, index)[0]!);
    expect(Math.max(...levels)).toBeGreaterThan(0.3);
    expect(Math.min(...levels)).toBeLessThan(-0.3);
    expect(Math.max(...levels.map(Math.abs))).toBeLessThanOrEqual(0.5);
  });

  it('covers a square of mid-grey, at most as large as asked', () => {
    const white = discs();
    white.values.fill(1);
    altered({ cutout: 0.5 }, { batch: white });
    const covered = Array.from(
      { length: pictures },
      (_, index) => pictureOf(white, index).filter((value) => value === 0).length,
    );
    expect(Math.max(...covered)).toBeLessThanOrEqual(14 * 14);
    expect(Math.max(...covered)).toBeGreaterThan(60);
    expect(white.values.every((value) => value === 0 || value === 1)).toBe(true);
  });

  it('adds noise whose deviation stays below the asked one', () => {
    const flat = discs();
    flat.values.fill(0);
    altered({ noise: 0.1 }, { batch: flat });
    const deviations = Array.from({ length: pictures }, (_, index) =>
      Math.sqrt(mean(pictureOf(flat, index).map((value) => value * value))),
    );
    expect(Math.max(...deviations)).toBeLessThan(0.22);
    expect(Math.max(...deviations)).toBeGreaterThan(0.12);
  });

  it('moves both pictures of a pair alike, and leaves their colours', () => {
    const augmentation = geometryOf(augmentationOf(settingsOf(everything)))!;
    const first = discs();
    const second = discs();
    second.values.set(first.values.map((value) => value / 2));
    augment(first, augmentation, { seed: 4, step: 9 });
    augment(second, augmentation, { seed: 4, step: 9 });
    second.values.forEach((value, at) => expect(value).toBeCloseTo(first.values[at]! / 2, 5));
  });

  it('does not alter a picture that is all noise beyond what was asked', () => {
    const batch = discs();
    batch.values.set(uniforms(3, 'test-noise', 0, batch.values.length).map((value) => value * 2 - 1));
    const before = batch.values.slice();
    altered({ rotation: 0.0001 }, { batch });
    batch.values.forEach((value, at) => expect(value).toBeCloseTo(before[at]!, 2));
  });
});

describe('a setting of augmentation out of range', () => {
  it.each([
    ['rotation', 181],
    ['translation', -0.1],
    ['noise', 'much'],
    ['augmentationStrength', 2],
  ])('%s = %s is refused by name', (key, value) => {
    expect(() => settingsOf({ [key]: value })).toThrowError(
      expect.objectContaining({ code: 'setting-out-of-range', details: expect.objectContaining({ key }) }),
    );
  });
});
