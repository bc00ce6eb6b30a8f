import { describe, expect, test } from 'vitest';
import sharp from 'sharp';
import { inspectPicture, thumbnail, verifyPicture } from '../../src-main/imaging/decode.ts';
import { preparePicture } from '../../src-main/imaging/prepare.ts';
import { toSquare, type SquareForm } from '../../src-main/imaging/pure/resample.ts';
import { bitmapOf, flat, pngOf, redThenBlue } from '../fixtures/pictures.ts';

const rgb = { sizePx: 32, channels: 3, background: '#ffffff' } as const;
const grey = { ...rgb, channels: 1 } as const;

/** As a network sees it by the plainest recipe. */
const decodePicture = async (bytes: Uint8Array, name: string, form: SquareForm) => {
  const plain = {
    crop: 'centre',
    resize: 'lanczos3',
    normalisation: 'none',
    focus: null,
    half: null,
  } as const;
  return (await preparePicture({ kind: 'file', bytes, name }, { ...plain, ...form })).pixels;
};

/** The colour in the middle of a decoded picture. */
const middle = (pixels: Uint8Array, channels = 3) => {
  const at = (16 * 32 + 16) * channels;
  return [...pixels.subarray(at, at + channels)];
};
const near = (found: number[], wanted: number[], within: number) =>
  expect(Math.max(...found.map((value, at) => Math.abs(value - wanted[at]!)))).toBeLessThanOrEqual(within);

describe('a picture of one colour comes out in that colour', () => {
  const colour = '#c86432';
  const wanted = [200, 100, 50];
  const formats: [string, () => Promise<Buffer>, number][] = [
    ['PNG', () => flat(colour).png().toBuffer(), 0],
    ['PNG with a palette', () => flat(colour).png({ palette: true }).toBuffer(), 2],
    ['PNG of 16 bits', () => flat(colour).toColourspace('rgb16').png().toBuffer(), 1],
    ['JPEG', () => flat(colour).jpeg({ quality: 100 }).toBuffer(), 3],
    ['WebP', () => flat(colour).webp({ lossless: true }).toBuffer(), 1],
    ['GIF', () => flat(colour).gif().toBuffer(), 4],
    ['TIFF', () => flat(colour).tiff().toBuffer(), 1],
    ['AVIF', () => flat(colour).avif({ lossless: true }).toBuffer(), 4],
  ];
  test.each(formats)('%s', async (_name, make, within) => {
    const bytes = await make();
    near(middle(await decodePicture(bytes, 'a', rgb)), wanted, within);
    const facts = await verifyPicture(bytes, 'a');
    expect(facts).toMatchObject({ widthPx: 16, heightPx: 16, isGrey: false });
  });

  test('JPEG in CMYK', async () => {
    const bytes = await flat('#ffffff', 64).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe('cmyk');
    near(middle(await decodePicture(bytes, 'a', rgb)), [255, 255, 255], 6);
  });

  test('a larger picture, which the decoder itself makes smaller', async () => {
    const bytes = await flat(colour, 600).png().toBuffer();
    near(middle(await decodePicture(bytes, 'a', rgb)), wanted, 1);
    expect(await verifyPicture(bytes, 'a')).toMatchObject({ widthPx: 600, isGrey: false });
  });
});

describe('grey pictures', () => {
  test.each([
    ['8 bits', () => flat('#808080').toColourspace('b-w').png().toBuffer()],
    ['16 bits', () => flat('#808080').toColourspace('grey16').png().toBuffer()],
  ])('of %s keep their value, in grey and in colour', async (_name, make) => {
    const bytes = await make();
    near(middle(await decodePicture(bytes, 'a', grey), 1), [128], 1);
    near(middle(await decodePicture(bytes, 'a', rgb)), [128, 128, 128], 1);
    expect((await verifyPicture(bytes, 'a')).isGrey).toBe(true);
  });

  test('made of coloured ones follow the eye: green is brighter than blue', async () => {
    const value = async (colour: string) =>
      middle(await decodePicture(await flat(colour).png().toBuffer(), 'a', grey), 1)[0];
    expect(await value('#00ff00')).toBe(150);
    expect(await value('#0000ff')).toBe(29);
  });

  test('that only look grey are recognised', async () => {
    const photo = await flat('#80827f', 48).jpeg().toBuffer();
    expect((await verifyPicture(photo, 'a')).isGrey).toBe(true);
  });
});

