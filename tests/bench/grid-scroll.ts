/** The sheet of a hundred thousand pictures in a real browser: for how long is a place in sight without its picture? */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedData } from '../fixtures/shared-data.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { findBrowser } from '../helpers/find-browser.ts';
import { startStudioProcess } from '../helpers/studio-process.ts';
import type { DatasetFigure } from './dataset-figure.ts';
import { makeLargeDataset } from './large-dataset.ts';

const count = 100_000;

/** Runs in the page: looks at each frame until it is asked what it saw. */
const watchInPage = `(() => {
  const since = new Map();
  const seen = { longestCellMs: 0, longestBlankMs: 0, longestElsewhereMs: 0, frames: 0, longestFrameMs: 0, late: 0, places: 0 };
  let top = null;
  let blankSince = null;
  let elsewhereSince = null;
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
    // The names of the pictures tell their places.
    const first = [...sheet.querySelectorAll('.tile')].find((tile) => tile.getBoundingClientRect().bottom > bounds.top);
    const shown = Number(/\\d+(?=\\.png$)/.exec(first?.querySelector('img')?.alt ?? '') ?? NaN);
    const isElsewhere = !(Math.abs(shown - (sheet.scrollTop / sheet.scrollHeight) * ${count}) < 1000) && sheet.scrollTop > 20_000;
    if (elsewhereSince !== null) seen.longestElsewhereMs = Math.max(seen.longestElsewhereMs, now - elsewhereSince);
    elsewhereSince = isElsewhere ? (elsewhereSince ?? now) : null;
    const isBlank = here.size === inSight;
    if (blankSince !== null) seen.longestBlankMs = Math.max(seen.longestBlankMs, now - blankSince);
    blankSince = isBlank ? (blankSince ?? now) : null;
    frame = requestAnimationFrame(look);
  };
  let frame = requestAnimationFrame(look);
  window.stopWatching = () => { cancelAnimationFrame(frame); return seen; };
})()`;

/** Runs in the page: presses a class, and tells after how many milliseconds a row of its pictures was painted. */
const untilFiltered = (name: string) => `new Promise((resolve) => {
  const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent.trim().startsWith('${name}'));
  const from = performance.now();
  button.click();
  const look = () => {
    const first = [...document.querySelectorAll('[data-testid=contact-sheet] .tile')].slice(0, 5);
    const isThere = first.length === 5 && first.every((tile) => {
      const image = tile.querySelector('img');
      return image?.title.includes('${name} ') && image.complete && image.naturalWidth > 0;
    });
    if (isThere) resolve(performance.now() - from);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})`;

interface Seen {
  longestCellMs: number;
  longestBlankMs: number;
  /** For how long pictures of another place were in sight, or none. */
  longestElsewhereMs: number;
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
          found: `${seen.longestCellMs.toFixed(0)} ms; pictures of another place ${seen.longestElsewhereMs.toFixed(0)} ms; longest frame ${seen.longestFrameMs.toFixed(0)} ms of ${seen.frames}, ${seen.places} of them moved, ${seen.late} places late`,
          aim: '',
        },
      ];
    };
    const filtered = async (name: string): Promise<DatasetFigure[]> => {
      // The keys have chosen pictures on their way, whose facts stand where the classes do otherwise.
      await page.keyboard.press('Escape');
      await page.waitForTimeout(1000);
      const ms = await page.evaluate<number>(untilFiltered(name));
      const load = loadavg()[0]!.toFixed(0);
      return [
        {
          what: `the sheet of 100 000 pictures, filtered by ${name}: until its first pictures are in sight`,
          found: `${ms.toFixed(0)} ms, at a load of ${load}`,
          aim: '≤ 100 ms',
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
      // As the thumb of the scroll bar is dragged: to places all over the sheet, each looked at for a moment.
      ...(await watched('by far jumps of the scroll bar', async () => {
        for (const share of [0.5, 0.1, 0.9, 0.33, 0.72, 0.05, 0.61, 0.97, 0.21, 0.84]) {
          await sheet.evaluate((element, at) => {
            element.scrollTop = at * element.scrollHeight;
          }, share);
          await page.waitForTimeout(500);
        }
      })),
      ...(await watched('by a drag of the scroll bar through all of it', async () => {
        for (let at = 0; at <= 60; at += 1) {
          await sheet.evaluate((element, share) => {
            element.scrollTop = share * element.scrollHeight;
          }, at / 60);
          await page.waitForTimeout(30);
        }
      })),
      ...(await watched('by the keys End and Home', async () => {
        await sheet.focus();
        for (const key of ['Home', 'End', 'Home', 'End', 'Home']) {
          await page.keyboard.press(key);
          await page.waitForTimeout(600);
        }
      })),
      ...(await filtered('class 3')),
      ...(await filtered('class 7')),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
