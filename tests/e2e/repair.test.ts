import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imago } from '../helpers/command-line.ts';
import { faceMissing, openFace, wantedFace } from '../helpers/face.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const missing = faceMissing();

/** The grey values of a picture that the page may load, row by row. */
const decoded = (page: Page, address: string): Promise<number[]> =>
  page.evaluate(async (url) => {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    const pen = canvas.getContext('2d')!;
    pen.drawImage(picture, 0, 0);
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: data.length / 4 }, (_, at) => data[at * 4]!);
  }, address);

const queryOf = (page: Page, name: string): string =>
  new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? '').get(name) ?? '';

async function untilLanded(page: Page, count: number): Promise<void> {
  await expect
    .poll(() => page.getByTestId('repair-landed').getAttribute('data-landed'), { timeout: 120_000 })
    .toBe(String(count));
}

describe.skipIf(missing !== null || wantedFace === 'desktop')('a picture is repaired in the browser', () => {
  it('by painting over a part of it, and by the keyboard alone', async () => {
    const folder = temporaryFolder();
    const workspace = join(folder, 'workspace');
    const common = ['--workspace', workspace, '--json'];
    const dataset = (await imago('sample', '--name', 'Digits', '--images', '60', ...common)).json?.dataset;
    await imago(
      ...['train', '--dataset', String(dataset), '--preset', 'ddpm-28', '--steps', '2', ...common],
      ...['--set', 'sheetSamplingSteps=10', '--set', 'batchSize=4', '--set', 'baseChannels=4'],
    );
    const file = join(folder, 'brought.png');
    const grey = Buffer.from(Array.from({ length: 56 * 56 }, (_, at) => ((at % 56) * 4 + at / 100) % 256));
    await sharp(grey, { raw: { width: 56, height: 56, channels: 1 } })
      .png()
      .toFile(file);

    await using face = await openFace(workspace);
    const { page, complaints } = face;
    await page.evaluate(() => {
      location.hash = '/generate';
    });
    await page.getByTestId('mode-repair').click();
    await page.getByTestId('repair-upload').setInputFiles(file);
    const canvas = page.getByTestId('repair-canvas');
    await canvas.waitFor();
    await page.getByTestId('repair-warning').waitFor();

    // Nothing is hidden: there is nothing to start.
    expect(await page.getByTestId('repair-start').getAttribute('aria-disabled')).toBe('true');
    const box = (await canvas.boundingBox())!;
    const at = (column: number, row: number) =>
      [box.x + ((column + 0.5) * box.width) / 28, box.y + ((row + 0.5) * box.height) / 28] as const;
    await page.mouse.move(...at(6, 14));
    await page.mouse.down();
    await page.mouse.move(...at(20, 14), { steps: 4 });
    await page.mouse.up();
    const shareOf = () => page.getByTestId('repair-hidden').textContent();
    const painted = await shareOf();
    expect(painted).toMatch(/[1-9]\d?%/);
    await page.mouse.click(...at(3, 3));
    expect(await shareOf()).not.toBe(painted);
    await page.getByTestId('repair-undo').click();
    expect(await shareOf()).toBe(painted);

    await page.getByTestId('generate-sampling').locator('summary').click();
    for (const [key, value] of [
      ['samplingSteps', '10'],
      ['resamplings', '1'],
    ] as const) {
      const field = page.getByTestId(`sampling-${key}`).locator('input');
      await field.fill(value);
      await field.press('Enter');
    }
    await page.getByTestId('generate-count').locator('input').fill('2');
    await page.getByTestId('generate-count').locator('input').press('Enter');
    await page.getByTestId('repair-start').click();
    await untilLanded(page, 2);

    const input = await decoded(page, `/media/input/${queryOf(page, 'input')}`);
    const mask = await decoded(page, `/media/input/${queryOf(page, 'hides')}`);
    const after = await page.getByTestId('repair-after').getAttribute('src');
    const made = await decoded(page, after!);
    expect(made).toHaveLength(28 * 28);
    const places = [...mask.keys()];
    expect(mask[14 * 28 + 12]).toBe(255);
    expect(mask[3 * 28 + 3]).toBe(0);
    expect(places.filter((place) => mask[place] === 0 && made[place] !== input[place])).toEqual([]);
    const hidden = places.filter((place) => mask[place] === 255);
    expect(hidden.filter((place) => made[place] !== input[place]).length).toBeGreaterThan(hidden.length / 2);

    // What is on the screen stands in its address.
    const grid = page.getByRole('grid');
    await grid.focus();
    await page.keyboard.press('k');
    await expect.poll(() => page.getByTestId('repair-star').getAttribute('aria-pressed')).toBe('true');
    await page.reload();
    await untilLanded(page, 2);
    expect(await shareOf()).toBe(painted);
    expect(await page.getByTestId('repair-after').getAttribute('src')).toBe(after);

    // Without a pointer: a rectangle in numbers, then the lower part by its slider.
    await page.getByTestId('repair-clear').press('Enter');
    for (const [side, value] of Object.entries({ left: '2', top: '3', widthPx: '7', heightPx: '8' })) {
      const field = page.getByTestId(`repair-box-${side}`).locator('input');
      await field.fill(value);
      await field.press('Enter');
    }
    await page.getByTestId('repair-box-hide').press('Enter');
    expect(await shareOf()).toContain('7%');
    await page.getByTestId('repair-lower').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('PageDown');
    await page.getByTestId('repair-start').press('Enter');
    await untilLanded(page, 2);
    expect(complaints.lines).toEqual([]);
  });
});
