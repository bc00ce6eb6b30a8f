import { openPicture, rawPixels, reading } from './decode.ts';
import type { PictureBytes } from './prepare.ts';
import { decodePlainPng } from './pure/png-decode.ts';
import type { Pixels } from './pure/resample.ts';

/** Larger pictures are looked at in a smaller copy. */
const lookedAtPx = 1024;

/**
 * What is transparent in a picture, as a grey picture of the same proportions: 255 where nothing is to be seen, 0 where
 * it is opaque.
 *
 * @returns null where the picture knows no transparency
 * @throws StudioError `file-unreadable`
 */
export async function transparencyOf(picture: PictureBytes): Promise<Pixels | null> {
  const image = picture.kind === 'pixels' ? picture.image : await decoded(picture.bytes, picture.name);
  if (!image || (image.channels !== 2 && image.channels !== 4)) return null;
  const { widthPx, heightPx, channels } = image;
  const pixels = Uint8Array.from(
    { length: widthPx * heightPx },
    (_, at) => 255 - image.pixels[at * channels + channels - 1]!,
  );
  return { pixels, widthPx, heightPx, channels: 1 };
}

async function decoded(bytes: Uint8Array, name: string): Promise<Pixels | null> {
  const plain = decodePlainPng(bytes);
  if (plain) return plain;
  const { pipeline, facts } = await openPicture(bytes, name);
  if (!facts.hasAlpha) return null;
  const isLarge = Math.max(facts.widthPx, facts.heightPx) > lookedAtPx;
  const looked = isLarge ? pipeline.resize(lookedAtPx, lookedAtPx, { fit: 'inside' }) : pipeline;
  return reading(name, () => rawPixels(looked));
}

/** A mask as a person painted it: which pixels are to be made up. */
export interface PaintedMask {
  readonly widthPx: number;
  readonly heightPx: number;
  /** `[heightPx, widthPx]`, 255 where it hides and 0 elsewhere. */
  readonly hidden: Uint8Array;
}

/**
 * Reads a painted mask: what is transparent in it or, where nothing is, what is white (Rec. 601 luma of 128 and more).
 *
 * @throws StudioError `file-unreadable`
 */
export async function readMask(bytes: Uint8Array, name: string): Promise<PaintedMask> {
  const { pipeline } = await openPicture(bytes, name);
  const { pixels, widthPx, heightPx, channels } = await reading(name, () => rawPixels(pipeline));
  const hasAlpha = channels === 2 || channels === 4;
  const alphaAt = (at: number) => pixels[at * channels + channels - 1]!;
  const lumaAt = (at: number) =>
    channels <= 2
      ? pixels[at * channels]!
      : 0.299 * pixels[at * channels]! +
        0.587 * pixels[at * channels + 1]! +
        0.114 * pixels[at * channels + 2]!;
  const all = Array.from({ length: widthPx * heightPx }, (_, at) => at);
  const byAlpha = hasAlpha && all.some((at) => alphaAt(at) < 128);
  const hidden = Uint8Array.from(all, (at) => ((byAlpha ? alphaAt(at) < 128 : lumaAt(at) >= 128) ? 255 : 0));
  return { widthPx, heightPx, hidden };
}
