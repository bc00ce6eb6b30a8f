import { lumaOf } from './resample.ts';

/** A prepared picture: `[sizePx, sizePx, channels]`, 0…255, of one channel or three. */
export interface Square {
  pixels: Uint8Array;
  sizePx: number;
  channels: number;
}

/** What every channel of a hole holds. */
export const holeGrey = 128;

/** How the input of a pair is derived from its target; the shape stays the same. */
export type Derivation =
  | { kind: 'edges' }
  | { kind: 'grey' }
  | { kind: 'blur'; sigmaPx: number }
  | { kind: 'holes'; share: number }
  | { kind: 'lower-resolution'; factor: number };

/**
 * Derives the input of a pair from its target. Plain arithmetic: the same picture and seed give the same bytes.
 *
 * @param seed places the holes; the others need none
 * @returns `[sizePx, sizePx, channels]`, 0…255
 */
export function deriveInput(target: Square, derivation: Derivation, seed: number): Uint8Array {
  switch (derivation.kind) {
    case 'edges':
      return spread(edgesOf(target), target.channels);
    case 'grey':
      return spread(Uint8ClampedArray.from(lumaPlane(target)), target.channels);
    case 'blur':
      return blurred(target, derivation.sigmaPx);
    case 'holes':
      return withHoles(target, derivation.share, seed);
    case 'lower-resolution':
      return coarse(target, derivation.factor);
  }
}

const spread = (plane: ArrayLike<number>, channels: number): Uint8Array =>
  Uint8Array.from({ length: plane.length * channels }, (_, at) => plane[Math.floor(at / channels)]!);

function lumaPlane({ pixels, channels }: Square): Float32Array {
  if (channels === 1) return Float32Array.from(pixels);
  return Float32Array.from({ length: pixels.length / 3 }, (_, at) =>
    lumaOf(pixels[at * 3]!, pixels[at * 3 + 1]!, pixels[at * 3 + 2]!),
  );
}

/** A Gaussian in both directions; the border is continued outwards. */
function gaussian(plane: Float32Array, sizePx: number, sigmaPx: number): Float32Array {
  const radius = Math.ceil(3 * sigmaPx);
  const raw = Array.from({ length: 2 * radius + 1 }, (_, tap) =>
    Math.exp(-((tap - radius) ** 2) / (2 * sigmaPx ** 2)),
  );
  const sum = raw.reduce((total, weight) => total + weight, 0);
  const weights = raw.map((weight) => weight / sum);
  const pass = (from: Float32Array, line: number, step: number): Float32Array => {
    const to = new Float32Array(from.length);
    for (let row = 0; row < sizePx; row += 1) {
      for (let column = 0; column < sizePx; column += 1) {
        let value = 0;
        for (let tap = 0; tap < weights.length; tap += 1) {
          const at = Math.min(sizePx - 1, Math.max(0, column + tap - radius));
          value += from[row * line + at * step]! * weights[tap]!;
        }
        to[row * line + column * step] = value;
      }
    }
    return to;
  };
  return pass(pass(plane, sizePx, 1), 1, sizePx);
}

function blurred({ pixels, sizePx, channels }: Square, sigmaPx: number): Uint8Array {
  const result = new Uint8ClampedArray(pixels.length);
  for (let channel = 0; channel < channels; channel += 1) {
    const plane = Float32Array.from({ length: sizePx * sizePx }, (_, at) => pixels[at * channels + channel]!);
    gaussian(plane, sizePx, sigmaPx).forEach((value, at) => (result[at * channels + channel] = value));
  }
  return new Uint8Array(result.buffer);
}

/** Of the strongest edge in the picture: what starts a line, and what goes on with one. */
const [startsLine, continuesLine] = [0.25, 0.1];

/** A difference of two grey values that counts as an edge at all, as a Sobel sum. */
const leastEdge = 24;

/**
 * Black lines on white, one pixel wide (Canny, "A computational approach to edge detection", 1986): smoothing,
 * Sobel's gradient, the ridge of its strength, and two thresholds with lines followed between them.
 */
