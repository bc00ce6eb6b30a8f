import { createHash } from 'node:crypto';
import type { ColourMode } from '../contract/domain/cleaning.ts';
import { openPicture, rawPixels, reading } from '../imaging/decode.ts';
import { perceptualHashOf } from '../imaging/pure/perceptual-hash.ts';
import { measuredSidePx, measurePicture } from '../imaging/pure/picture-measures.ts';
import { resampleArea, type Pixels } from '../imaging/pure/resample.ts';
import type { Measure } from '../store/measures.ts';
import type { StoredPicture } from '../store/datasets.ts';
import type { DatasetOriginals } from './dataset-originals.ts';

/** Changes whenever the same picture may be measured differently than before. */
export const measureRevision = 1;

/** Colours beyond it count as such; small ones are what compression leaves in a grey picture. */
const leastColourfulness = 3;

/** A picture at most `measuredSidePx` on its longer side, with what its file says of its colours. */
async function smallPicture(
  picture: StoredPicture,
  originals: DatasetOriginals,
): Promise<{ image: Pixels; isPrintColours: boolean; contentSha256: string }> {
  if (picture.originalIndex !== null) {
    const { widthPx, heightPx, channels, ...container } = await originals.container(picture);
    const pixels = await container.pixels(picture.originalIndex);
    const contentSha256 = createHash('sha256').update(pixels).digest('hex');
    return { image: shrunk({ pixels, widthPx, heightPx, channels }), isPrintColours: false, contentSha256 };
  }
  const original = { sha256: picture.originalSha256, extension: picture.extension };
  const { pipeline, facts } = await openPicture(await originals.read(original, picture.name), picture.name);
  return reading(picture.name, async () => {
    const { space } = await pipeline.metadata();
    if (Math.max(facts.widthPx, facts.heightPx) > measuredSidePx) {
      pipeline.resize(measuredSidePx, measuredSidePx, { fit: 'inside' });
    }
    return {
      image: await rawPixels(pipeline),
      isPrintColours: space === 'cmyk',
      contentSha256: picture.originalSha256,
    };
  });
}

function shrunk(image: Pixels): Pixels {
  const { widthPx, heightPx, channels } = image;
  const factor = measuredSidePx / Math.max(widthPx, heightPx);
  if (factor >= 1) return image;
  const size = {
    widthPx: Math.max(1, Math.round(widthPx * factor)),
    heightPx: Math.max(1, Math.round(heightPx * factor)),
  };
  const form = { ...size, channels: channels <= 2 ? 1 : 3, background: '#ffffff' } as const;
  const pixels = resampleArea(image, { left: 0, top: 0, widthPx, heightPx }, form);
  return { pixels, ...size, channels: form.channels };
}

/**
 * Measures a stored picture.
 *
 * @throws StudioError `dataset-changed` naming an original that is gone or changed, `file-unreadable`
 */
export async function measureStored(picture: StoredPicture, originals: DatasetOriginals): Promise<Measure> {
  const { image, isPrintColours, contentSha256 } = await smallPicture(picture, originals);
  const measures = measurePicture(image);
  const colourMode: ColourMode = isPrintColours
    ? 'cmyk'
    : measures.colourfulness < leastColourfulness
      ? 'grey'
      : 'colour';
  return {
    pictureId: picture.id,
    perceptualHash: perceptualHashOf(image),
    contentSha256,
    colourMode,
    ...measures,
  };
}

/**
 * A stored picture as the engine studies it: squeezed to a small square, laid on white.
 *
 * @returns `[sizePx, sizePx, channels]`, 0…255
 */
export async function studiedPixels(
  picture: StoredPicture,
  originals: DatasetOriginals,
  sizePx: number,
  channels: 1 | 3,
): Promise<Uint8Array> {
  const { image } = await smallPicture(picture, originals);
  const area = { left: 0, top: 0, widthPx: image.widthPx, heightPx: image.heightPx };
  return resampleArea(image, area, { widthPx: sizePx, heightPx: sizePx, channels, background: '#ffffff' });
}
