/** Control points along each side of a bent picture, beyond its edges too, and the numbers they take. */
const controlsAcross = 7;
const cells = controlsAcross - 3;
export const controlNumbers = 2 * controlsAcross * controlsAcross;

/** Where the pixels of a picture come from. Lengths in pixels, about the picture's centre. */
export interface Warp {
  /** Radians, counted as the picture turns clockwise. */
  readonly angle: number;
  /** How much larger things become. */
  readonly scale: number;
  readonly right: number;
  readonly down: number;
  /** Side of the window that is cut and enlarged, as a share, and where its centre lies. */
  readonly window: number;
  readonly windowRight: number;
  readonly windowDown: number;
  readonly bend: { readonly controls: Float32Array; readonly farthestPx: number } | null;
}

/** Mirrors a picture `[sizePx, sizePx, channels]` in place; `copy` is room of its size. */
export function mirror(
  picture: Float32Array,
  copy: Float32Array,
  sizePx: number,
  channels: number,
  across: boolean,
  down: boolean,
): void {
  copy.set(picture);
  for (let row = 0; row < sizePx; row++) {
    const sourceRow = down ? sizePx - 1 - row : row;
    for (let column = 0; column < sizePx; column++) {
      const sourceColumn = across ? sizePx - 1 - column : column;
      const to = (row * sizePx + column) * channels;
      const from = (sourceRow * sizePx + sourceColumn) * channels;
      for (let channel = 0; channel < channels; channel++) picture[to + channel] = copy[from + channel]!;
    }
  }
}

/**
 * Bends, shifts, turns, enlarges and cuts a picture in place, in one bilinear look-up for each pixel. Beyond its edge
 * a picture goes on as it ends.
 */
export function warp(
  picture: Float32Array,
  copy: Float32Array,
  sizePx: number,
  channels: number,
  how: Warp,
): void {
  copy.set(picture);
  const centre = (sizePx - 1) / 2;
  const shrink = how.window / how.scale;
  const cosine = Math.cos(how.angle) * shrink;
  const sine = Math.sin(how.angle) * shrink;
  const bend = how.bend && bendOf(how.bend.controls, how.bend.farthestPx, sizePx);
  const last = sizePx - 1;
  for (let row = 0; row < sizePx; row++) {
    for (let column = 0; column < sizePx; column++) {
      let x = column - centre - how.right;
      let y = row - centre - how.down;
      if (bend) {
        const place = 2 * (row * sizePx + column);
        x += bend[place]!;
        y += bend[place + 1]!;
      }
      const sourceX = Math.min(last, Math.max(0, cosine * x + sine * y + centre + how.windowRight));
      const sourceY = Math.min(last, Math.max(0, cosine * y - sine * x + centre + how.windowDown));
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const across = sourceX - left;
      const along = sourceY - top;
      const from = (top * sizePx + left) * channels;
      const nextColumn = left < last ? channels : 0;
      const nextRow = top < last ? sizePx * channels : 0;
      const to = (row * sizePx + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const corner = from + channel;
        const below = corner + nextRow;
        const upper = copy[corner]! + across * (copy[corner + nextColumn]! - copy[corner]!);
        const lower = copy[below]! + across * (copy[below + nextColumn]! - copy[below]!);
        picture[to + channel] = upper + along * (lower - upper);
      }
    }
  }
}

/** Weights of the four control points around each pixel of a side, by side length. */
const splines = new Map<number, { first: Uint8Array; weights: Float32Array }>();

/** Uniform cubic B-spline: smooth, and never beyond its control points. */
function splineOf(sizePx: number): { first: Uint8Array; weights: Float32Array } {
  const known = splines.get(sizePx);
  if (known) return known;
  const first = new Uint8Array(sizePx);
  const weights = new Float32Array(4 * sizePx);
  for (let pixel = 0; pixel < sizePx; pixel++) {
    const place = (pixel / Math.max(1, sizePx - 1)) * cells;
    const cell = Math.min(cells - 1, Math.floor(place));
    const t = place - cell;
    first[pixel] = cell;
    weights.set(
      [
        (1 - t) ** 3 / 6,
        (3 * t ** 3 - 6 * t ** 2 + 4) / 6,
        (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6,
        t ** 3 / 6,
      ],
      4 * pixel,
    );
  }
  const spline = { first, weights };
  splines.set(sizePx, spline);
  return spline;
}

/**
 * A smooth random displacement of each pixel, `[sizePx, sizePx, 2]`, to the right and down (after Simard et al.,
 * "Best Practices for Convolutional Neural Networks", 2003, who smooth noise with a Gaussian).
 *
 * @param controls {@link controlNumbers} numbers in [0, 1)
 */
function bendOf(controls: Float32Array, farthestPx: number, sizePx: number): Float32Array {
  const { first, weights } = splineOf(sizePx);
  const field = new Float32Array(2 * sizePx * sizePx);
  const lines = new Float32Array(2 * controlsAcross * sizePx);
  for (let line = 0; line < controlsAcross; line++) {
    for (let column = 0; column < sizePx; column++) {
      for (let axis = 0; axis < 2; axis++) {
        let sum = 0;
        for (let k = 0; k < 4; k++) {
          const control = controls[2 * (line * controlsAcross + first[column]! + k) + axis]!;
          sum += weights[4 * column + k]! * (2 * control - 1);
        }
        lines[2 * (line * sizePx + column) + axis] = sum * farthestPx;
      }
    }
  }
  for (let row = 0; row < sizePx; row++) {
    for (let column = 0; column < sizePx; column++) {
      for (let axis = 0; axis < 2; axis++) {
        let sum = 0;
        for (let k = 0; k < 4; k++) {
          sum += weights[4 * row + k]! * lines[2 * ((first[row]! + k) * sizePx + column) + axis]!;
        }
        field[2 * (row * sizePx + column) + axis] = sum;
      }
    }
  }
  return field;
}
