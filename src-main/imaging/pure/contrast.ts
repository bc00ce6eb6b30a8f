import { lumaOf } from './resample.ts';

/** So much of the picture may go over at each end. */
const clippedShare = 0.005;

/** Less contrast than this is taken for flatness: to stretch it would only show its noise. */
const leastRange = 8;

/**
 * Stretches the contrast of a picture: its darkest and brightest half per cent, by Rec. 601 luma, move to 0 and
 * 255, alike in all channels, so that its hues stay. A flat picture is left as it is.
 *
 * @param pixels `[…, channels]`, 0…255
 */
export function stretchContrast(pixels: Uint8Array, channels: 1 | 3): Uint8Array {
  const histogram = new Uint32Array(256);
  for (let at = 0; at < pixels.length; at += channels) {
    const luma =
      channels === 1 ? pixels[at]! : Math.round(lumaOf(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!));
    histogram[luma]! += 1;
  }
  const clipped = Math.floor((pixels.length / channels) * clippedShare);
  const end = (from: number, step: number): number => {
    let at = from;
    for (let seen = histogram[at]!; seen <= clipped && at + step >= 0 && at + step <= 255;) {
      at += step;
      seen += histogram[at]!;
    }
    return at;
  };
  const [low, high] = [end(0, 1), end(255, -1)];
  if (high - low < leastRange) return pixels;
  const mapped = Uint8ClampedArray.from({ length: 256 }, (_, value) => ((value - low) * 255) / (high - low));
  return pixels.map((value) => mapped[value]!);
}
