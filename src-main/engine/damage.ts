import type { ModelConfig } from '../contract/engine-messages.ts';
import { families } from '../contract/presets.ts';
import { deriveInput, holeGrey, type Square } from '../imaging/pure/derive-input.ts';
import { normals, uniforms, words } from './random.ts';

/** What pictures suffer before a model gives them back, at most; 0 is none of a kind. */
export interface Damage {
  /** Of a picture, 0…1, cut out; every picture loses something between nothing and this. */
  readonly holeShare: number;
  /** Of the pictures, 0…1, that each of the other kinds strikes. */
  readonly damagedShare: number;
  /** Standard deviation of Gaussian noise, of the range from black to white. */
  readonly noiseDeviation: number;
  /** Standard deviation of a Gaussian blur, in pixels. */
  readonly blurPx: number;
  /** Side of the blocks of a lower resolution, in pixels; 1 is none. */
  readonly coarsenessPx: number;
  /** Thin lines across the picture, that no hole marks. */
  readonly scratches: number;
}

/** How a model damages the pictures that it learns from; null where it does not. */
export function damageOf({ family, settings }: Pick<ModelConfig, 'family' | 'settings'>): Damage | null {
  if (!families[family].damagesPictures) return null;
  return {
    holeShare: Number(settings.holeShare),
    damagedShare: Number(settings.damagedShare),
    noiseDeviation: Number(settings.noiseDeviation),
    blurPx: Number(settings.blurPx),
    coarsenessPx: Number(settings.coarsenessPx),
    scratches: Number(settings.scratches),
  };
}

/**
 * A picture as damage leaves it: blurred, coarse, noisy, scratched, and with holes, in this order. Holes alone hold
 * {@link holeGrey} in every channel: a pixel that happens to is moved by one level.
 *
 * @param seed decides everything about it
 * @returns `[sizePx, sizePx, channels]`, 0…255, the caller's
 */
export function damagedPicture(target: Square, damage: Damage, seed: number): Uint8Array {
  const random = numbersOf(seed);
  const strikes = (strength: number) => random() < damage.damagedShare && strength > 0;
  let square: Square = { ...target, pixels: Uint8Array.from(target.pixels) };
  const derive = (derivation: Parameters<typeof deriveInput>[1], holesSeed = 0): void => {
    square = { ...square, pixels: deriveInput(square, derivation, holesSeed) };
  };
  // Much less than a quarter pixel would leave the bytes as they are.
  if (strikes(damage.blurPx)) derive({ kind: 'blur', sigmaPx: (0.25 + 0.75 * random()) * damage.blurPx });
  if (strikes(damage.coarsenessPx - 1)) {
    derive({ kind: 'lower-resolution', factor: 2 + Math.floor(random() * (damage.coarsenessPx - 1)) });
  }
  if (strikes(damage.noiseDeviation)) addNoise(square, random() * damage.noiseDeviation, seed);
  if (strikes(damage.scratches)) {
    const count = 1 + Math.floor(random() * damage.scratches);
    for (let index = 0; index < count; index++) scratch(square, random);
  }
  keepHoleGreyFree(square);
  const share = random() * damage.holeShare;
  if (random() < 0.5) derive({ kind: 'holes', share }, Math.floor(random() * 2 ** 32));
  else cutStrokes(square, share, random);
  return square.pixels;
}

/**
 * A batch as damage leaves it, one picture's damage independent of another's.
 *
 * @param values pictures one behind the other, −1…1
 * @returns of the same shape and range, the caller's
 */
export function damagedBatch(
  values: Float32Array,
  { sizePx, channels }: Omit<Square, 'pixels'>,
  damage: Damage,
  { seed, step }: { readonly seed: number; readonly step: number },
): Float32Array<ArrayBuffer> {
  const length = sizePx * sizePx * channels;
  const result = new Float32Array(values.length);
  const seeds = words(seed, 'damage', step, values.length / length);
  const pixels = new Uint8Array(length);
  for (const [picture, own] of seeds.entries()) {
    const from = picture * length;
    for (let at = 0; at < length; at++) {
      pixels[at] = Math.min(255, Math.max(0, Math.round((values[from + at]! + 1) * 127.5)));
    }
    const struck = damagedPicture({ pixels, sizePx, channels }, damage, own);
    for (let at = 0; at < length; at++) result[from + at] = struck[at]! / 127.5 - 1;
  }
  return result;
}

