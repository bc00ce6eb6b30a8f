/** Pictures with holes: filling them without learning, and measuring how near a filled one is to the whole one. */
import { holeGrey } from '../../../src-main/imaging/pure/derive-input.ts';

/** Pictures one behind the other, `[picture, sizePx, sizePx, channels]`, 0…255. */
export interface Form {
  readonly sizePx: number;
  readonly channels: number;
}

/** 1 where a picture has a hole: where all channels hold the grey that the recipe puts there. */
export function holesOf(input: Uint8Array, { channels }: Form): Uint8Array {
  return Uint8Array.from({ length: input.length / channels }, (_, place) =>
    Number(input.subarray(place * channels, (place + 1) * channels).every((value) => value === holeGrey)),
  );
}

/** The input with its holes filled from `filling`, a picture of the same form. */
export function patched(
  input: Uint8Array,
  holes: Uint8Array,
  filling: Uint8Array,
  { channels }: Form,
): Uint8Array {
  return input.map((value, at) => (holes[Math.floor(at / channels)] ? filling[at]! : value));
}

/** Everywhere the mean colour of what is not a hole. */
export function meanColour(input: Uint8Array, holes: Uint8Array, { channels }: Form): Uint8Array {
  const known = [...holes.keys()].filter((place) => !holes[place]);
  const means = Array.from({ length: channels }, (_, channel) =>
    Math.round(known.reduce((sum, place) => sum + input[place * channels + channel]!, 0) / known.length),
  );
  return input.map((_, at) => means[at % channels]!);
}

/**
 * Bilinear: in a hole, the mean of two straight lines, one between the nearest known pixels left and right, one
 * between those above and below; at the border of the picture the one known end holds.
 */
export function bilinear(input: Uint8Array, holes: Uint8Array, { sizePx, channels }: Form): Uint8Array {
  const result = Uint8Array.from(input);
  const fallback = meanColour(input, holes, { sizePx, channels });
  const nearest = (place: number, step: number, most: number): number | null => {
    for (let distance = 1; distance <= most; distance++) {
      if (!holes[place + step * distance]) return distance;
    }
    return null;
  };
  for (const [place, hole] of holes.entries()) {
    if (!hole) continue;
    const [row, column] = [Math.floor(place / sizePx), place % sizePx];
    const axes = [
      { step: 1, before: nearest(place, -1, column), after: nearest(place, 1, sizePx - 1 - column) },
      { step: sizePx, before: nearest(place, -sizePx, row), after: nearest(place, sizePx, sizePx - 1 - row) },
    ];
    for (let channel = 0; channel < channels; channel++) {
      const valueAt = (other: number) => input[other * channels + channel]!;
      const values = axes.flatMap(({ step, before, after }) => {
        const first = before === null ? null : valueAt(place - step * before);
        const last = after === null ? null : valueAt(place + step * after);
        if (first === null || last === null) return first ?? last ?? [];
        return (first * after! + last * before!) / (before! + after!);
      });
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      result[place * channels + channel] = Math.round(
        values.length === 0 ? fallback[place * channels + channel]! : mean,
      );
    }
  }
  return result;
}

/** Mean squared error, of values 0…1, over the holes alone. */
export function errorInHoles(
  target: Uint8Array,
  filled: Uint8Array,
  holes: Uint8Array,
  { channels }: Form,
): number {
  let [sum, count] = [0, 0];
  for (const [at, value] of target.entries()) {
    if (!holes[Math.floor(at / channels)]) continue;
    sum += ((value - filled[at]!) / 255) ** 2;
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

/** Peak signal-to-noise ratio in decibels of a mean squared error of values 0…1. */
export const decibels = (meanSquaredError: number): number => -10 * Math.log10(meanSquaredError);

/**
 * Structural similarity (Wang et al., "Image Quality Assessment", 2004) of two pictures: mean over channels and over
 * all windows of 7×7, evenly weighted, with the usual constants.
 */
export function structuralSimilarity(a: Uint8Array, b: Uint8Array, { sizePx, channels }: Form): number {
  const window = 7;
  const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
  const positions = sizePx - window + 1;
  let total = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let top = 0; top < positions; top++) {
      for (let left = 0; left < positions; left++) {
        let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
        for (let row = top; row < top + window; row++) {
          for (let column = left; column < left + window; column++) {
            const at = (row * sizePx + column) * channels + channel;
            const [x, y] = [a[at]!, b[at]!];
            sumA += x;
            sumB += y;
            squaresA += x * x;
            squaresB += y * y;
            products += x * y;
          }
        }
        const count = window * window;
        const [meanA, meanB] = [sumA / count, sumB / count];
        const varianceA = squaresA / count - meanA ** 2;
        const varianceB = squaresB / count - meanB ** 2;
        const covariance = products / count - meanA * meanB;
        total +=
          ((2 * meanA * meanB + c1) * (2 * covariance + c2)) /
          ((meanA ** 2 + meanB ** 2 + c1) * (varianceA + varianceB + c2));
      }
    }
  }
  return total / (channels * positions ** 2);
}
