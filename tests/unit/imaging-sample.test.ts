import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fillOutline } from '../../src-main/imaging/outline-fill.ts';
import { renderSampleDigits, sampleFonts } from '../../src-main/imaging/sample-digits.ts';

async function render(images: number, seed: number) {
  const pixels: Uint8Array[] = [];
  const labels: number[] = [];
  for await (const chunk of renderSampleDigits(images, seed)) {
    pixels.push(chunk.pixels);
    labels.push(...chunk.labels);
  }
  return { pixels: Buffer.concat(pixels), labels };
}
const picture = (pixels: Uint8Array, index: number) => pixels.subarray(index * 784, (index + 1) * 784);
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('the same seed draws the same pictures, however many are asked for', async () => {
  const few = await render(130, 5);
  const again = await render(250, 5);
  expect(hash(again.pixels.subarray(0, 130 * 784))).toBe(hash(few.pixels));
  expect(hash((await render(130, 6)).pixels)).not.toBe(hash(few.pixels));
});

test('no two pictures are alike', async () => {
  const { pixels } = await render(1000, 1);
  const hashes = new Set(Array.from({ length: 1000 }, (_unused, index) => hash(picture(pixels, index))));
  expect(hashes.size).toBe(1000);
});

test('the ten digits come equally often', async () => {
  const { labels } = await render(200, 1);
  const counts = Array.from(
    { length: 10 },
    (_unused, digit) => labels.filter((label) => label === digit).length,
  );
  expect(counts).toEqual(Array<number>(10).fill(20));
});

test('every picture is white ink on black, well inside its frame and centred', async () => {
  const { pixels } = await render(1000, 3);
  for (let index = 0; index < 1000; index += 1) {
    const one = picture(pixels, index);
    let [mass, momentX, momentY, edge] = [0, 0, 0, 0];
    one.forEach((value, at) => {
      const [x, y] = [at % 28, Math.floor(at / 28)];
      mass += value;
      momentX += value * x;
      momentY += value * y;
      if (x === 0 || y === 0 || x === 27 || y === 27) edge += value;
    });
    expect(Math.max(...one)).toBeGreaterThan(150);
    expect(mass / 255).toBeGreaterThan(20);
    expect(mass / 255).toBeLessThan(250);
    expect(edge / 255).toBeLessThan(2);
    expect(Math.abs(momentX / mass - 13.5)).toBeLessThan(3);
    expect(Math.abs(momentY / mass - 13.5)).toBeLessThan(3);
  }
});

test('the digits look like what they are called: a picture is nearest to the mean of its own class', async () => {
  const { pixels, labels } = await render(2000, 1);
  const means = Array.from({ length: 10 }, () => new Float64Array(784));
  for (let index = 0; index < 1000; index += 1) {
    picture(pixels, index).forEach((value, at) => (means[labels[index]!]![at]! += value / 100));
  }
  let right = 0;
  for (let index = 1000; index < 2000; index += 1) {
    const one = picture(pixels, index);
    const distances = means.map((mean) => mean.reduce((sum, value, at) => sum + (value - one[at]!) ** 2, 0));
    if (distances.indexOf(Math.min(...distances)) === labels[index]) right += 1;
  }
  expect(right / 1000).toBeGreaterThan(0.7);
});

test('each font lies beside its licence', async () => {
  const folder = new URL('../../resources/fonts/', import.meta.url);
  const names = await readdir(folder);
  for (const { file } of sampleFonts) {
    expect(names).toContain(`${file}.woff`);
    expect(await readFile(new URL(`${file}.LICENSE.txt`, folder), 'utf8')).toMatch(
      /SIL Open Font License, Version 1\.1/i,
    );
  }
});

test('filling covers a pixel by as much as lies inside, and overlaps only once', () => {
  const square = (left: number, top: number, side: number) =>
    Float64Array.of(left, top, left + side, top, left + side, top + side, left, top + side);
  const covered = fillOutline([square(1, 1, 2), square(2, 1, 1.5)], 5, 4);
  expect(covered[1 * 5 + 1]).toBeCloseTo(1, 5);
  expect(covered[1 * 5 + 2]).toBeCloseTo(1, 5);
  expect(covered[1 * 5 + 3]).toBeCloseTo(0.5, 5);
  expect(covered[0]).toBe(0);
  expect(fillOutline([square(-5, -5, 20)], 2, 2).every((value) => Math.abs(value - 1) < 1e-6)).toBe(true);
});
