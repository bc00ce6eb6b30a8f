import type { Pixels } from './resample.ts';
import { lumaOf, resampleArea } from './resample.ts';

/** What can be told of a picture without knowing others. Values are of 0…255 unless they say otherwise. */
export interface PictureMeasures {
  /** Variance of the Laplacian: low for pictures without sharp edges (Pech-Pacheco et al. 2000). */
  sharpness: number;
  /** Mean Rec. 601 luma, 0…1. */
  brightness: number;
  /** The luma that one hundredth of the pixels stays under, and one that as many are above, 0…1. */
  darkest: number;
  brightest: number;
  /** Share of the pixels at the very ends of the range, where nothing can be told apart any more. */
  darkShare: number;
  brightShare: number;
  /** Standard deviation of the channel that varies most: near 0 for a blank picture. */
  deviation: number;
  /** Standard deviation of white noise (J. Immerkær, "Fast Noise Variance Estimation", 1996). */
  noise: number;
  /** Hasler and Süsstrunk, "Measuring Colourfulness in Natural Images", 2003; 0 for grey. */
  colourfulness: number;
}

/** The longer side that pictures are shrunk to before they are measured, so that sizes compare. */
export const measuredSidePx = 256;

/** Pixels at or beyond these count as clipped. */
const clippedDark = 2;
const clippedBright = 253;
/** With fewer pixels off the ends of the range, nothing is said of the noise. */
const leastUsableShare = 0.3;

/**
 * Measures a picture of at most `measuredSidePx` on its longer side, laid on white. Pictures of less than 3×3 pixels have
 * no sharpness and no noise.
 */
export function measurePicture(picture: Pixels): PictureMeasures {
  const { widthPx, heightPx } = picture;
  const area = { left: 0, top: 0, widthPx, heightPx };
  const form = { widthPx, heightPx, channels: 3, background: '#ffffff' } as const;
  const colours = resampleArea(picture, area, form);
  const pixels = widthPx * heightPx;
  const luma = new Float32Array(pixels);
  const histogram = new Uint32Array(256);
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let [opponent, opponentSquare, opponentTwo, opponentTwoSquare] = [0, 0, 0, 0];
  for (let at = 0, from = 0; at < pixels; at += 1, from += 3) {
    const [red, green, blue] = [colours[from]!, colours[from + 1]!, colours[from + 2]!];
    const value = lumaOf(red, green, blue);
    luma[at] = value;
    histogram[Math.round(value)]! += 1;
    sums[0]! += red;
    sums[1]! += green;
    sums[2]! += blue;
    squares[0]! += red * red;
    squares[1]! += green * green;
    squares[2]! += blue * blue;
    const redGreen = red - green;
    const yellowBlue = (red + green) / 2 - blue;
    opponent += redGreen;
    opponentSquare += redGreen * redGreen;
    opponentTwo += yellowBlue;
    opponentTwoSquare += yellowBlue * yellowBlue;
  }
  const deviationOf = (sum: number, square: number) =>
    Math.sqrt(Math.max(0, square / pixels - (sum / pixels) ** 2));
  const countUpTo = (last: number) => histogram.subarray(0, last + 1).reduce((sum, count) => sum + count, 0);
  const deviation = Math.max(...sums.map((sum, channel) => deviationOf(sum, squares[channel]!)));
  return {
    sharpness: laplacianVariance(luma, widthPx, heightPx),
    brightness: luma.reduce((sum, value) => sum + value, 0) / pixels / 255,
    darkest: quantile(histogram, pixels, 0.01) / 255,
    brightest: quantile(histogram, pixels, 0.99) / 255,
    darkShare: countUpTo(clippedDark) / pixels,
    brightShare: 1 - countUpTo(clippedBright - 1) / pixels,
    deviation,
    noise: noiseDeviation(luma, widthPx, heightPx),
    colourfulness:
      Math.hypot(deviationOf(opponent, opponentSquare), deviationOf(opponentTwo, opponentTwoSquare)) +
      0.3 * Math.hypot(opponent / pixels, opponentTwo / pixels),
  };
}

/** The lowest value that at least this share of the pixels does not exceed. */
function quantile(histogram: Uint32Array, pixels: number, share: number): number {
  let seen = 0;
  for (let value = 0; value < histogram.length; value += 1) {
    seen += histogram[value]!;
    if (seen >= share * pixels) return value;
  }
  return histogram.length - 1;
}

/** Variance of the four-neighbour Laplacian over the inner pixels of `[heightPx, widthPx]`. */
function laplacianVariance(luma: Float32Array, widthPx: number, heightPx: number): number {
  let [sum, square, count] = [0, 0, 0];
  for (let row = 1; row < heightPx - 1; row += 1) {
    for (let column = 1; column < widthPx - 1; column += 1) {
      const at = row * widthPx + column;
      const value = luma[at - 1]! + luma[at + 1]! + luma[at - widthPx]! + luma[at + widthPx]! - 4 * luma[at]!;
      sum += value;
      square += value * value;
      count += 1;
    }
  }
  return count === 0 ? 0 : Math.max(0, square / count - (sum / count) ** 2);
}

/**
 * Immerkær's estimate: a mask that answers neither to flat areas nor to straight edges, averaged over the
 * inner pixels, as a standard deviation. Areas at the ends of the range are left out, as clipping silences them.
 */
function noiseDeviation(luma: Float32Array, widthPx: number, heightPx: number): number {
  let [sum, count] = [0, 0];
  for (let row = 1; row < heightPx - 1; row += 1) {
    for (let column = 1; column < widthPx - 1; column += 1) {
      const at = row * widthPx + column;
      const centre = luma[at]!;
      if (centre <= clippedDark || centre >= clippedBright) continue;
      const above = at - widthPx;
      const below = at + widthPx;
      const corners = luma[above - 1]! + luma[above + 1]! + luma[below - 1]! + luma[below + 1]!;
      const sides = luma[above]! + luma[below]! + luma[at - 1]! + luma[at + 1]!;
      sum += Math.abs(corners - 2 * sides + 4 * centre);
      count += 1;
    }
  }
  // What is left of a drawing on white is mostly its outlines, which are no noise.
  const inner = Math.max(0, widthPx - 2) * Math.max(0, heightPx - 2);
  return count < leastUsableShare * inner || count === 0 ? 0 : (Math.sqrt(Math.PI / 2) * sum) / (6 * count);
}
