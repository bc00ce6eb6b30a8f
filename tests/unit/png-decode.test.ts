import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePlainPng } from '../../src-main/imaging/pure/png-decode.ts';
import { sharedData } from '../fixtures/shared-data.ts';

const sidePx = 37;
const noise = (channels: 1 | 2 | 3 | 4) =>
  sharp(
    Uint8Array.from(
      { length: sidePx * sidePx * channels },
      (_unused, at) => Math.imul(at + 1, 2654435761) >>> 24,
    ),
    { raw: { width: sidePx, height: sidePx, channels } },
  );

/** RGBA, as every way of decoding can be compared in. */
const rgba = async (bytes: Uint8Array) =>
  sharp(bytes).toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer();

async function expectSame(bytes: Buffer): Promise<void> {
  const plain = decodePlainPng(bytes);
  expect(plain).not.toBeNull();
  const { pixels, widthPx, heightPx, channels } = plain!;
  const decoded = await sharp(pixels, { raw: { width: widthPx, height: heightPx, channels } })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer();
  expect(decoded.equals(await rgba(bytes))).toBe(true);
}

describe('a small PNG gives the same pixels as the full decoder', () => {
  test.each([1, 2, 3, 4] as const)('with %i samples a pixel, behind every filter', async (channels) => {
    await expectSame(await noise(channels).png({ adaptiveFiltering: true }).toBuffer());
    await expectSame(await noise(channels).blur(3).png({ adaptiveFiltering: true }).toBuffer());
    await expectSame(await noise(channels).png({ adaptiveFiltering: false }).toBuffer());
  });

  test.each([2, 4, 16, 200])('with a palette of %i colours', async (colours) => {
    await expectSame(await noise(3).blur(2).png({ palette: true, colours }).toBuffer());
    await expectSame(await noise(4).blur(2).png({ palette: true, colours }).toBuffer());
  });

  const emoji = sharedData('noto-emoji-72');
  test.skipIf(emoji === null)('of real emoji', async () => {
    const files = readdirSync(emoji!, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.png'))
      .filter((_name, at) => at % 40 === 0);
    expect(files.length).toBeGreaterThan(50);
    for (const name of files) await expectSame(readFileSync(join(emoji!, name)));
  });
});

describe('it is left to the full decoder', () => {
  test.each([
    ['of 16 bits', () => noise(3).toColourspace('rgb16').png().toBuffer()],
    ['interlaced', () => noise(3).png({ progressive: true }).toBuffer()],
    ['with a colour profile', () => noise(3).withIccProfile('p3').png().toBuffer()],
    [
      'with words about its rights',
      () =>
        noise(3)
          .withExif({ IFD0: { Copyright: 'Mine' } })
          .png()
          .toBuffer(),
    ],
    ['larger than is quick', () => noise(3).resize(600, 600).png().toBuffer()],
    ['that is a JPEG', () => noise(3).jpeg().toBuffer()],
  ])('%s', async (_name, make) => {
    expect(decodePlainPng(await make())).toBeNull();
  });

  test('cut short anywhere, or with a single bit wrong', async () => {
    const whole = await noise(3).png().toBuffer();
    for (let at = 0; at < whole.length; at += 97) expect(decodePlainPng(whole.subarray(0, at))).toBeNull();
    for (let at = 8; at < whole.length; at += 101) {
      const wrong = Buffer.from(whole);
      wrong[at]! ^= 1;
      expect(decodePlainPng(wrong)).toBeNull();
    }
  });
});
