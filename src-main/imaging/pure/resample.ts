/** Pixels in memory: `[heightPx, widthPx, channels]`, 0…255; 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA. */
export interface Pixels {
  pixels: Uint8Array;
  widthPx: number;
  heightPx: number;
  channels: 1 | 2 | 3 | 4;
}

export interface SquareForm {
  sizePx: number;
  channels: 1 | 3;
  /** `#rrggbb` that transparent parts are laid upon. */
  background: string;
}

/** A rectangle of a picture, in its pixels. */
export interface Area {
  left: number;
  top: number;
  widthPx: number;
  heightPx: number;
}

/**
 * The centred square of a picture in the form that networks see: laid on the background, RGB or grey (Rec. 601
 * luma), resized with an antialiased Lanczos filter (a = 3). Plain arithmetic, so that every machine gives the
 * same bytes.
 *
 * @returns `[sizePx, sizePx, channels]`, 0…255
 */
export function toSquare(image: Pixels, form: SquareForm): Uint8Array {
  const sidePx = Math.min(image.widthPx, image.heightPx);
  const left = Math.floor((image.widthPx - sidePx) / 2);
  const top = Math.floor((image.heightPx - sidePx) / 2);
  const area = { left, top, widthPx: sidePx, heightPx: sidePx };
  return resampleArea(image, area, { ...form, widthPx: form.sizePx, heightPx: form.sizePx });
}

/**
 * An area of a picture, laid on the background, in RGB or grey (Rec. 601 luma), resized: by an antialiased
 * Lanczos filter (a = 3), or to the nearest pixel.
 *
 * @returns `[heightPx, widthPx, channels]`, 0…255
 */
export function resampleArea(
  image: Pixels,
  area: Area,
  form: {
    widthPx: number;
    heightPx: number;
    channels: 1 | 3;
    background: string;
    resize?: 'lanczos3' | 'nearest';
  },
): Uint8Array {
  const { widthPx, heightPx, channels } = form;
  const planes = laidOnBackground(image, area, channels, form.background);
  const isSame = area.widthPx === widthPx && area.heightPx === heightPx;
  const shape = { fromWidthPx: area.widthPx, fromHeightPx: area.heightPx, widthPx, heightPx, channels };
  // The array clamps, as the filter overshoots at hard edges, and rounds.
  const result = new Uint8ClampedArray(widthPx * heightPx * channels);
  if (isSame) result.set(planes);
  else if (form.resize === 'nearest') toNearest(planes, shape, result);
  else resize(planes, shape, result);
  return new Uint8Array(result.buffer);
}

/** The three values of `#rrggbb`, 0…255. */
export function colourValues(colour: string): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return [red, green, blue];
}

/** Rec. 601 luma of values from 0 to 255. */
export const lumaOf = (red: number, green: number, blue: number): number =>
  0.299 * red + 0.587 * green + 0.114 * blue;

/** Values of 32 bits. For a small picture they are kept as 64, as their conversion costs more than the filter. */
type Values = Float64Array | Float32Array;

/** Larger pictures are kept in half the memory. */
const mostScratchValues = 2 ** 20;

/** Memory that is used again for each small picture: setting it up anew would cost as much as filling it. */
class Scratch {
  #values = new Float64Array(0);

