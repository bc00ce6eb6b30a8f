import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src-main/store/database.ts';
import { findNodeRuntime } from '../../src-main/workspace/node-runtime.mjs';
import { randomFrom } from '../helpers/drawn-pictures.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const kills = 6;

it('A process that is killed at any moment of a review leaves a store that opens and goes on', async () => {
  const workspace = join(temporaryFolder(), 'workspace');
  const first = await studioForTest(workspace);
  const { datasetId } = await sampleDataset(first, 300);
  await first.close();
  const random = randomFrom(11);
  let killed = 0;
  for (let round = 0; round < kills; round += 1) {
    const child = fork(join(import.meta.dirname, '../helpers/reviewing-process.ts'), [workspace, datasetId], {
      execPath: findNodeRuntime(),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), random() * 700);
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
  if (overview.lastDecision === null) expect(overview.excluded).toBe(0);
  else expect(accepted).toBeGreaterThan(0);
});
