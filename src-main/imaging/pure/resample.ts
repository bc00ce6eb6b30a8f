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

/**
 * The centred square of a picture in the form that networks see: laid on the background, RGB or grey (Rec. 601
 * luma), resized with an antialiased Lanczos filter (a = 3). Plain arithmetic, so that every machine gives the
 * same bytes.
 *
 * @returns `[sizePx, sizePx, channels]`, 0…255
 */
export function toSquare(image: Pixels, { sizePx, channels, background }: SquareForm): Uint8Array {
  const sidePx = Math.min(image.widthPx, image.heightPx);
  const planes = laidOnBackground(image, sidePx, channels, background);
  const resized = sidePx === sizePx ? planes : resize(planes, sidePx, sizePx, channels);
  // The array clamps, as the filter overshoots at hard edges, and rounds.
  return new Uint8Array(Uint8ClampedArray.from(resized).buffer);
}

/** `[sidePx, sidePx, channels]` in floating point. */
function laidOnBackground(
  image: Pixels,
  sidePx: number,
  channels: 1 | 3,
  background: string,
): Float32Array<ArrayBuffer> {
  const { pixels, widthPx, heightPx } = image;
  const under = [1, 3, 5].map((at) => Number.parseInt(background.slice(at, at + 2), 16));
  const [underRed = 0, underGreen = 0, underBlue = 0] = under;
  const isGrey = image.channels <= 2;
  const hasAlpha = image.channels === 2 || image.channels === 4;
  const left = Math.floor((widthPx - sidePx) / 2);
  const top = Math.floor((heightPx - sidePx) / 2);
  const result = new Float32Array(sidePx * sidePx * channels);
  let to = 0;
  for (let row = 0; row < sidePx; row += 1) {
    let from = ((top + row) * widthPx + left) * image.channels;
    for (let column = 0; column < sidePx; column += 1, from += image.channels, to += channels) {
      let red = pixels[from]!;
      let green = isGrey ? red : pixels[from + 1]!;
      let blue = isGrey ? red : pixels[from + 2]!;
      if (hasAlpha) {
        const opacity = pixels[from + image.channels - 1]! / 255;
        red = underRed + (red - underRed) * opacity;
        green = underGreen + (green - underGreen) * opacity;
        blue = underBlue + (blue - underBlue) * opacity;
      }
      if (channels === 1) result[to] = 0.299 * red + 0.587 * green + 0.114 * blue;
      else {
        result[to] = red;
        result[to + 1] = green;
        result[to + 2] = blue;
      }
    }
  }
  return result;
}

interface Taps {
  /** First source position of each target position. */
  first: Int32Array;
  /** `[target, tap]`, each row adding up to 1. */
  weights: Float32Array;
  /** Taps of each target position. */
  count: number;
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
  const count = Math.min(sourcePx, Math.ceil(2 * support) + 1);
  const first = new Int32Array(targetPx);
  const weights = new Float32Array(targetPx * count);
  for (let target = 0; target < targetPx; target += 1) {
    const centre = (target + 0.5) * scale - 0.5;
    const start = Math.max(0, Math.min(sourcePx - count, Math.ceil(centre - support)));
    first[target] = start;
    const row = Array.from({ length: count }, (_unused, tap) => lanczos((start + tap - centre) / stretch));
    const sum = row.reduce((total, weight) => total + weight, 0);
    row.forEach((weight, tap) => (weights[target * count + tap] = weight / sum));
  }
  const taps = { first, weights, count };
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

function resize(
  source: Float32Array,
  sourcePx: number,
  targetPx: number,
  channels: number,
): Float32Array<ArrayBuffer> {
  const taps = tapsFor(sourcePx, targetPx);
  const narrowed = new Float32Array(sourcePx * targetPx * channels);
  // Columns first, then the same along rows: a step of one pixel is `channels` values, then a whole row.
  const pass = (
    from: Float32Array,
    to: Float32Array,
    lines: number,
    fromLine: number,
    toLine: number,
    fromStep: number,
    toStep: number,
  ) => {
    for (let line = 0; line < lines; line += 1) {
      for (let target = 0; target < targetPx; target += 1) {
        const start = line * fromLine + taps.first[target]! * fromStep;
        const weightStart = target * taps.count;
        const end = line * toLine + target * toStep;
        for (let channel = 0; channel < channels; channel += 1) {
          let sum = 0;
          for (let tap = 0, at = start + channel; tap < taps.count; tap += 1, at += fromStep) {
            sum += from[at]! * taps.weights[weightStart + tap]!;
          }
          to[end + channel] = sum;
        }
      }
    }
  };
  const sourceRow = sourcePx * channels;
  const targetRow = targetPx * channels;
  pass(source, narrowed, sourcePx, sourceRow, targetRow, channels, channels);
  const result = new Float32Array(targetPx * targetPx * channels);
  pass(narrowed, result, targetPx, channels, channels, targetRow, targetRow);
  return result;
}