describe('transparency', () => {
  const half = { r: 255, g: 0, b: 0, alpha: 0.5 };
  test('is laid on the chosen colour', async () => {
    const bytes = await flat(half).png().toBuffer();
    near(middle(await decodePicture(bytes, 'a', { ...rgb, background: '#0000ff' })), [128, 0, 127], 1);
    expect((await inspectPicture(bytes, 'a')).hasAlpha).toBe(true);
  });

  test('of a grey picture is laid on the colour too, not on its grey', async () => {
    const clear = await flat({ r: 0, g: 0, b: 0, alpha: 0 }).toColourspace('b-w').png().toBuffer();
    expect((await sharp(clear).metadata()).channels).toBe(2);
    near(middle(await decodePicture(clear, 'a', { ...rgb, background: '#ff8000' })), [255, 128, 0], 0);
  });

  test('of a large picture is laid on the colour as well', async () => {
    const bytes = await flat(half, 400).png().toBuffer();
    near(middle(await decodePicture(bytes, 'a', { ...rgb, background: '#0000ff' })), [128, 0, 127], 1);
  });

  test('hides colours from the question whether a picture is grey', async () => {
    const hidden = await flat({ r: 255, g: 0, b: 0, alpha: 0 }).png().toBuffer();
    expect((await verifyPicture(hidden, 'a')).isGrey).toBe(true);
  });
});

test('the orientation that a camera noted is applied', async () => {
  // Orientation 6: turn clockwise to see it upright, so that the left half comes to the top.
  const bytes = await redThenBlue()
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .withMetadata({ orientation: 6 })
    .toBuffer();
  expect(await inspectPicture(bytes, 'a')).toMatchObject({ widthPx: 16, heightPx: 32 });
  const pixels = await decodePicture(bytes, 'a', { ...rgb, sizePx: 16 });
  near([...pixels.subarray(0, 3)], [255, 0, 0], 12);
  near([...pixels.subarray(-3)], [0, 0, 255], 12);
});

test('the first frame of an animation is taken', async () => {
  const frames = Buffer.concat([Buffer.alloc(768, 255), Buffer.alloc(768, 0)]);
  const gif = await sharp(frames, { raw: { width: 16, height: 32, channels: 3, pageHeight: 16 } })
    .gif({ delay: [100, 100] })
    .toBuffer();
  expect((await sharp(gif).metadata()).pages).toBe(2);
  near(middle(await decodePicture(gif, 'a', rgb)), [255, 255, 255], 0);
});

test('a wide picture is cropped to its middle', async () => {
  const bytes = await redThenBlue().png().toBuffer();
  const pixels = await decodePicture(bytes, 'a', { ...rgb, sizePx: 16 });
  expect([...pixels.subarray(0, 3)]).toEqual([255, 0, 0]);
  expect([...pixels.subarray(15 * 3, 16 * 3)]).toEqual([0, 0, 255]);
});

test('shrinking is antialiased: a fine chessboard becomes even grey', () => {
  const pixels = Uint8Array.from({ length: 64 * 64 }, (_unused, at) => ((at + (at >> 6)) % 2) * 255);
  const small = toSquare(
    { pixels, widthPx: 64, heightPx: 64, channels: 1 },
    { sizePx: 28, channels: 1, background: '#000000' },
  );
  expect(Math.max(...small) - Math.min(...small)).toBeLessThan(8);
  expect(Math.abs(small[14 * 28 + 14]! - 127.5)).toBeLessThan(4);
});

