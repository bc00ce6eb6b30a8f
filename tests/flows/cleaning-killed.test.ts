import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src-main/store/database.ts';
import { findNodeRuntime } from '../../src-main/workspace/node-runtime.mjs';
import { randomFrom } from '../helpers/drawn-pictures.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Every other process has the engine learn from the set, which takes longer. */
const longestMs = { learn: 4000, plain: 700 };
const kills = Number(process.env.IMAGO_KILLS ?? 6);

it(
  'A process that is killed at any moment of a review leaves a store that opens and goes on',
  async () => {
    const workspace = join(temporaryFolder(), 'workspace');
    const first = await studioForTest(workspace);
    const { datasetId } = await sampleDataset(first, 300);
    await first.close();
    const random = randomFrom(11);
    let killed = 0;
    for (let round = 0; round < kills; round += 1) {
      const part = round % 2 === 1 ? 'learn' : 'plain';
      const child = fork(
        join(import.meta.dirname, '../helpers/reviewing-process.ts'),
        [workspace, datasetId, part],
        { execPath: findNodeRuntime(), stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
      );
      await once(child, 'message');
      const ended = once(child, 'exit');
      const timer = setTimeout(() => child.kill('SIGKILL'), random() * longestMs[part]);
      const [, signal] = (await ended) as [number | null, string | null];
      clearTimeout(timer);
      if (signal === 'SIGKILL') killed += 1;
      const database = openDatabase(join(workspace, 'studio.db'));
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(database.pragma('foreign_key_check')).toEqual([]);
      database.close();
    }
    expect(killed).toBeGreaterThan(0);
    const studio = await studioForTest(workspace);
    const overview = await studio.cleaning.start(datasetId, false).finished;
    expect(overview).toMatchObject({ measured: 300, complete: true });
    // Each round accepted and took back: the facts agree with the decisions that stand.
    const accepted = overview.counts.reduce((sum, count) => sum + count.accepted, 0);
    if (overview.lastDecision === null) expect(accepted).toBe(0);
    expect(overview.excluded).toBe(accepted);
    // A decision stands as a whole or not at all.
    for (let undone = overview; undone.lastDecision !== null;) undone = await studio.cleaning.undo(datasetId);
    const { excluded, counts } = studio.cleaning.overview(datasetId);
    expect(excluded).toBe(0);
    expect(counts.every((count) => count.accepted === 0)).toBe(true);
  },
  120_000 + kills * 15_000,
);