type Numbers = () => number;

/** As many numbers in [0, 1) as are asked for, the same for the same seed. */
function numbersOf(seed: number): Numbers {
  const atOnce = 64;
  let drawn = 0;
  let values: Float32Array = new Float32Array();
  return () => {
    if (drawn % atOnce === 0) values = uniforms(seed, 'damage', drawn / atOnce, atOnce);
    return values[drawn++ % atOnce]!;
  };
}

function addNoise({ pixels }: Square, deviation: number, seed: number): void {
  const noise = normals(seed, 'damage-noise', 0, pixels.length);
  for (let at = 0; at < pixels.length; at++) {
    pixels[at] = Math.min(255, Math.max(0, Math.round(pixels[at]! + 255 * deviation * noise[at]!)));
  }
}

/** One thin line, bright or dark, that begins at the border and bends a little. */
function scratch({ pixels, sizePx, channels }: Square, random: Numbers): void {
  const tone = random() < 0.5 ? 0 : 255;
  const opacity = 0.6 + 0.4 * random();
  const bend = (random() - 0.5) * (2 / sizePx);
  const along = random() * (sizePx - 1);
  const fromSide = random() < 0.5;
  let [x, y] = fromSide ? [0, along] : [along, 0];
  let angle = (fromSide ? 0 : Math.PI / 2) + (random() - 0.5) * 2;
  let last = -1;
  for (;;) {
    const [column, row] = [Math.round(x), Math.round(y)];
    if (column < 0 || row < 0 || column >= sizePx || row >= sizePx) return;
    const place = row * sizePx + column;
    if (place !== last) {
      for (let at = place * channels; at < (place + 1) * channels; at++) {
        pixels[at] = Math.round(pixels[at]! * (1 - opacity) + tone * opacity);
      }
    }
    last = place;
    x += Math.cos(angle);
    y += Math.sin(angle);
    angle += bend;
  }
}

function keepHoleGreyFree({ pixels, channels }: Square): void {
  for (let at = 0; at < pixels.length; at += channels) {
    let isGrey = true;
    for (let channel = 0; channel < channels; channel++) isGrey &&= pixels[at + channel] === holeGrey;
    if (isGrey) pixels[at] = holeGrey - 1;
  }
}

/**
 * Free-form holes: a round brush that is led across the picture in legs (after Yu et al., "Free-Form Image Inpainting
 * with Gated Convolution", 2019), until exactly this share is gone.
 */
function cutStrokes({ pixels, sizePx, channels }: Square, share: number, random: Numbers): void {
  const covered = new Uint8Array(sizePx * sizePx);
  let left = Math.round(share * covered.length);
  const stamp = (x: number, y: number, radius: number): void => {
    const top = Math.max(0, Math.ceil(y - radius));
    const bottom = Math.min(sizePx - 1, Math.floor(y + radius));
    for (let row = top; row <= bottom; row++) {
      const half = Math.sqrt(radius ** 2 - (row - y) ** 2);
      const right = Math.min(sizePx - 1, Math.floor(x + half));
      for (let column = Math.max(0, Math.ceil(x - half)); column <= right && left > 0; column++) {
        const place = row * sizePx + column;
        if (covered[place]) continue;
        covered[place] = 1;
        left -= 1;
        pixels.fill(holeGrey, place * channels, (place + 1) * channels);
      }
    }
  };
  const within = (value: number) => Math.min(sizePx - 1, Math.max(0, value));
  while (left > 0) {
    const radius = Math.max(0.75, sizePx * (0.03 + 0.06 * random()));
    let [x, y] = [random() * (sizePx - 1), random() * (sizePx - 1)];
    let angle = random() * 2 * Math.PI;
    const legs = 2 + Math.floor(random() * 5);
    for (let leg = 0; leg < legs && left > 0; leg++) {
      const length = Math.ceil(sizePx * (0.1 + 0.25 * random()));
      for (let walked = 0; walked < length && left > 0; walked++) {
        stamp(x, y, radius);
        x = within(x + Math.cos(angle));
        y = within(y + Math.sin(angle));
      }
      angle += (random() - 0.5) * Math.PI;
    }
  }
}
