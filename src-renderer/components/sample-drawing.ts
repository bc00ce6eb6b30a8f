import type { SampleSheet } from '../../src-main/contract/domain/runs.ts';

const cacheSize = 48;
const cache = new Map<string, Promise<HTMLImageElement>>();

/**
 * The picture at `url`, decoded. The most recent ones are kept, so that scrubbing back and forth does not
 * wait for the disk.
 *
 * @throws Error when it cannot be fetched or decoded
 */
export function loadPicture(url: string): Promise<HTMLImageElement> {
  const known = cache.get(url);
  cache.delete(url);
  const loading =
    known ??
    (async () => {
      const image = new Image();
      image.src = url;
      await image.decode();
      return image;
    })();
  cache.set(url, loading);
  loading.catch(() => cache.delete(url));
  for (const oldest of cache.keys()) {
    if (cache.size <= cacheSize) break;
    cache.delete(oldest);
  }
  return loading;
}

/**
 * Draws tiles of `sizePx` pixels, cut from a sheet, at `tilePx` device pixels with `gapPx` between them.
 * Upscaling keeps the pixels square: by a whole factor directly, otherwise by the next whole factor and
 * then smoothly down, which neither blurs nor makes some pixels wider than others.
 */
export function drawTiles(
  canvas: HTMLCanvasElement,
  image: HTMLImageElement,
  tiles: readonly number[],
  layout: { sheetColumns: number; sizePx: number; columns: number; tilePx: number; gapPx: number },
): void {
  const { sheetColumns, sizePx, columns, tilePx, gapPx } = layout;
  const rows = Math.ceil(tiles.length / columns);
  canvas.width = columns * tilePx + (columns - 1) * gapPx;
  canvas.height = rows * tilePx + (rows - 1) * gapPx;
  const context = canvas.getContext('2d');
  if (!context) return;
  const factor = Math.max(1, Math.ceil(tilePx / sizePx));
  const enlarged = document.createElement('canvas');
  enlarged.width = sizePx * factor;
  enlarged.height = sizePx * factor;
  const scaler = enlarged.getContext('2d');
  if (!scaler) return;
  scaler.imageSmoothingEnabled = false;
  context.imageSmoothingQuality = 'high';
  context.imageSmoothingEnabled = enlarged.width !== tilePx;
  tiles.forEach((tile, place) => {
    const fromX = (tile % sheetColumns) * sizePx;
    const fromY = Math.floor(tile / sheetColumns) * sizePx;
    scaler.clearRect(0, 0, enlarged.width, enlarged.height);
    scaler.drawImage(image, fromX, fromY, sizePx, sizePx, 0, 0, enlarged.width, enlarged.height);
    const toX = (place % columns) * (tilePx + gapPx);
    const toY = Math.floor(place / columns) * (tilePx + gapPx);
    context.drawImage(enlarged, toX, toY, tilePx, tilePx);
  });
}

/** The positions of a sheet's tiles, row by row. */
export function tilesOf(sheet: Pick<SampleSheet, 'columns' | 'rows'>): number[] {
  return Array.from({ length: sheet.columns * sheet.rows }, (_, index) => index);
}