  /** So many values, of whatever was there before; valid until the next call. */
  ofLength(length: number): Values {
    if (length > mostScratchValues) return new Float32Array(length);
    if (this.#values.length < length) this.#values = new Float64Array(length);
    return this.#values.subarray(0, length);
  }
}

const laidScratch = new Scratch();
const narrowedScratch = new Scratch();

/** `[area.heightPx, area.widthPx, channels]`; valid until the next call. */
function laidOnBackground(image: Pixels, area: Area, channels: 1 | 3, background: string): Values {
  const { pixels, widthPx, channels: step } = image;
  const [underRed, underGreen, underBlue] = colourValues(background);
  const isGrey = step <= 2;
  const alphaAt = step === 2 || step === 4 ? step - 1 : null;
  const result = laidScratch.ofLength(area.widthPx * area.heightPx * channels);
  let to = 0;
  for (let row = 0; row < area.heightPx; row += 1) {
    let from = ((area.top + row) * widthPx + area.left) * step;
    const end = from + area.widthPx * step;
    for (; from < end; from += step, to += channels) {
      const alpha = alphaAt === null ? 255 : pixels[from + alphaAt]!;
      let red = underRed;
      let green = underGreen;
      let blue = underBlue;
      if (alpha > 0) {
        red = pixels[from]!;
        green = isGrey ? red : pixels[from + 1]!;
        blue = isGrey ? red : pixels[from + 2]!;
        if (alpha < 255) {
          const opacity = alpha / 255;
          red = underRed + (red - underRed) * opacity;
          green = underGreen + (green - underGreen) * opacity;
          blue = underBlue + (blue - underBlue) * opacity;
        }
      }
      if (channels === 1) result[to] = Math.fround(lumaOf(red, green, blue));
      else {
        result[to] = Math.fround(red);
        result[to + 1] = Math.fround(green);
        result[to + 2] = Math.fround(blue);
      }
    }
  }
  return result;
}

interface Taps {
  /** First source position of each target position. */
  first: Int32Array;
  /** `[target, tap]`, each row adding up to 1, each weight of 32 bits. */
  weights: Float64Array;
  /** Taps of each target position: a multiple of four, the last ones without weight. */
  count: number;
  /** How many taps of each target position come before the last one that weighs something. */
  weighing: Int32Array;
}

const knownTaps = new Map<number, Taps>();

/** Lanczos weights, widened when shrinking so that every source pixel counts. */
function tapsFor(sourcePx: number, targetPx: number): Taps {
  const key = sourcePx * 65536 + targetPx;
  const known = knownTaps.get(key);
  if (known) return known;
  const scale = sourcePx / targetPx;
  const stretch = Math.max(1, scale);
  const support = 3 * stretch;
  const reached = Math.min(sourcePx, Math.ceil(2 * support) + 1);
  const count = Math.ceil(reached / 4) * 4;
  const first = new Int32Array(targetPx);
  const weights = new Float64Array(targetPx * count);
  const weighing = new Int32Array(targetPx);
  for (let target = 0; target < targetPx; target += 1) {
    const centre = (target + 0.5) * scale - 0.5;
    const start = Math.max(0, Math.min(sourcePx - reached, Math.ceil(centre - support)));
    first[target] = start;
    const row = Array.from({ length: reached }, (_unused, tap) => lanczos((start + tap - centre) / stretch));
    const sum = row.reduce((total, weight) => total + weight, 0);
    row.forEach((weight, tap) => (weights[target * count + tap] = Math.fround(weight / sum)));
    weighing[target] = row.findLastIndex((weight) => weight !== 0) + 1;
  }
  const taps = { first, weights, count, weighing };
  if (knownTaps.size >= 64) knownTaps.clear();
  knownTaps.set(key, taps);
  return taps;
}

function lanczos(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= 3) return 0;
  const angle = Math.PI * x;
  return (3 * Math.sin(angle) * Math.sin(angle / 3)) / (angle * angle);
}

interface Shape {
  fromWidthPx: number;
  fromHeightPx: number;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3;
}

// Sums are of 64 bits and in the order of the taps in both passes, so that bytes stay what they are.

function resize(source: Values, shape: Shape, result: Uint8ClampedArray): void {
  const { fromWidthPx, fromHeightPx, widthPx, heightPx, channels } = shape;
  const across = tapsFor(fromWidthPx, widthPx);
  const down = tapsFor(fromHeightPx, heightPx);
  const narrowed = narrowedScratch.ofLength(fromHeightPx * widthPx * channels);
  if (channels === 3) narrowColours(source, fromWidthPx, across, narrowed);
  else narrowGrey(source, fromWidthPx, across, narrowed);
  shorten(narrowed, fromHeightPx, down, result);
}

