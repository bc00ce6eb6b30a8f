import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imago } from '../helpers/command-line.ts';
import { faceMissing, openFace, wantedFace } from '../helpers/face.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const missing = faceMissing();

/** Wide: red on the left, blue on the right; so that a crop has something to decide. */
const halves = (height: number) =>
  sharp({ create: { width: 120, height, channels: 3, background: '#0000ff' } })
    .composite([
      {
        input: { create: { width: 60, height, channels: 3, background: '#ff0000' } },
        left: 0,
        top: 0,
      },
    ])
    .png();

/** The colour in the middle of the first preview, as the browser shows it. */
const middleColour = (page: Page) =>
  page
    .getByTestId('prepare-preview')
    .first()
    .evaluate((image: HTMLImageElement) => {
      const canvas = document.createElement('canvas');
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      const context = canvas.getContext('2d')!;
      context.drawImage(image, 0, 0);
      const [x, y] = [Math.floor(canvas.width * 0.9), Math.floor(canvas.height / 2)];
      return [...context.getImageData(x, y, 1, 1).data.subarray(0, 3)].join();
    });

describe.skipIf(missing !== null || wantedFace === 'desktop')('a version is prepared in the browser', () => {
  it('shows what a recipe does, makes it, compares it and goes back', async () => {
    const folder = temporaryFolder();
    for (const label of ['one', 'two']) {
      await mkdir(join(folder, 'pictures', label), { recursive: true });
      for (let index = 0; index < 12; index++) {
        await halves(40 + index).toFile(join(folder, 'pictures', label, `${index}.png`));
      }
    }
    const workspace = join(folder, 'workspace');
    const imported = await imago(
      ...[
        'import',
        join(folder, 'pictures'),
        '--name',
        'Halves',
        '--size',
        '32',
        '--workspace',
        workspace,
        '--json',
      ],
    );
    const dataset = String(imported.json?.dataset);
    await using face = await openFace(workspace);
    const { page, complaints } = face;
    await page.evaluate((id) => {
      location.hash = `/data/${id}?tab=prepare`;
    }, dataset);

    await page.getByTestId('prepare-preview').first().waitFor();
    await expect.poll(() => middleColour(page)).toBe('0,0,255');
    await page
      .getByTestId('prepare-original')
      .first()
      .click({ position: { x: 4, y: 20 } });
    await expect.poll(() => middleColour(page)).toBe('255,0,0');
    await page.getByTestId('prepare-original').first().press('Delete');
    await expect.poll(() => middleColour(page)).toBe('0,0,255');
    await page.getByTestId('prepare-original').first().press('ArrowLeft');

    await page.getByTestId('prepare-held-out').fill('0.25');
    await page.getByTestId('prepare-pairing').selectOption('edges');
    await expect.poll(() => page.getByTestId('prepare-outline-heldOut').textContent()).toBe('6');
    await page.getByTestId('prepare-make').click();
    await page.getByTestId('prepare-made').waitFor();

    await page.getByTestId('data-tab-versions').click();
    await expect.poll(() => page.getByTestId('version').count()).toBe(2);
    await expect.poll(() => page.getByTestId('difference').count()).toBe(24);
    await page.getByTestId('make-current-1').click();
    await expect
      .poll(() => page.getByTestId('version').nth(1).getByTestId('version-current').count())
      .toBe(1);
    await page.reload();
    await expect
      .poll(() => page.getByTestId('version').nth(1).getByTestId('version-current').count())
      .toBe(1);
    expect(complaints.lines).toEqual([]);
  });
});