test('our resampling and the decoder’s agree on a smooth picture', async () => {
  const ramp = Buffer.from(
    Array.from({ length: 150 * 150 }, (_unused, at) => {
      const [x, y] = [at % 150, Math.floor(at / 150)];
      return [x, y, Math.round(127 + 100 * Math.sin(x / 15))];
    }).flat(),
  );
  const raw = { width: 150, height: 150, channels: 3 } as const;
  const ours = toSquare(
    { pixels: ramp, widthPx: 150, heightPx: 150, channels: 3 },
    { sizePx: 64, channels: 3, background: '#000000' },
  );
  const theirs = await sharp(ramp, { raw }).resize(64, 64, { kernel: 'lanczos3' }).raw().toBuffer();
  const worst = Math.max(...ours.map((value, at) => Math.abs(value - theirs[at]!)));
  expect(worst).toBeLessThanOrEqual(3);
});

test('a tiny picture is enlarged', async () => {
  const pixels = await decodePicture(await flat('#204060', 3).png().toBuffer(), 'a', rgb);
  expect(pixels).toHaveLength(32 * 32 * 3);
  near(middle(pixels), [32, 64, 96], 0);
});

test.each([8, 24] as const)('a Windows bitmap of %i bits is read the right way up', async (bits) => {
  const bytes = bitmapOf(bits);
  expect(await inspectPicture(bytes, 'a')).toMatchObject({ widthPx: 2, heightPx: 2, format: 'bmp' });
  const pixels = await decodePicture(bytes, 'a', { ...rgb, sizePx: 2 });
  expect([...pixels]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]);
});

describe('what cannot be read is named, with the reason', () => {
  const whole = () => pngOf(1, 200);
  const cut = async (bytes: Promise<Buffer>) =>
    (await bytes).subarray(0, Math.floor((await bytes).length * 0.6));
  const noisy = async () => sharp(await whole());
  const cases: [string, () => Promise<Uint8Array>, string][] = [
    ['an empty file', async () => new Uint8Array(0), 'empty'],
    ['text renamed to PNG', async () => Buffer.from('Dear diary,\ntoday it rained.'), 'text'],
    ['bytes of no known format', async () => Buffer.from([1, 2, 3, 0, 5, 6, 7, 8]), 'not-a-picture'],
    ['a PNG cut short', () => cut(whole()), 'damaged'],
    ['a JPEG cut short', async () => cut((await noisy()).jpeg().toBuffer()), 'damaged'],
    ['a WebP cut short', async () => cut((await noisy()).webp().toBuffer()), 'damaged'],
    ['a GIF cut short', async () => cut((await noisy()).gif().toBuffer()), 'damaged'],
    ['a TIFF cut short', async () => cut((await noisy()).tiff().toBuffer()), 'damaged'],
    ['an AVIF cut short', async () => cut((await noisy()).avif().toBuffer()), 'damaged'],
    ['a bitmap cut short', async () => bitmapOf(24).subarray(0, 60), 'damaged'],
    ['only a PNG signature', async () => (await whole()).subarray(0, 8), 'damaged'],
    ['an SVG', async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'format-not-supported'],
    [
      'a HEIC',
      async () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
      'format-not-supported',
    ],
  ];
  test.each(cases)('%s', async (_name, make, reason) => {
    await expect(verifyPicture(await make(), 'folder/a.png')).rejects.toMatchObject({
      code: 'file-unreadable',
      message: expect.stringContaining('folder/a.png') as string,
      details: { file: 'folder/a.png', reason },
    });
  });

  test('a PNG whose header declares gigapixels is refused before it takes memory', async () => {
    const bomb = Buffer.from(await whole());
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    const { crc32 } = await import('node:zlib');
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    await expect(verifyPicture(bomb, 'bomb.png')).rejects.toMatchObject({
      code: 'file-unreadable',
      details: { reason: 'too-many-pixels' },
    });
  });
});

test('a thumbnail is at most 160 pixels wide or high, and keeps transparency', async () => {
  const tall = await flat({ r: 255, g: 0, b: 0, alpha: 0.5 }, 400)
    .resize(200, 400, { fit: 'fill' })
    .png()
    .toBuffer();
  const { width, height, format, hasAlpha } = await sharp(await thumbnail(tall, 'a')).metadata();
  expect({ width, height, format, hasAlpha }).toEqual({
    width: 80,
    height: 160,
    format: 'webp',
    hasAlpha: true,
  });
});
