import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openZip } from '../../src-main/imaging/zip.ts';
import { projectFolder } from '../../src-main/workspace/node-runtime.mjs';
import { enginesOf } from '../helpers/engines.ts';
import { faceMissing, openFace } from '../helpers/face.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Pictures of the journey, for whoever wants to look; the README shows two of them. */
async function photograph(page: Page, name: string): Promise<void> {
  const folder = join(projectFolder, 'out', 'screenshots');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

const runState = (page: Page, state: string, timeoutMs = 60_000) =>
  page.locator(`[data-testid="run-state"][data-state="${state}"]`).first().waitFor({ timeout: timeoutMs });

const stepOf = async (page: Page) =>
  Number(await page.getByTestId('run-step').first().getAttribute('data-step'));

const untilStep = (page: Page, step: number, timeoutMs = 120_000) =>
  expect.poll(() => stepOf(page), { timeout: timeoutMs, interval: 200 }).toBeGreaterThanOrEqual(step);

/** For the pictures in the README: lets the journey's run train on to this step before it is photographed. */
const photographAtStep = Number(process.env['IMAGO_PHOTOGRAPH_AT_STEP'] ?? 0);

const missing = faceMissing();
if (missing) console.warn(`SKIPPED: the journeys need a face that is not here: ${missing}`);

describe.skipIf(missing !== null)('a newcomer', () => {
  it('goes from an empty workspace to an exported ZIP, and loses nothing to a killed engine', async () => {
    const folder = temporaryFolder();
    await using face = await openFace(join(folder, 'workspace'));
    const { page, complaints } = face;
    let clicks = 0;
    const click = async (testId: string) => {
      clicks++;
      await page.getByTestId(testId).first().click();
    };

    await photograph(page, 'home-empty');
    await click('try-sample');
    await page.getByTestId('wizard-start').waitFor();
    await photograph(page, 'wizard');
    await click('wizard-start');
    await page.getByTestId('sample-sheet').waitFor({ timeout: 60_000 });
    expect(clicks).toBeLessThanOrEqual(4);
    await runState(page, 'running');
    await untilStep(page, 5);

    await click('run-save');
    await page.getByTestId('run-generate').waitFor({ timeout: 60_000 });
    const savedAt = await stepOf(page);
    await untilStep(page, savedAt + 5);
    if (face.studio && process.platform === 'linux') {
      // The trial behind the estimate may still be at it.
      await expect.poll(() => enginesOf(face.studio!.pid).length, { timeout: 60_000 }).toBe(1);
      const [engine] = enginesOf(face.studio.pid);
      process.kill(engine, 'SIGKILL');
      await expect
        .poll(() => enginesOf(face.studio!.pid).some((pid) => pid !== engine), { timeout: 60_000 })
        .toBe(true);
      await runState(page, 'running');
      await untilStep(page, savedAt + 10);
      await click('run-tab-log');
      await page
        .getByText(/SIGKILL/)
        .first()
        .waitFor();
      await click('run-tab-overview');
    }

    await click('run-pause');
    await runState(page, 'paused');
    const pausedAt = await stepOf(page);
    await page.reload();
    await runState(page, 'paused');
    expect(await stepOf(page)).toBe(pausedAt);
    await click('run-resume');
    await runState(page, 'running');
    await untilStep(page, pausedAt + 1);
    await untilStep(page, photographAtStep, 580_000);
    await click('run-sample');
    await photograph(page, 'run');
    await click('run-stop');
    await runState(page, 'stopped');

    await click('run-generate');
    await page.getByTestId('generate-count').locator('input').fill('12');
    await page.getByTestId('generate-seed').locator('input').fill('5');
    await click('generate-start');
    await page.locator('[data-testid="generate-landed"][data-landed="12"]').waitFor({ timeout: 60_000 });

    await page.getByTestId('rail-gallery').click();
    const items = page.locator('[data-testid="gallery-item"][data-image-id]');
    await expect.poll(() => items.count()).toBe(12);
    // What is seen is looked at: the pictures are decoded and differ from each other.
    await expect
      .poll(() =>
        page.evaluate(() => {
          const prints = new Set<string>();
          for (const image of document.querySelectorAll<HTMLImageElement>(
            '[data-testid="gallery-item"] img',
          )) {
            if (!image.complete || image.naturalWidth !== 28) continue;
            const canvas = document.createElement('canvas');
            canvas.width = canvas.height = 28;
            const context = canvas.getContext('2d')!;
            context.drawImage(image, 0, 0);
            prints.add(context.getImageData(0, 0, 28, 28).data.join());
          }
          return prints.size;
        }),
      )
      .toBe(12);
    await items.nth(3).getByTestId('gallery-star').click();
    await items.nth(0).click();
    await page.keyboard.press('x');
    await expect.poll(() => items.count()).toBe(11);
    await page.getByTestId('toast-undo').click();
    await expect.poll(() => items.count()).toBe(12);
    await page.getByTestId('gallery-filter-starred').click();
    await expect.poll(() => items.count()).toBe(1);
    await page.getByTestId('gallery-filter-starred').click();
    await expect.poll(() => items.count()).toBe(12);
    await photograph(page, 'gallery');

    await page.getByTestId('gallery-export').first().click();
    const target = join(folder, 'digits.zip');
    await page.getByTestId('export-format-zip').check({ force: true });
    await page.getByTestId('export-path').fill(target);
    await page.getByTestId('export-tree').waitFor();
    await photograph(page, 'export');
    await page.getByTestId('export-start').click();
    await page.getByTestId('export-done').waitFor({ timeout: 60_000 });
    expect(existsSync(target)).toBe(true);

    const zip = await openZip(target);
    const read = async (name: string) => zip.entries.find((entry) => entry.name === name)!.read();
    const manifest = JSON.parse((await read('manifest.json')).toString()) as {
      images: { file: string; sha256: string; seed: number }[];
    };
    expect(manifest.images.map(({ seed }) => seed).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, index) => 5 + index),
    );
    const pixels = new Set<string>();
    for (const { file, sha256 } of manifest.images) {
      const bytes = await read(file);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 28, height: 28 });
      pixels.add(data.toString('base64'));
    }
    expect(pixels.size).toBe(12);
    zip.close();
    expect(complaints.lines).toEqual([]);
  });

  it('brings pictures of their own by path, sees the broken one named, and goes on', async () => {
    const folder = temporaryFolder();
    const pictures = join(folder, 'my pictures');
    for (const [label, hue] of [
      ['apples', 10],
      ['leaves', 120],
    ] as const) {
      await mkdir(join(pictures, label), { recursive: true });
      for (let index = 0; index < 20; index++) {
        const background = { r: hue + index, g: 90 + index * 2, b: 200 - index * 5 };
        await sharp({ create: { width: 40 + index, height: 48, channels: 3, background } })
          .png()
          .toFile(join(pictures, label, `${index}.png`));
      }
    }
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(pictures, 'apples', 'broken.png'), 'this is text');

    await using face = await openFace(join(folder, 'workspace'));
    const { page, complaints } = face;
    await page.getByTestId('use-pictures').first().click();
    await page.getByTestId('wizard-name').fill('Fruit');
    await page.getByTestId('wizard-next').click();
    await page.getByTestId('source-path').fill(pictures);
    await page.getByTestId('source-path-import').click();
    await page.getByTestId('contact-sheet').waitFor();
    await expect.poll(() => page.getByTestId('import-count').first().textContent()).toContain('40');
    await page.getByTestId('quarantine-toggle').first().click();
    await page.getByText('broken.png').first().waitFor();
    await photograph(page, 'wizard-data');
    await page.getByTestId('wizard-next').click();
    await page.getByTestId('wizard-next').click();
    await photograph(page, 'wizard-training');
    await page.getByTestId('wizard-back').click();
    await page.getByTestId('wizard-back').click();
    await page.getByTestId('contact-sheet').waitFor();
    expect(complaints.lines).toEqual([]);
  });
});
