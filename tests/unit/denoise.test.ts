import sharp from 'sharp';
import { expect, it } from 'vitest';
import { withoutNoise } from '../../src-main/imaging/denoise.ts';
import { drawnPicture, noisy } from '../helpers/drawn-pictures.ts';

it('A denoised picture is nearer to the clean one, as a file and out of a container', async () => {
  const clean = drawnPicture(1, 64);
  const spoilt = noisy(clean, 20, 2);
  const error = (pixels: Uint8Array) =>
    Math.sqrt(pixels.reduce((sum, value, at) => sum + (value - clean.pixels[at]!) ** 2, 0) / pixels.length);
  const fromContainer = await withoutNoise({ kind: 'pixels', image: spoilt, name: 'a' });
  if (fromContainer.kind !== 'pixels') throw new Error('It came as a file.');
  expect(fromContainer.image).toMatchObject({ widthPx: 64, heightPx: 64, channels: 3 });
  expect(error(fromContainer.image.pixels)).toBeLessThan(0.7 * error(spoilt.pixels));

  const file = await sharp(spoilt.pixels, { raw: { width: 64, height: 64, channels: 3 } })
    .png()
    .toBuffer();
  const fromFile = await withoutNoise({ kind: 'file', bytes: file, name: 'a.png' });
  if (fromFile.kind !== 'file') throw new Error('It came as pixels.');
  const { data } = await sharp(fromFile.bytes).raw().toBuffer({ resolveWithObject: true });
  expect(error(data)).toBeLessThan(0.7 * error(spoilt.pixels));
});

it('A grey picture of a container stays grey', async () => {
  const pixels = new Uint8Array(28 * 28).fill(100);
  pixels[300] = 255;
  const made = await withoutNoise({
    kind: 'pixels',
    image: { pixels, widthPx: 28, heightPx: 28, channels: 1 },
    name: 'a',
  });
  if (made.kind !== 'pixels') throw new Error('It came as a file.');
  expect(made.image.pixels.length).toBe(28 * 28);
  expect(new Set(made.image.pixels)).toEqual(new Set([100]));
});
