import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imago } from '../helpers/command-line.ts';
import { faceMissing, openFace, wantedFace } from '../helpers/face.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const missing = faceMissing();

describe.skipIf(missing !== null || wantedFace === 'desktop')('the rights of pictures in the browser', () => {
  it('are shown with where they are from, set for several, given back and undone', async () => {
    const folder = temporaryFolder();
    const workspace = join(folder, 'workspace');
    for (const [at, label] of ['cats', 'dogs'].entries()) {
      await mkdir(join(folder, 'pets', label), { recursive: true });
      for (let index = 0; index < 4; index++) {
        const background = { r: index * 40, g: at * 200, b: 60 };
        await sharp({ create: { width: 32, height: 32, channels: 3, background } })
          .png()
          .toFile(join(folder, 'pets', label, `${index}.png`));
      }
    }
    const words = ['--name', 'Pets', '--licence', 'CC0-1.0', '--workspace', workspace, '--json'];
    const dataset = String((await imago('import', join(folder, 'pets'), ...words)).json?.dataset);

    await using face = await openFace(workspace);
    const { page, complaints } = face;
    await page.evaluate((address) => {
      location.hash = address;
    }, `/data/${dataset}`);
    const sheet = page.getByTestId('contact-sheet');
    const tiles = sheet.getByRole('gridcell');
    await tiles.nth(7).locator('img').waitFor();

    await tiles.nth(0).click();
    const chosen = page.getByTestId('chosen-pictures');
    await chosen.getByText('cats/0.png').waitFor();
    expect(await page.getByTestId('picture-licence').inputValue()).toBe('CC0-1.0');
    await chosen.getByText('Set for its whole source.').first().waitFor();

    // Two more by the keyboard, then terms for the three at once.
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await chosen.getByText('3 pictures chosen').waitFor();
    await page.getByTestId('picture-licence').fill('cc-by-4.0');
    await page.getByTestId('picture-licence').press('Tab');
    await page.getByTestId('picture-back-licence').waitFor();
    expect(await page.getByTestId('picture-licence').inputValue()).toBe('CC-BY-4.0');
    await page.getByTestId('picture-may-train-no').check({ force: true });
    await chosen.getByText('3 of them may not be trained on and never enter a version.').waitFor();

    // The dataset's own terms follow, and where some differ the field says so.
    await sheet.focus();
    await page.keyboard.press('Control+a');
    await chosen.getByText('8 pictures chosen').waitFor();
    expect(await page.getByTestId('picture-licence').getAttribute('placeholder')).toBe('They differ');
    await page.keyboard.press('Escape');
    await page.getByText('CC-BY-4.0 AND CC0-1.0').waitFor();

    await tiles.nth(1).click();
    await page.getByTestId('picture-back-mayTrain').click();
    await page.getByTestId('picture-back-mayTrain').waitFor({ state: 'detached' });
    expect(await page.getByTestId('picture-may-train-unknown').isChecked()).toBe(true);
    await page.getByTestId('picture-undo').click();
    await chosen.getByText('This picture never enters a version.').waitFor();

    await page.getByTestId('picture-label').fill('lions');
    await page.getByTestId('picture-label').press('Tab');
    await page.getByTestId('picture-back-label').waitFor();
    await page.getByTestId('choose-none').click();
    await page.getByRole('button', { name: /lions/ }).waitFor();

    const shown = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    expect(shown).toBe(true);
    expect(complaints.lines).toEqual([]);
  });
});
