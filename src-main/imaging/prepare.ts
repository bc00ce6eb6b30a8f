import sharp from 'sharp';
import type { OpenPicture } from './decode.ts';
import { openPicture, rawPixels, reading, resampledHerePx } from './decode.ts';
import { stretchContrast } from './pure/contrast.ts';
import { decodePlainPng } from './pure/png-decode.ts';
import {
  colourValues,
  lumaOf,
  resampleArea,
  type Area,
  type Pixels,
  type SquareForm,
} from './pure/resample.ts';

/** How one picture becomes a square of a version. */
export interface Preparation extends SquareForm {
  crop: 'centre' | 'smart' | 'letterbox';
  resize: 'lanczos3' | 'nearest';
  normalisation: 'none' | 'stretch';
  /** What a square crop keeps in sight, from 0 to 1; null where nobody said. */
  focus: { x: number; y: number } | null;
  /** Only this half of the picture. */
  half: 'left' | 'right' | null;
  /** Where another picture was cut, from 0 to 1 of the room there was: both of a pair are cut alike. */
  placeOf?: CropPlace;
}

/** Where a square lies on the longer side of its picture: 0 at the left or top, 1 at the right or bottom. */
export interface CropPlace {
  across: number;
  down: number;
}

const centred: CropPlace = { across: 0.5, down: 0.5 };

/** The longer side of the copy that saliency is judged on. */
const saliencyPx = 256;

/** Changes whenever the same picture and preparation may give other bytes than before. */
export const preparationRevision = `1, libvips ${sharp.versions.vips}`;

/** A picture file, or pixels out of a container. */
export type PictureBytes =
  { kind: 'file'; bytes: Uint8Array; name: string } | { kind: 'pixels'; image: Pixels; name: string };

/**
 * A picture as a network sees it: upright, its first frame, cropped, resized, laid on the background, in 8-bit
 * sRGB or grey, normalised. A small picture is resized by our own arithmetic, a larger one by libvips.
 *
 * @returns `[sizePx, sizePx, channels]`, 0…255, and where the square was cut
 * @throws StudioError `file-unreadable`
 */
export async function preparePicture(
  picture: PictureBytes,
  how: Preparation,
): Promise<{ pixels: Uint8Array; place: CropPlace }> {
  if (picture.kind === 'pixels') return fromPixels(picture.image, how);
  const plain = decodePlainPng(picture.bytes);
  if (plain && plain.widthPx * plain.heightPx <= resampledHerePx) return fromPixels(plain, how);
  const open = await openPicture(picture.bytes, picture.name);
  const { widthPx, heightPx } = open.facts;
  if (widthPx * heightPx <= resampledHerePx) {
    return fromPixels(await reading(picture.name, () => rawPixels(open.pipeline)), how);
  }
  return reading(picture.name, () => fromLargeFile(open, how));
}

async function fromPixels(image: Pixels, how: Preparation) {
  const region = regionOf(image.widthPx, image.heightPx, how.half);
  const place = await placeFor(region, how, async () => salientPlace(image, region));
  const area = areaOf(region, how, place);
  const inner = innerSize(area, how.sizePx);
  const pixels = resampleArea(image, area, { ...how, ...inner });
  return { pixels: finished(pixels, inner, how), place };
}

async function fromLargeFile({ pipeline, facts }: OpenPicture, how: Preparation) {
  const region = regionOf(facts.widthPx, facts.heightPx, how.half);
  const place = await placeFor(region, how, async () => {
    const copy = await rawPixels(
      pipeline
        .clone()
        .extract(extractOf(region))
        .resize(saliencyPx, saliencyPx, { fit: 'inside', withoutEnlargement: true, fastShrinkOnLoad: false }),
    );
    return salientPlace(copy, regionOf(copy.widthPx, copy.heightPx, null));
  });
  const area = areaOf(region, how, place);
  const inner = innerSize(area, how.sizePx);
  const kernel = how.resize === 'nearest' ? 'nearest' : 'lanczos3';
  const isCentred = place.across === centred.across && place.down === centred.down;
  const isPlain = how.half === null && isCentred && area.widthPx === area.heightPx;
  // Shrinking while loading skips the filter and can leave moiré.
  const resized = isPlain
    ? pipeline.resize(how.sizePx, how.sizePx, {
        fit: 'cover',
        position: 'centre',
        kernel,
        fastShrinkOnLoad: false,
      })
    : pipeline
        .extract(extractOf(area))
        .resize(inner.widthPx, inner.heightPx, { fit: 'fill', kernel, fastShrinkOnLoad: false });
  const image = await rawPixels(resized);
  const whole = regionOf(image.widthPx, image.heightPx, null);
  const pixels = resampleArea(image, whole, { ...how, ...inner });
  return { pixels: finished(pixels, inner, how), place };
}

