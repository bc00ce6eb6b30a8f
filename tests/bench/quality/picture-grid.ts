import type { Preset } from '../../../src-main/contract/presets.ts';
import { encodePng } from '../../../src-main/imaging/pure/png-encode.ts';

export type PictureForm = Pick<Preset, 'sizePx' | 'channels'>;

/** Pictures to a side of a grid. */
const side = 10;

/**
 * A PNG of ten rows of ten.
 *
 * @param pixels the pictures, one behind the other
 * @param rowStart the number of the picture that a row begins with
 */
export function pictureGrid(
  pixels: Uint8Array,
  { sizePx, channels }: PictureForm,
  rowStart: (row: number) => number = (row) => row * side,
): Uint8Array {
  const line = sizePx * channels;
  const grid = new Uint8Array(side * side * sizePx * line);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const picture = (rowStart(row) + column) * sizePx * line;
      for (let y = 0; y < sizePx; y++) {
        const from = picture + y * line;
        grid.set(pixels.subarray(from, from + line), ((row * sizePx + y) * side + column) * line);
      }
    }
  }
  return encodePng({ widthPx: side * sizePx, heightPx: side * sizePx, channels, pixels: grid });
}
