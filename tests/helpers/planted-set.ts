import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { blurred, drawnPicture, noisy } from './drawn-pictures.ts';

/** How many pictures of each kind are hidden among the good ones. */
export interface Planted {
  good: number;
  exact: number;
  encodedAnew: number;
  blank: number;
  truncated: number;
  blurred: number;
  noisy: number;
}

const sidePx = 72;

const png = (picture: ReturnType<typeof drawnPicture>) =>
  sharp(picture.pixels, {
    raw: { width: picture.widthPx, height: picture.heightPx, channels: 3 },
  }).png();

/**
 * Writes a folder of drawn pictures, no two alike, with so many spoilt ones among them; a file's name says what it is:
 * `good-0.png`, `exact-0.png` (a copy of `good-0.png`), …
 */
export async function writePlantedSet(folder: string, planted: Planted): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, name), bytes);
  for (let at = 0; at < planted.good; at += 1) {
    const picture = drawnPicture(at + 1, sidePx);
    const bytes = await png(picture).toBuffer();
    write(`good-${at}.png`, bytes);
    if (at < planted.exact) write(`exact-${at}.png`, bytes);
    if (at < planted.encodedAnew) {
      const smaller = png(picture).resize(64, 64).jpeg({ quality: 80 });
      write(`again-${at}.jpg`, await smaller.toBuffer());
    }
    if (at < planted.truncated) write(`truncated-${at}.png`, bytes.subarray(0, bytes.length >> 1));
  }
  for (let at = 0; at < planted.blank; at += 1) {
    const value = Math.round((255 * at) / planted.blank);
    const pixels = new Uint8Array(sidePx * sidePx * 3).fill(value);
    write(
      `blank-${at}.png`,
      await png({ pixels, widthPx: sidePx, heightPx: sidePx, channels: 3 }).toBuffer(),
    );
  }
  for (let at = 0; at < planted.blurred; at += 1) {
    write(`blurred-${at}.png`, await png(blurred(drawnPicture(10_000 + at, sidePx), 4, 3)).toBuffer());
  }
  for (let at = 0; at < planted.noisy; at += 1) {
    write(`noisy-${at}.png`, await png(noisy(drawnPicture(20_000 + at, sidePx), 30, at + 1)).toBuffer());
  }
}
