/** What happens to the colours of one picture. */
export interface Jitter {
  /** Share of the full range that is added. */
  readonly brightness: number;
  /** Factors about the mean, and about grey. */
  readonly contrast: number;
  readonly saturation: number;
  /** Radians on the colour circle. */
  readonly hue: number;
}

/** Shares of red, green and blue in brightness (ITU-R BT.601). */
const luma = [0.299, 0.587, 0.114] as const;

/**
 * Changes the colours of a picture in place, whatever its size; the values may leave −1…1. Hue turns the two colour
 * axes of YIQ, which leaves brightness as it is. Of a grey picture only brightness and contrast change.
 */
export function jitterColours(picture: Float32Array, channels: number, how: Jitter): void {
  if (channels === 3) turnColours(picture, how);
  const pixels = picture.length / channels;
  let sum = 0;
  for (let at = 0; at < picture.length; at += channels) sum += brightnessAt(picture, at, channels);
  const mean = sum / pixels;
  // Brightness runs over 2 from black to white.
  const lift = 2 * how.brightness + mean * (1 - how.contrast);
  for (let at = 0; at < picture.length; at++) picture[at] = picture[at]! * how.contrast + lift;
}

function brightnessAt(picture: Float32Array, at: number, channels: number): number {
  if (channels !== 3) return picture[at]!;
  return luma[0] * picture[at]! + luma[1] * picture[at + 1]! + luma[2] * picture[at + 2]!;
}

function turnColours(picture: Float32Array, { saturation, hue }: Jitter): void {
  const cosine = Math.cos(hue) * saturation;
  const sine = Math.sin(hue) * saturation;
  for (let at = 0; at < picture.length; at += 3) {
    const [r, g, b] = [picture[at]!, picture[at + 1]!, picture[at + 2]!];
    const y = brightnessAt(picture, at, 3);
    const i = 0.596 * r - 0.274 * g - 0.322 * b;
    const q = 0.211 * r - 0.523 * g + 0.312 * b;
    const turnedI = cosine * i - sine * q;
    const turnedQ = sine * i + cosine * q;
    picture[at] = y + 0.956 * turnedI + 0.621 * turnedQ;
    picture[at + 1] = y - 0.272 * turnedI - 0.647 * turnedQ;
    picture[at + 2] = y - 1.106 * turnedI + 1.703 * turnedQ;
  }
}

/**
 * Covers a square with mid-grey, 0 (DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks
 * with Cutout", 2017). Its centre may lie at the edge.
 *
 * @param right, down where the centre lies, 0…1
 */
export function coverSquare(
  picture: Float32Array,
  sizePx: number,
  channels: number,
  sidePx: number,
  right: number,
  down: number,
): void {
  const left = Math.floor(right * sizePx) - (sidePx >> 1);
  const top = Math.floor(down * sizePx) - (sidePx >> 1);
  const from = Math.max(0, left) * channels;
  const to = Math.min(sizePx, left + sidePx) * channels;
  for (let row = Math.max(0, top); row < Math.min(sizePx, top + sidePx); row++) {
    picture.fill(0, row * sizePx * channels + from, row * sizePx * channels + to);
  }
}