/** `[height, fromWidthPx, 3]` to `[height, width, 3]`. */
function narrowColours(source: Values, fromWidthPx: number, taps: Taps, result: Values): void {
  const { first, weights, count, weighing } = taps;
  let to = 0;
  for (let fromRow = 0; to < result.length; fromRow += fromWidthPx * 3) {
    for (let target = 0; target < first.length; target += 1) {
      let at = fromRow + first[target]! * 3;
      let red = 0;
      let green = 0;
      let blue = 0;
      const start = target * count;
      const end = start + weighing[target]!;
      for (let tap = start; tap < end; tap += 1) {
        const weight = weights[tap]!;
        red += source[at]! * weight;
        green += source[at + 1]! * weight;
        blue += source[at + 2]! * weight;
        at += 3;
      }
      result[to] = Math.fround(red);
      result[to + 1] = Math.fround(green);
      result[to + 2] = Math.fround(blue);
      to += 3;
    }
  }
}

/** `[height, fromWidthPx]` to `[height, width]`. */
function narrowGrey(source: Values, fromWidthPx: number, taps: Taps, result: Values): void {
  const { first, weights, count, weighing } = taps;
  let to = 0;
  for (let fromRow = 0; to < result.length; fromRow += fromWidthPx) {
    for (let target = 0; target < first.length; target += 1, to += 1) {
      let at = fromRow + first[target]!;
      let grey = 0;
      const start = target * count;
      const end = start + weighing[target]!;
      for (let tap = start; tap < end; tap += 1, at += 1) grey += source[at]! * weights[tap]!;
      result[to] = Math.fround(grey);
    }
  }
}

/** `[fromHeightPx, values]` to `[height, values]`, along rows of memory and four taps at a time. */
function shorten(source: Values, fromHeightPx: number, taps: Taps, result: Uint8ClampedArray): void {
  const { first, weights, count, weighing } = taps;
  const rowValues = source.length / fromHeightPx;
  const sums = new Float64Array(rowValues);
  for (let target = 0; target < first.length; target += 1) {
    const start = target * count;
    sums.fill(0);
    for (let tap = 0; tap < weighing[target]!; tap += 4) {
      // Rows past the last one have no weight.
      const rowOf = (nth: number): number =>
        Math.min(first[target]! + tap + nth, fromHeightPx - 1) * rowValues;
      const [one, two, three, four] = [rowOf(0), rowOf(1), rowOf(2), rowOf(3)];
      const weightOne = weights[start + tap]!;
      const weightTwo = weights[start + tap + 1]!;
      const weightThree = weights[start + tap + 2]!;
      const weightFour = weights[start + tap + 3]!;
      for (let at = 0; at < rowValues; at += 1) {
        sums[at] =
          sums[at]! +
          source[one + at]! * weightOne +
          source[two + at]! * weightTwo +
          source[three + at]! * weightThree +
          source[four + at]! * weightFour;
      }
    }
    const to = target * rowValues;
    for (let at = 0; at < rowValues; at += 1) result[to + at] = Math.fround(sums[at]!);
  }
}

function toNearest(source: Values, shape: Shape, result: Uint8ClampedArray): void {
  const { fromWidthPx, fromHeightPx, widthPx, heightPx, channels } = shape;
  for (let row = 0; row < heightPx; row += 1) {
    const fromRow = Math.floor(((row + 0.5) * fromHeightPx) / heightPx);
    for (let column = 0; column < widthPx; column += 1) {
      const fromColumn = Math.floor(((column + 0.5) * fromWidthPx) / widthPx);
      const from = (fromRow * fromWidthPx + fromColumn) * channels;
      const to = (row * widthPx + column) * channels;
      for (let channel = 0; channel < channels; channel += 1) result[to + channel] = source[from + channel]!;
    }
  }
}
