import sharp, { type Sharp } from 'sharp';
import type { FileRights } from '../contract/domain/licences.ts';
import { StudioError } from '../contract/errors.ts';
import { decodeBmp } from './bmp.ts';
import type { PictureFormat } from './picture-format.ts';
import { decodePlainPng } from './pure/png-decode.ts';
import type { Pixels } from './pure/resample.ts';
import { sniffPicture } from './picture-format.ts';
import { rightsInFile } from './rights.ts';

// Callers decode several pictures at once; threads inside one small picture only cost switching.
sharp.concurrency(1);
// Every picture is read once, so a cache of operations would hold memory for nothing.
sharp.cache(false);

/** Larger pictures are refused: a few kilobytes can declare gigapixels. */
export const pixelLimit = 100_000_000;

/** The longer side of a thumbnail. */
export const thumbnailPx = 160;

export interface PictureFacts {
  /** As seen, after the orientation that the file asks for. */
  widthPx: number;
  heightPx: number;
  format: PictureFormat;
  hasAlpha: boolean;
}

/** Why a picture cannot be read; the renderer words it. */
export type UnreadableReason =
  'empty' | 'not-a-picture' | 'text' | 'format-not-supported' | 'damaged' | 'too-many-pixels';

const wording: Readonly<Record<UnreadableReason, string>> = {
  empty: 'it is empty (0 bytes)',
  'not-a-picture': 'it is not a picture of a known format',
  text: 'it holds text, not a picture',
  'format-not-supported': 'its format is not supported; convert it to PNG or JPEG',
  damaged: 'it is cut short or damaged',
  'too-many-pixels': `it has more than ${pixelLimit / 1_000_000} megapixels`,
};

function unreadable(name: string, reason: UnreadableReason, cause?: unknown, format = ''): StudioError {
  const detail = format === '' ? '' : ` (${format})`;
  return new StudioError(
    'file-unreadable',
    `“${name}” cannot be read: ${wording[reason]}${detail}.`,
    { file: name, reason, ...(format === '' ? {} : { format }) },
    cause,
  );
}

/** Turns whatever the decoder throws into the one expected failure. */
export async function reading<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof StudioError) throw thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    if (/exceeds pixel limit/i.test(text)) throw unreadable(name, 'too-many-pixels', thrown);
    if (/compressed bitmaps/.test(text)) throw unreadable(name, 'format-not-supported', thrown, 'BMP');
    throw unreadable(name, 'damaged', thrown);
  }
}

/** A picture whose header was read, ready to be decoded. */
export interface OpenPicture {
  pipeline: Sharp;
  facts: PictureFacts;
  /** What the file itself says of its rights. */
  rights: FileRights | null;
}

/** @throws StudioError `file-unreadable` */
export async function openPicture(bytes: Uint8Array, name: string): Promise<OpenPicture> {
  if (bytes.byteLength === 0) throw unreadable(name, 'empty');
  const sniffed = sniffPicture(bytes);
  if (sniffed.kind === 'unsupported')
    throw unreadable(name, 'format-not-supported', undefined, sniffed.title);
  if (sniffed.kind === 'text') throw unreadable(name, 'text');
  if (sniffed.kind === 'unknown') throw unreadable(name, 'not-a-picture');
  return reading(name, async () => {
    if (sniffed.format === 'bmp') {
      const { pixels, widthPx, heightPx, channels } = decodeBmp(bytes, pixelLimit);
      return {
        pipeline: sharp(pixels, { raw: { width: widthPx, height: heightPx, channels } }),
        facts: { widthPx, heightPx, format: 'bmp', hasAlpha: channels === 4 },
        rights: null,
      };
    }
    const pipeline = sharp(bytes, { limitInputPixels: pixelLimit, failOn: 'error', sequentialRead: true });
    const metadata = await pipeline.metadata();
    return {
      pipeline: pipeline.autoOrient(),
      facts: {
        widthPx: metadata.autoOrient.width,
        heightPx: metadata.autoOrient.height,
        format: sniffed.format,
        hasAlpha: metadata.hasAlpha,
      },
      rights: rightsInFile(metadata),
    };
  });
}

/** The pipeline's picture in 8-bit sRGB, with alpha where it has some. */
export async function rawPixels(pipeline: Sharp): Promise<Pixels> {
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 1 || channels === 2 || channels === 3 || channels === 4) {
    return { pixels: data, widthPx: width, heightPx: height, channels };
  }
  throw new Error(`decoded to ${channels} channels`);
}

/**
 * Size and format of a picture, from its header alone.
 *
 * @throws StudioError `file-unreadable`
 */
export async function inspectPicture(bytes: Uint8Array, name: string): Promise<PictureFacts> {
  return (await openPicture(bytes, name)).facts;
}

/**
 * Decodes a picture to its last row, to be sure that it can be read, and tells whether it is grey: whether its
 * visible colours never stray from grey by more than 8 of 255 (large pictures are judged at 256×256 pixels).
 *
 * @throws StudioError `file-unreadable`
 */
export async function verifyPicture(bytes: Uint8Array, name: string): Promise<VerifiedPicture> {
  const plain = decodePlainPng(bytes);
  if (plain) {
    const { widthPx, heightPx, channels } = plain;
    const hasAlpha = channels === 2 || channels === 4;
    return { widthPx, heightPx, format: 'png', hasAlpha, isGrey: isNearlyGrey(plain), rights: null };
  }
  const { pipeline, facts, rights } = await openPicture(bytes, name);
  // Filled, not cropped: a crop would leave rows undecoded and a cut unnoticed.
  if (facts.widthPx * facts.heightPx > 512 * 512) pipeline.resize(256, 256, { fit: 'fill' });
  return { ...facts, isGrey: isNearlyGrey(await reading(name, () => rawPixels(pipeline))), rights };
}

/** A picture that was read to its end. */
export interface VerifiedPicture extends PictureFacts {
  isGrey: boolean;
  rights: FileRights | null;
}

function isNearlyGrey({ pixels, channels }: Pixels): boolean {
  if (channels <= 2) return true;
  for (let at = 0; at < pixels.length; at += channels) {
    const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
    const isVisible = channels === 3 || pixels[at + 3]! >= 16;
    if (isVisible && Math.max(red, green, blue) - Math.min(red, green, blue) > 8) return false;
  }
  return true;
}

/** Up to here our own resampling is quicker than a detour through the decoder's. */
export const resampledHerePx = 160 * 160;

/**
 * A WebP of at most 160 pixels on its longer side, transparency kept, never enlarged.
 *
 * @throws StudioError `file-unreadable`
 */
export async function thumbnail(bytes: Uint8Array, name: string): Promise<Buffer> {
  const { pipeline } = await openPicture(bytes, name);
  return reading(name, () =>
    pipeline
      .resize(thumbnailPx, thumbnailPx, { fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .webp({ quality: 82 })
      .toBuffer(),
  );
}
