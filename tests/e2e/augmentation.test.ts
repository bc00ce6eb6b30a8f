import { join } from 'node:path';
import { expect, it } from 'vitest';
import { imago } from '../helpers/command-line.ts';
import { faceMissing, openFace } from '../helpers/face.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

it.skipIf(faceMissing() !== null)(
  'augmentation is seen on the pictures as it is set, and taken along to the training',
  async () => {
    const workspace = join(temporaryFolder(), 'workspace');
    const made = await imago(
      'sample',
      '--name',
      'Digits',
      '--images',
      '60',
      '--workspace',
      workspace,
      '--json',
    );
    const dataset = String(made.json?.dataset);
    await using face = await openFace(workspace);
    const { page, complaints } = face;
    await page.evaluate((address) => {
      location.hash = address;
    }, `/data/${dataset}?tab=augmentation`);

    const sheet = page.getByTestId('augmentation-sheet').locator('img');
    await sheet.waitFor();
    const isLoaded = () =>
      sheet.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 100);
    await expect.poll(isLoaded).toBe(true);
    const first = await sheet.getAttribute('src');

    await page.getByTestId('augment-rotation').locator('input[type=range]').fill('40');
    await expect.poll(() => sheet.getAttribute('src')).not.toBe(first);
    await expect.poll(isLoaded).toBe(true);
    const turned = await sheet.getAttribute('src');
    await page.getByTestId('other-draws').click();
    await expect.poll(() => sheet.getAttribute('src')).not.toBe(turned);

    await page.reload();
    await expect
      .poll(() => page.getByTestId('augment-rotation').locator('input[type=range]').inputValue())
      .toBe('40');

    await page.getByTestId('train-augmented').click();
    await page.getByTestId('wizard-next').click();
    await page.getByTestId('all-settings').check();
    await expect
      .poll(() => page.getByTestId('setting-rotation').locator('input[type=range]').inputValue())
      .toBe('40');
    // What the pictures will look like stands where the pictures stood.
    await sheet.waitFor();
    await page.getByTestId('setting-rotation').locator('input[type=range]').fill('0');
    await sheet.waitFor({ state: 'detached' });
    expect(complaints.lines).toEqual([]);
  },
);
