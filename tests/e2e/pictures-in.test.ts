import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { writeZip } from '../../src-main/imaging/zip.ts';
import { sharedData } from '../fixtures/shared-data.ts';
import { faceMissing, openFace, wantedFace } from '../helpers/face.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const missing = faceMissing();

const flatPicture = (index: number) =>
  sharp({ create: { width: 32, height: 32, channels: 3, background: { r: index * 9, g: 120, b: 60 } } })
    .png()
    .toBuffer();

async function openSourceStep(page: Page, name: string): Promise<void> {
  await page.evaluate(() => {
    location.hash = '/new';
  });
  await page.getByTestId('wizard-name').fill(name);
  await page.getByTestId('wizard-next').click();
  await page.getByTestId('source-path').waitFor();
}

const untilImported = async (page: Page, count: RegExp) => {
  await page.getByTestId('contact-sheet').waitFor();
  await expect
    .poll(() => page.getByTestId('import-count').first().textContent(), { timeout: 180_000 })
    .toMatch(count);
};

describe.skipIf(missing !== null || wantedFace === 'desktop')('pictures come in through the browser', () => {
  it('as an uploaded folder with its classes, and as an uploaded ZIP', async () => {
    const folder = temporaryFolder();
    for (const label of ['cats', 'dogs']) {
      await mkdir(join(folder, 'pets', label), { recursive: true });
      for (let index = 0; index < 6; index++) {
        await sharp(await flatPicture(index)).toFile(join(folder, 'pets', label, `${index}.png`));
      }
    }
    const zip = join(folder, 'set.zip');
    const entries = Array.from({ length: 7 }, (_, index) => index);
    await writeZip(
      zip,
      await Promise.all(
        entries.map(async (index) => ({ name: `${index}.png`, bytes: await flatPicture(index) })),
      ),
    );
    await using face = await openFace(join(folder, 'workspace'));
    const { page, complaints } = face;
    await openSourceStep(page, 'Pets');
    await page.getByTestId('upload-folder').setInputFiles(join(folder, 'pets'));
    await untilImported(page, /\b12\b/);
    await page.getByText('cats').first().waitFor();

    await page.evaluate(() => sessionStorage.clear());
    await page.reload();
    await openSourceStep(page, 'Zipped');
    await page.getByTestId('upload-files').setInputFiles(zip);
    await untilImported(page, /\b7\b/);
    expect(complaints.lines).toEqual([]);
  });

  const digits = sharedData('mnist-10k');
  const emoji = sharedData('noto-emoji-72');
  it.skipIf(digits === null || emoji === null)(
    'as real sets: MNIST’s files uploaded, the emoji by their path (needs the shared data)',
    async () => {
      await using face = await openFace(join(temporaryFolder(), 'workspace'));
      const { page, complaints } = face;
      await openSourceStep(page, 'MNIST');
      await page
        .getByTestId('upload-files')
        .setInputFiles(
          ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'].map((name) => join(digits!, name)),
        );
      await untilImported(page, /10,000/);

      await page.evaluate(() => sessionStorage.clear());
      await page.reload();
      await openSourceStep(page, 'Emoji');
      await page.getByTestId('source-path').fill(emoji!);
      await page.getByTestId('source-path-import').click();
      await untilImported(page, /3,845/);
      expect(complaints.lines).toEqual([]);
    },
  );
});
