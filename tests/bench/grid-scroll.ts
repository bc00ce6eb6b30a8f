/** The sheet of a hundred thousand pictures in a real browser: for how long is a place in sight without its picture? */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedData } from '../fixtures/shared-data.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { findBrowser } from '../helpers/find-browser.ts';
import { startStudioProcess } from '../helpers/studio-process.ts';
import type { DatasetFigure } from './datasets.ts';
import { makeLargeDataset } from './large-dataset.ts';

const count = 100_000;

/** Runs in the page: looks at each frame until it is asked what it saw. */
const watchInPage = `(() => {
  const since = new Map();
  const seen = { longestCellMs: 0, longestBlankMs: 0, frames: 0, longestFrameMs: 0, late: 0, places: 0 };
  let top = null;
  let blankSince = null;
  let last = performance.now();
  const isThere = (tile) => { const image = tile.querySelector('img'); return image !== null && image.complete && image.naturalWidth > 0; };
  const look = () => {
    const now = performance.now();
    seen.frames += 1;
    seen.longestFrameMs = Math.max(seen.longestFrameMs, now - last);
    last = now;
    const sheet = document.querySelector('[data-testid=contact-sheet]');
    const bounds = sheet.getBoundingClientRect();
    if (top !== null && top !== sheet.scrollTop) seen.places += 1;
    top = sheet.scrollTop;
    const here = new Set();
    let inSight = 0;
    for (const tile of sheet.querySelectorAll('.tile')) {
      const { top, bottom } = tile.getBoundingClientRect();
      if (bottom <= bounds.top || top >= bounds.bottom) continue;
      inSight += 1;
      if (isThere(tile)) continue;
      here.add(tile);
      if (!since.has(tile)) { since.set(tile, now); seen.late += 1; }
      seen.longestCellMs = Math.max(seen.longestCellMs, now - since.get(tile));
    }
    for (const [tile, from] of since) {
      if (here.has(tile)) continue;
      seen.longestCellMs = Math.max(seen.longestCellMs, now - from);
      since.delete(tile);
    }
    const isBlank = here.size === inSight;
    if (blankSince !== null) seen.longestBlankMs = Math.max(seen.longestBlankMs, now - blankSince);
    blankSince = isBlank ? (blankSince ?? now) : null;
    frame = requestAnimationFrame(look);
  };
  let frame = requestAnimationFrame(look);
  window.stopWatching = () => { cancelAnimationFrame(frame); return seen; };
})()`;

interface Seen {
  longestCellMs: number;
  longestBlankMs: number;
  longestFrameMs: number;
  frames: number;
  /** How many tiles came into sight before their pictures. */
  late: number;
  /** Frames in which the sheet stood elsewhere than in the one before. */
  places: number;
}

export async function benchGridScroll(): Promise<DatasetFigure[]> {
  const source = sharedData('noto-emoji-72');
  if (source === null) return [];
  if (findBrowser() === null) {
    console.info('datasets: grid-scroll is left out, since there is no Chromium. “npm test” installs one.');
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'imago-bench-scroll-'));
  try {
    const workspace = join(folder, 'workspace');
    const { datasetId } = await makeLargeDataset(workspace, source, count);
    await using studio = await startStudioProcess(workspace);
    await using browser = await launchBrowser();
    const { page } = await browser.newPage({ widthPx: 1280, heightPx: 800 });
    await page.goto(studio.address());
    await page.getByRole('main').waitFor();
    await page.evaluate(`location.hash = '/data/${datasetId}'`);
    const sheet = page.getByTestId('contact-sheet');
    await sheet.waitFor();
    await sheet.locator('img').first().waitFor();
    await sheet.hover();
    const watched = async (what: string, move: () => Promise<void>): Promise<DatasetFigure[]> => {
      await page.waitForTimeout(1000);
      await page.evaluate(watchInPage);
      await move();
      await page.waitForTimeout(1500);
      const seen = await page.evaluate<Seen>('window.stopWatching()');
      const load = loadavg()[0]!.toFixed(0);
      return [
        {
          what: `the sheet of 100 000 pictures, ${what}: longest without any picture`,
          found: `${seen.longestBlankMs.toFixed(0)} ms, at a load of ${load}`,
          aim: '≤ 100 ms',
        },
        {
          what: `the same: longest that one place in sight had none`,
          found: `${seen.longestCellMs.toFixed(0)} ms; longest frame ${seen.longestFrameMs.toFixed(0)} ms of ${seen.frames}, ${seen.places} of them moved, ${seen.late} places late`,
          aim: '',
        },
      ];
    };
    return [
      ...(await watched('by the wheel', async () => {
        for (let turn = 0; turn < 100; turn += 1) {
          await page.mouse.wheel(0, 120);
          await page.waitForTimeout(30);
        }
      })),
      ...(await watched('filtered by a class', async () => {
        await page.getByRole('button', { name: /^class 3/ }).click();
      })),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
