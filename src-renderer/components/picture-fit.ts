import type { Image } from '../../src-main/contract/domain/images.ts';

/** How a picture's pixels meet the screen's. */
export type PictureFit = {
  width: string;
  height: string;
  imageRendering: 'pixelated' | 'auto';
};

/** A whole factor that leaves more of the space empty than this is worse than uneven pixels. */
const leastCover = 0.8;

/**
 * The size at which a picture fills a square of `spacePx`: a whole multiple of its pixels where that nearly
 * fills the space, so that every pixel is as wide as its neighbour; otherwise all of the space.
 */
export function pictureFit(
  { widthPx, heightPx }: Pick<Image, 'widthPx' | 'heightPx'>,
  spacePx: number,
): PictureFit {
  const scale = spacePx / Math.max(widthPx, heightPx);
  const whole = Math.floor(scale);
  const used = whole >= 1 && whole / scale >= leastCover ? whole : scale;
  return {
    width: `${Math.round(widthPx * used)}px`,
    height: `${Math.round(heightPx * used)}px`,
    imageRendering: used >= 3 || used === whole ? 'pixelated' : 'auto',
  };
}

/** The tile nearest to `tilePx` that pictures of `sizePx` fill with whole pixels; smaller tiles stay as they are. */
export function snapTile(tilePx: number, sizePx: number | undefined): number {
  return sizePx === undefined || tilePx < sizePx ? tilePx : Math.round(tilePx / sizePx) * sizePx;
}
