/** For how long the studio's thread answers nobody while it works: the longest piece of an import, a review, a decision. */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { sharedData } from '../fixtures/shared-data.ts';
import type { DatasetFigure } from './dataset-figure.ts';
import { inSeconds } from './dataset-figure.ts';
import { makeLargeDataset, openBenchStudio } from './large-dataset.ts';

const aim = '≤ 50 ms';
const resolutionMs = 5;

async function longestPause(what: string, work: () => unknown): Promise<DatasetFigure> {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const beganAt = performance.now();
  await work();
  const ms = performance.now() - beganAt;
  // What ended just now is only counted when the loop comes round again.
  await new Promise((resolve) => void setTimeout(resolve, 4 * resolutionMs));
  delay.disable();
  const pause = (ns: number) => Math.max(0, ns / 1e6 - resolutionMs).toFixed(0);
  const load = loadavg()[0]!.toFixed(0);
  return {
    what: `the longest pause of the studio's thread: ${what}`,
    found: `${pause(delay.max)} ms (99.9 %: ${pause(delay.percentile(99.9))} ms), of ${inSeconds(ms)}, at a load of ${load}`,
    aim,
  };
}

export async function benchPauses(): Promise<DatasetFigure[]> {
  const source = sharedData('noto-emoji-72');
  if (source === null) return [];
  const folder = mkdtempSync(join(tmpdir(), 'imago-bench-pauses-'));
  try {
    return [...(await ofEmoji(folder, source)), ...(await ofLarge(folder, source))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ofEmoji(folder: string, source: string): Promise<DatasetFigure[]> {
  const studio = await openBenchStudio(join(folder, 'emoji'));
  try {
    const project = studio.projects.create('Emoji');
    const started = await studio.datasets.import(project.id, 'None', { kind: 'path', path: source });
    const id = started.datasetId;
    const near = { kind: 'near-duplicate' } as const;
    return [
      await longestPause('import of 3 845 emoji', () => started.finished),
      await longestPause('review of 3 845 emoji', () => studio.cleaning.start(id, false).finished),
      await longestPause('all near-duplicates of these accepted', () =>
        studio.cleaning.decide(id, 'accept', near),
      ),
      await longestPause('that taken back', () => studio.cleaning.undo(id)),
    ];
  } finally {
    await studio.close();
  }
}

async function ofLarge(folder: string, source: string): Promise<DatasetFigure[]> {
  const workspace = join(folder, 'large');
  const { datasetId: id } = await makeLargeDataset(workspace, source, 100_000);
  const studio = await openBenchStudio(workspace);
  try {
    return [
      await longestPause('findings among 100 000 pictures', () =>
        studio.cleaning.adjust(id, { blurSharpness: 1000 }),
      ),
      await longestPause('100 000 findings accepted', () =>
        studio.cleaning.decide(id, 'accept', { kind: 'blurred' }),
      ),
      await longestPause('that taken back', () => studio.cleaning.undo(id)),
    ];
  } finally {
    await studio.close();
  }
}
