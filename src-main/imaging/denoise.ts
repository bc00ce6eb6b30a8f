import sharp from 'sharp';
import { openPicture, rawPixels, reading } from './decode.ts';
import type { PictureBytes } from './prepare.ts';

/** The side of the square that each pixel's median is taken of. */
const medianPx = 3;

/**
 * The picture after a median filter of 3×3 pixels, which takes away single stray pixels and fine noise and keeps
 * edges; upright, its first frame.
 *
 * @throws StudioError `file-unreadable`
 */
export async function withoutNoise(picture: PictureBytes): Promise<PictureBytes> {
  const { name } = picture;
  if (picture.kind === 'pixels') {
    const { pixels, widthPx, heightPx, channels } = picture.image;
    const raw = { width: widthPx, height: heightPx, channels };
    // Grey stays one channel: the filter does not mind which colours it is told.
    const { data } = await sharp(pixels, { raw })
      .median(medianPx)
      .toColourspace(channels <= 2 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { kind: 'pixels', image: { pixels: data, widthPx, heightPx, channels }, name };
  }
  const { pipeline } = await openPicture(picture.bytes, name);
  const image = await reading(name, () => rawPixels(pipeline.median(medianPx)));
  const bytes = await sharp(image.pixels, {
    raw: { width: image.widthPx, height: image.heightPx, channels: image.channels },
  })
    .png({ compressionLevel: 1 })
    .toBuffer();
  return { kind: 'file', bytes, name };
}