const extractOf = ({ left, top, widthPx, heightPx }: Area) => ({
  left,
  top,
  width: widthPx,
  height: heightPx,
});

function regionOf(widthPx: number, heightPx: number, half: Preparation['half']): Area {
  if (half === null || widthPx < 2) return { left: 0, top: 0, widthPx, heightPx };
  const halfPx = Math.floor(widthPx / 2);
  return { left: half === 'left' ? 0 : widthPx - halfPx, top: 0, widthPx: halfPx, heightPx };
}

async function placeFor(
  region: Area,
  how: Preparation,
  salient: () => Promise<CropPlace>,
): Promise<CropPlace> {
  if (how.placeOf) return how.placeOf;
  if (how.crop === 'letterbox' || region.widthPx === region.heightPx) return centred;
  if (how.focus) return placeAround(region, how.focus, how.half !== null);
  return how.crop === 'smart' ? salient() : centred;
}

/** The place that has the focus in its middle, as far as the border lets it. */
function placeAround(
  { widthPx, heightPx }: Area,
  focus: { x: number; y: number },
  isHalf: boolean,
): CropPlace {
  const sidePx = Math.min(widthPx, heightPx);
  const place = (extentPx: number, at: number): number =>
    extentPx === sidePx ? 0.5 : Math.min(1, Math.max(0, (at * extentPx - sidePx / 2) / (extentPx - sidePx)));
  // Both halves show the same, so that a point in one stands for its like in the other.
  const x = isHalf ? (focus.x * 2) % 1 : focus.x;
  return { across: place(widthPx, x), down: place(heightPx, focus.y) };
}

/**
 * Where the square with most to see lies: luminance frequency, saturation and skin tones, as libvips'
 * "attention" weighs them. The same picture gives the same place.
 */
async function salientPlace(image: Pixels, region: Area): Promise<CropPlace> {
  const sidePx = Math.min(region.widthPx, region.heightPx);
  const { info } = await sharp(image.pixels, {
    raw: { width: image.widthPx, height: image.heightPx, channels: image.channels },
  })
    .extract(extractOf(region))
    .resize(sidePx, sidePx, { fit: 'cover', position: sharp.strategy.attention })
    .raw()
    .toBuffer({ resolveWithObject: true });
  // Sharp says by how much the picture was moved, which is to the left and up.
  const place = (offset: number, roomPx: number): number =>
    roomPx === 0 ? 0.5 : Math.min(1, Math.max(0, Math.abs(offset) / roomPx));
  return {
    across: place(info.cropOffsetLeft ?? 0, region.widthPx - sidePx),
    down: place(info.cropOffsetTop ?? 0, region.heightPx - sidePx),
  };
}

function areaOf(region: Area, { crop }: Preparation, place: CropPlace): Area {
  if (crop === 'letterbox') return region;
  const sidePx = Math.min(region.widthPx, region.heightPx);
  const at = (roomPx: number, share: number): number =>
    // Half of an odd room is rounded down, as the centred square always was.
    share === 0.5 ? Math.floor(roomPx / 2) : Math.round(roomPx * share);
  return {
    left: region.left + at(region.widthPx - sidePx, place.across),
    top: region.top + at(region.heightPx - sidePx, place.down),
    widthPx: sidePx,
    heightPx: sidePx,
  };
}

/** What an area measures inside the square: all of it, or less one way where it is not square itself. */
function innerSize({ widthPx, heightPx }: Area, sizePx: number) {
  const scale = sizePx / Math.max(widthPx, heightPx);
  return {
    widthPx: Math.max(1, Math.round(widthPx * scale)),
    heightPx: Math.max(1, Math.round(heightPx * scale)),
  };
}

/** Normalised, and between bars where it does not fill the square. */
function finished(
  pixels: Uint8Array,
  inner: { widthPx: number; heightPx: number },
  { sizePx, channels, background, normalisation }: Preparation,
): Uint8Array {
  const normal = normalisation === 'stretch' ? stretchContrast(pixels, channels) : pixels;
  if (inner.widthPx === sizePx && inner.heightPx === sizePx) return normal;
  const colour = colourValues(background);
  const bar = channels === 1 ? [Math.round(lumaOf(...colour))] : colour;
  const square = Uint8Array.from({ length: sizePx * sizePx * channels }, (_, at) => bar[at % channels]!);
  const left = Math.floor((sizePx - inner.widthPx) / 2);
  const top = Math.floor((sizePx - inner.heightPx) / 2);
  const rowBytes = inner.widthPx * channels;
  for (let row = 0; row < inner.heightPx; row += 1) {
    square.set(
      normal.subarray(row * rowBytes, (row + 1) * rowBytes),
      ((top + row) * sizePx + left) * channels,
    );
  }
  return square;
}
