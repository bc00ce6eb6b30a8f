import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faceMissing, openFace } from '../helpers/face.ts';
import { noGraphics, setEnvironment } from '../helpers/software-graphics.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describe.skipIf(faceMissing() !== null)('the settings', () => {
  it('show what the machine can train on, look again, and pin one for good', async () => {
    setEnvironment(noGraphics);
    await using face = await openFace(join(temporaryFolder(), 'workspace'));
    const { page, complaints } = face;
    const open = () =>
      page.evaluate(() => {
        location.hash = '/settings';
      });
    await open();
    const row = (id: string) => page.getByTestId(`backend-row-${id}`);
    await row('wasm').getByText('Not looked at yet').waitFor();

    await page.getByTestId('backends-probe').click();
    await row('wasm').getByText('CPU, wasm SIMD').waitFor();
    await expect.poll(() => row('cpu').textContent()).toMatch(/plain JavaScript.*[\d.]+ ms.*now/);
    expect(await row('wasm').getByRole('rowheader').textContent()).toContain('in use');
    expect(await row('webgpu').textContent()).toMatch(/Install|Update/);
    expect(await row('tensorflow').textContent()).toContain('imago backends install tensorflow');

    await page.getByTestId('backend-webgpu').check({ force: true });
    await page.getByRole('alert').getByText('“webgpu” is pinned and not there').waitFor();
    await page.getByTestId('backend-cpu').check({ force: true });
    await expect.poll(() => row('cpu').getByRole('rowheader').textContent()).toContain('in use');
    await page.reload();
    await page.getByRole('main').waitFor();
    await open();
    await expect.poll(() => page.getByTestId('backend-cpu').isChecked()).toBe(true);
    expect(complaints.lines).toEqual([]);
  });
});
