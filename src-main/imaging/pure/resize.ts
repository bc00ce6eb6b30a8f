/** Values of 32 bits. For a small picture they are kept as 64, as their conversion costs more than the filter. */
export type Values = Float64Array | Float32Array;

/** Larger pictures are kept in half the memory. */
const mostScratchValues = 2 ** 20;

/** Memory that is used again for each small picture: setting it up anew would cost as much as filling it. */
export class Scratch {
  #values = new Float64Array(0);

  /** So many values, of whatever was there before; valid until the next call. */
  ofLength(length: number): Values {
    if (length > mostScratchValues) return new Float32Array(length);
    if (this.#values.length < length) this.#values = new Float64Array(length);
    return this.#values.subarray(0, length);
  }
}

const narrowedScratch = new Scratch();

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

/** What is resized into what. */
export interface Shape {
  fromWidthPx: number;
  fromHeightPx: number;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3;
}

/**
 * Resizes by an antialiased Lanczos filter (a = 3). Sums are of 64 bits and in the order of the taps in both passes, so
 * that every machine gives the same bytes.
 *
 * @param source `[fromHeightPx, fromWidthPx, channels]`
 * @param result `[heightPx, widthPx, channels]`, clamped and rounded
 */
export function resize(source: Values, shape: Shape, result: Uint8ClampedArray): void {
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

/** `[height, fromWidthPx]` to `[height, width]`, four rows at a time, so that no sum waits for the one before. */
function narrowGrey(source: Values, fromWidthPx: number, taps: Taps, result: Values): void {
  const { first, weights, count, weighing } = taps;
  const widthPx = first.length;
  const lastRow = result.length / widthPx - 1;
  for (let row = 0; row <= lastRow; row += 4) {
    const [second, third, fourth] = [row + 1, row + 2, row + 3].map((next) => Math.min(next, lastRow) - row);
    const [fromSecond, fromThird, fromFourth] = [
      second! * fromWidthPx,
      third! * fromWidthPx,
      fourth! * fromWidthPx,
    ];
    for (let target = 0; target < widthPx; target += 1) {
      let at = row * fromWidthPx + first[target]!;
      let one = 0;
      let two = 0;
      let three = 0;
      let four = 0;
      const start = target * count;
      const end = start + weighing[target]!;
      for (let tap = start; tap < end; tap += 1, at += 1) {
        const weight = weights[tap]!;
        one += source[at]! * weight;
        two += source[at + fromSecond]! * weight;
        three += source[at + fromThird]! * weight;
        four += source[at + fromFourth]! * weight;
      }
      const to = row * widthPx + target;
      result[to] = Math.fround(one);
      result[to + second! * widthPx] = Math.fround(two);
      result[to + third! * widthPx] = Math.fround(three);
      result[to + fourth! * widthPx] = Math.fround(four);
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

/** Resizes to the nearest pixel, in the shapes of {@link resize}. */
export function toNearest(source: Values, shape: Shape, result: Uint8ClampedArray): void {
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
