import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { counting, npyBytes } from '../fixtures/array-bytes.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { faceMissing, openFace } from '../helpers/face.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describe.skipIf(faceMissing() !== null)('pictures from elsewhere', () => {
  it('an array is asked about, and a list of addresses is added to the same dataset', async () => {
    const folder = temporaryFolder();
    const cube = join(folder, 'cube.npy');
    writeFileSync(cube, npyBytes(counting(28 ** 3), [28, 28, 28]));
    const pictures = [await pngOf(1), await pngOf(2)];
    const server = createServer((request, response) => {
      const picture = pictures[Number(request.url?.slice(1))];
      if (picture) response.end(picture);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    onTestFinished(() => void server.close());
    const address = server.address();
    const at = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;

    await using face = await openFace(join(folder, 'workspace'));
    const { page, complaints } = face;
    const look = async (name: string) => {
      const shots = process.env['IMAGO_SCREENSHOTS'];
      if (!shots) return;
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    };
    await page.evaluate(() => {
      location.hash = '/new';
    });
    await page.getByTestId('wizard-name').fill('Cube');
    await page.getByTestId('wizard-next').click();
    await page.getByTestId('source-path').fill(cube);
    await page.getByTestId('source-path-import').click();
    await page.getByTestId('array-form').waitFor();
    await expect.poll(() => page.getByTestId('array-layout').inputValue()).toBe('NHW');
    await look('array-asked');
    await page.getByTestId('array-layout').selectOption('HWN');
    await page.getByTestId('take-array').click();
    await expect
      .poll(() => page.getByTestId('import-count').first().textContent(), { timeout: 60_000 })
      .toMatch(/\b28\b/);

    await page.evaluate(() => {
      location.hash = '/data';
    });
    await page.getByTestId('dataset').first().click();
    await page.getByTestId('data-tab-sources').click();
    await page.getByTestId('urls').fill(`${at}/0\n${at}/1\n${at}/2`);
    await page.locator('summary').last().click();
    await page.getByTestId('allow-private').check();
    await look('urls');
    await page.getByTestId('take-urls').click();
    await page.getByText('127.0.0.1').first().waitFor({ timeout: 60_000 });
    await look('added');
    await page.getByTestId('from-postgresql').locator('..').click();
    await page.getByTestId('query-database').fill('postgresql://me:secret@127.0.0.1:1/none');
    await page.getByTestId('query-sql').fill('SELECT image FROM photo');
    await page.getByTestId('take-query').click();
    await page.getByRole('alert').first().waitFor();
    expect(await page.getByRole('alert').first().textContent()).not.toContain('secret');
    await look('refused');
    expect(complaints.lines).toEqual([]);
  });
});
