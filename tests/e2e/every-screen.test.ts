import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { faceMissing, openFace, wantedFace } from '../helpers/face.ts';
import { imago } from '../helpers/command-line.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const missing = faceMissing();

/** Chinese, and the few Latin words that stand in Chinese sentences of the field. */
const hasChinese = (text: string) => /\p{Script=Han}/u.test(text);

describe.skipIf(missing !== null || wantedFace === 'desktop')('every screen', () => {
  it('is free of accessibility violations, in both themes and both languages, at two sizes', async () => {
    const workspace = join(temporaryFolder(), 'workspace');
    const common = ['--workspace', workspace, '--json'];
    const dataset = (await imago('sample', '--name', 'Digits', '--images', '80', ...common)).json?.dataset;
    await imago('clean', String(dataset), ...common);
    const trained = await imago(
      ...['train', '--dataset', String(dataset), '--preset', 'mlp-gan-28', '--steps', '40', ...common],
      ...['--set', 'sampleEverySteps=10', '--set', 'batchSize=16'],
    );
    const run = String(trained.json?.run);
    await imago('generate', '--run', run, '--count', '20', '--seed', '1', ...common);
    const repairing = await imago(
      ...['train', '--dataset', String(dataset), '--preset', 'ddpm-28', '--steps', '2', ...common],
      ...['--set', 'sheetSamplingSteps=10', '--set', 'batchSize=4', '--set', 'baseChannels=4'],
    );
    const repairRun = String(repairing.json?.run);
    const image = (
      (await imago('generate', '--run', run, '--count', '1', '--seed', '1', ...common)).json
        ?.images as string[]
    )[0];
    const from = encodeURIComponent(JSON.stringify({ kind: 'image', imageId: image }));

    const screens = [
      '/',
      '/new',
      '/data',
      `/data/${String(dataset)}`,
      `/data/${String(dataset)}?tab=sources`,
      `/data/${String(dataset)}?tab=review`,
      `/data/${String(dataset)}?tab=map`,
      `/data/${String(dataset)}?tab=prepare`,
      `/data/${String(dataset)}?tab=versions`,
      `/data/${String(dataset)}?tab=augmentation`,
      '/runs',
      `/runs/${run}`,
      `/runs/${run}?tab=settings`,
      `/runs/${run}?tab=lineage`,
      `/generate?run=${run}`,
      '/repair',
      `/repair?run=${repairRun}&from=${from}`,
      '/gallery',
      `/export?run=${run}`,
      '/settings',
    ];
    const looks = [
      { theme: 'dark', language: 'en-US', widthPx: 1280, heightPx: 800 },
      { theme: 'light', language: 'zh-CN', widthPx: 1680, heightPx: 1050 },
    ] as const;
    const violations: string[] = [];
    for (const look of looks) {
      await using face = await openFace(workspace, look);
      const { page, complaints } = face;
      for (const screen of screens) {
        await page.evaluate((address) => {
          location.hash = address;
        }, screen);
        await shown(page, screen);
        await page.evaluate(axeSource);
        const found = await page.evaluate(async () => {
          const axe = (globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } })
            .axe;
          return (await axe.run()).violations;
        });
        for (const { id, nodes } of found) {
          violations.push(`${screen} (${look.theme}): ${id}: ${nodes[0]?.html.slice(0, 160)}`);
        }
        const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
        expect({ screen, overflowsSideways: scrollWidth > clientWidth }).toEqual({
          screen,
          overflowsSideways: false,
        });
        if (look.language === 'zh-CN') {
          const heading = await page.getByRole('heading', { level: 1 }).first().textContent();
          const main = (await page.getByRole('main').textContent()) ?? '';
          expect({ screen, chinese: hasChinese(`${heading ?? ''}${main}`) }).toEqual({
            screen,
            chinese: true,
          });
        }
      }
      expect(complaints.lines).toEqual([]);
    }
    expect(violations).toEqual([]);
  });
});

/** Waits until a screen stands with what it had to fetch: half of it would hide what is wrong with the rest. */
async function shown(page: Page, screen: string): Promise<void> {
  const path = screen.split('?')[0] ?? screen;
  await page.locator(`main[data-screen="${path}"] h1`).first().waitFor();
  await page.waitForFunction(() => !document.querySelector('main [data-loading]'));
  await page.waitForLoadState('networkidle');
}

interface AxeViolation {
  id: string;
  nodes: { html: string }[];
}