function edgesOf(target: Square): Uint8Array {
  const { sizePx } = target;
  const smooth = gaussian(lumaPlane(target), sizePx, 1);
  const at = (row: number, column: number): number =>
    smooth[Math.min(sizePx - 1, Math.max(0, row)) * sizePx + Math.min(sizePx - 1, Math.max(0, column))]!;
  const strength = new Float32Array(sizePx * sizePx);
  const steps = new Int8Array(sizePx * sizePx * 2);
  let strongest = 0;
  for (let row = 0; row < sizePx; row += 1) {
    for (let column = 0; column < sizePx; column += 1) {
      const across =
        at(row - 1, column + 1) +
        2 * at(row, column + 1) +
        at(row + 1, column + 1) -
        (at(row - 1, column - 1) + 2 * at(row, column - 1) + at(row + 1, column - 1));
      const down =
        at(row + 1, column - 1) +
        2 * at(row + 1, column) +
        at(row + 1, column + 1) -
        (at(row - 1, column - 1) + 2 * at(row - 1, column) + at(row - 1, column + 1));
      const place = row * sizePx + column;
      strength[place] = Math.hypot(across, down);
      strongest = Math.max(strongest, strength[place]!);
      // The neighbour that the gradient points to, of the eight.
      const steep = Math.tan(Math.PI / 8);
      steps[place * 2] = Math.abs(down) > steep * Math.abs(across) ? Math.sign(down) : 0;
      steps[place * 2 + 1] = Math.abs(across) > steep * Math.abs(down) ? Math.sign(across) : 0;
    }
  }
  const high = Math.max(leastEdge, strongest * startsLine);
  const low = Math.max(leastEdge / 2, strongest * continuesLine);
  const strengthAt = (row: number, column: number): number =>
    row < 0 || column < 0 || row >= sizePx || column >= sizePx ? 0 : strength[row * sizePx + column]!;
  const isRidge = (place: number): boolean => {
    const [row, column] = [Math.floor(place / sizePx), place % sizePx];
    const [down, across] = [steps[place * 2]!, steps[place * 2 + 1]!];
    const here = strength[place]!;
    // Of two equal neighbours one stays.
    return here > strengthAt(row + down, column + across) && here >= strengthAt(row - down, column - across);
  };
  const result = new Uint8Array(sizePx * sizePx).fill(255);
  const open: number[] = [];
  for (let place = 0; place < strength.length; place += 1) {
    if (strength[place]! >= high && isRidge(place)) open.push(place);
  }
  while (open.length > 0) {
    const place = open.pop()!;
    if (result[place] === 0) continue;
    result[place] = 0;
    const [row, column] = [Math.floor(place / sizePx), place % sizePx];
    for (let down = -1; down <= 1; down += 1) {
      for (let across = -1; across <= 1; across += 1) {
        if (strengthAt(row + down, column + across) < low) continue;
        const next = (row + down) * sizePx + column + across;
        if (result[next] !== 0 && isRidge(next)) open.push(next);
      }
    }
  }
  return result;
}

/** Mulberry32: quick, small, and good enough to place rectangles. Answers numbers in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

function withHoles({ pixels, sizePx, channels }: Square, share: number, seed: number): Uint8Array {
  const result = Uint8Array.from(pixels);
  const covered = new Uint8Array(sizePx * sizePx);
  const random = numbers(seed);
  let left = Math.round(share * covered.length);
  while (left > 0) {
    const side = () => Math.round(sizePx * (0.125 + random() * 0.25));
    const [widthPx, heightPx] = [side(), side()];
    const column = Math.floor(random() * (sizePx - widthPx + 1));
    const row = Math.floor(random() * (sizePx - heightPx + 1));
    for (let down = 0; down < heightPx && left > 0; down += 1) {
      for (let across = 0; across < widthPx && left > 0; across += 1) {
        const place = (row + down) * sizePx + column + across;
        if (covered[place]) continue;
        covered[place] = 1;
        left -= 1;
        result.fill(holeGrey, place * channels, (place + 1) * channels);
      }
    }
  }
  return result;
}

/** Blocks of `factor` × `factor` pixels, each of its mean; those at the border may be smaller. */
function coarse({ pixels, sizePx, channels }: Square, factor: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let top = 0; top < sizePx; top += factor) {
    for (let left = 0; left < sizePx; left += factor) {
      const [bottom, right] = [Math.min(sizePx, top + factor), Math.min(sizePx, left + factor)];
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (let row = top; row < bottom; row += 1)
          for (let column = left; column < right; column += 1)
            sum += pixels[(row * sizePx + column) * channels + channel]!;
        const mean = Math.round(sum / ((bottom - top) * (right - left)));
        for (let row = top; row < bottom; row += 1)
          for (let column = left; column < right; column += 1)
            result[(row * sizePx + column) * channels + channel] = mean;
      }
    }
  }
  return result;
}
