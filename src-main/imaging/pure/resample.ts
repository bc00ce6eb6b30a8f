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
  const resized = isSame ? planes : (form.resize === 'nearest' ? toNearest : resize)(planes, shape);
  // The array clamps, as the filter overshoots at hard edges, and rounds.
  return new Uint8Array(new Uint8ClampedArray(resized).buffer);
}

/** The three values of `#rrggbb`, 0…255. */
export function colourValues(colour: string): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return [red, green, blue];
}

/** Rec. 601 luma of values from 0 to 255. */
export const lumaOf = (red: number, green: number, blue: number): number =>
  0.299 * red + 0.587 * green + 0.114 * blue;

/** `[area.heightPx, area.widthPx, channels]` in floating point. */
function laidOnBackground(
  image: Pixels,
  area: Area,
  channels: 1 | 3,
  background: string,
): Float32Array<ArrayBuffer> {
  const { pixels, widthPx } = image;
  const [underRed, underGreen, underBlue] = colourValues(background);
  const isGrey = image.channels <= 2;
  const hasAlpha = image.channels === 2 || image.channels === 4;
  const result = new Float32Array(area.widthPx * area.heightPx * channels);
  let to = 0;
  for (let row = 0; row < area.heightPx; row += 1) {
    let from = ((area.top + row) * widthPx + area.left) * image.channels;
    for (let column = 0; column < area.widthPx; column += 1, from += image.channels, to += channels) {
      let red = pixels[from]!;
      let green = isGrey ? red : pixels[from + 1]!;
      let blue = isGrey ? red : pixels[from + 2]!;
      if (hasAlpha) {
        const opacity = pixels[from + image.channels - 1]! / 255;
        red = underRed + (red - underRed) * opacity;
        green = underGreen + (green - underGreen) * opacity;
        blue = underBlue + (blue - underBlue) * opacity;
      }
      if (channels === 1) result[to] = lumaOf(red, green, blue);
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

interface Shape {
  fromWidthPx: number;
  fromHeightPx: number;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3;
}

function resize(source: Float32Array, shape: Shape): Float32Array<ArrayBuffer> {
  const { fromWidthPx, fromHeightPx, widthPx, heightPx, channels } = shape;
  const across = tapsFor(fromWidthPx, widthPx);
  const { weights } = across;
  const narrowed = new Float32Array(fromHeightPx * widthPx * channels);
  // Sums are of 64 bits and in the order of the taps in both passes, so that bytes stay what they are.
  for (let row = 0, to = 0; row < fromHeightPx; row += 1) {
    const fromRow = row * fromWidthPx * channels;
    for (let target = 0; target < widthPx; target += 1) {
      const weightEnd = (target + 1) * across.count;
      let at = fromRow + across.first[target]! * channels;
      if (channels === 3) {
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let tap = target * across.count; tap < weightEnd; tap += 1, at += 3) {
          const weight = weights[tap]!;
          red += source[at]! * weight;
          green += source[at + 1]! * weight;
          blue += source[at + 2]! * weight;
        }
        narrowed[to] = red;
        narrowed[to + 1] = green;
        narrowed[to + 2] = blue;
      } else {
        let grey = 0;
        for (let tap = target * across.count; tap < weightEnd; tap += 1, at += 1) {
          grey += source[at]! * weights[tap]!;
        }
        narrowed[to] = grey;
      }
      to += channels;
    }
  }
  const rowValues = widthPx * channels;
  const down = tapsFor(fromHeightPx, heightPx);
  const result = new Float32Array(heightPx * rowValues);
  const sums = new Float64Array(rowValues);
  for (let target = 0; target < heightPx; target += 1) {
    sums.fill(0);
    for (let tap = 0; tap < down.count; tap += 1) {
      const weight = down.weights[target * down.count + tap]!;
      const from = (down.first[target]! + tap) * rowValues;
      for (let at = 0; at < rowValues; at += 1) sums[at]! += narrowed[from + at]! * weight;
    }
    result.set(sums, target * rowValues);
  }
  return result;
}

function toNearest(source: Float32Array, shape: Shape): Float32Array<ArrayBuffer> {
  const { fromWidthPx, fromHeightPx, widthPx, heightPx, channels } = shape;
  const result = new Float32Array(heightPx * widthPx * channels);
  for (let row = 0; row < heightPx; row += 1) {
    const fromRow = Math.floor(((row + 0.5) * fromHeightPx) / heightPx);
    for (let column = 0; column < widthPx; column += 1) {
      const fromColumn = Math.floor(((column + 0.5) * fromWidthPx) / widthPx);
      const from = (fromRow * fromWidthPx + fromColumn) * channels;
      const to = (row * widthPx + column) * channels;
      for (let channel = 0; channel < channels; channel += 1) result[to + channel] = source[from + channel]!;
    }
  }
  return result;
}
