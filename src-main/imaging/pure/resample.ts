import { resize, Scratch, toNearest, type Values } from './resize.ts';

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
  // The array clamps, as the filter overshoots at hard edges, and rounds.
  const result = new Uint8ClampedArray(widthPx * heightPx * channels);
  if (isSame) result.set(planes);
  else if (form.resize === 'nearest') toNearest(planes, shape, result);
  else resize(planes, shape, result);
  return new Uint8Array(result.buffer);
}

/** The three values of `#rrggbb`, 0…255. */
export function colourValues(colour: string): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return [red, green, blue];
}

/** Rec. 601 luma of values from 0 to 255. */
export const lumaOf = (red: number, green: number, blue: number): number =>
  0.299 * red + 0.587 * green + 0.114 * blue;

const laidScratch = new Scratch();

/** `[area.heightPx, area.widthPx, channels]`; valid until the next call. */
function laidOnBackground(image: Pixels, area: Area, channels: 1 | 3, background: string): Values {
  const { pixels, widthPx, channels: step } = image;
  const [underRed, underGreen, underBlue] = colourValues(background);
  const isGrey = step <= 2;
  const alphaAt = step === 2 || step === 4 ? step - 1 : null;
  const result = laidScratch.ofLength(area.widthPx * area.heightPx * channels);
  let to = 0;
  for (let row = 0; row < area.heightPx; row += 1) {
    let from = ((area.top + row) * widthPx + area.left) * step;
    const end = from + area.widthPx * step;
    for (; from < end; from += step, to += channels) {
      const alpha = alphaAt === null ? 255 : pixels[from + alphaAt]!;
      let red = underRed;
      let green = underGreen;
      let blue = underBlue;
      if (alpha > 0) {
        red = pixels[from]!;
        green = isGrey ? red : pixels[from + 1]!;
        blue = isGrey ? red : pixels[from + 2]!;
        if (alpha < 255) {
          const opacity = alpha / 255;
          red = underRed + (red - underRed) * opacity;
          green = underGreen + (green - underGreen) * opacity;
          blue = underBlue + (blue - underBlue) * opacity;
        }
      }
      if (channels === 1) result[to] = Math.fround(lumaOf(red, green, blue));
      else {
        result[to] = Math.fround(red);
        result[to + 1] = Math.fround(green);
        result[to + 2] = Math.fround(blue);
      }
    }
  }
  return result;
}
