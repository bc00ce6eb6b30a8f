import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src-main/store/database.ts';
import { createDatasets } from '../../src-main/studio/datasets.ts';
import { createJobs } from '../../src-main/studio/jobs.ts';
import { reconcile } from '../../src-main/studio/reconcile.ts';
import { openWorkspace } from '../../src-main/workspace/workspace.ts';
import { openDatasetStation } from '../fixtures/dataset-station.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { craftTarGz } from '../fixtures/tar-bytes.ts';

/** How often the import is killed; the full number takes minutes. */
const kills = Number(process.env.IMAGO_KILLS ?? 5);

test(`an import killed ${kills} times leaves a store that opens, agrees with the disk and goes on`, async () => {
  const station = await openDatasetStation();
  const [one, two] = [await pngOf(1, 60), await pngOf(2, 60)];
  const numbered = (number: number) => Buffer.concat([number % 2 ? one : two, Buffer.from(String(number))]);
  await station.put({ 'first/1.png': one, 'first/2.png': two });
  for (let number = 0; number < 600; number += 1)
    await station.put({ [`more/${number}.png`]: numbered(number) });
  const packed = Array.from({ length: 200 }, (_unused, at) => ({
    name: `${at}.png`,
    bytes: numbered(1000 + at),
  }));
  await station.put({ 'set.tar.gz': craftTarGz(packed) });
  const dataset = await station.import(join(station.incoming, 'first'));
  await station.put({ 'first/new/3.png': numbered(5000) });
  const { folder } = station.workspace;
  station.database.close();
  await station.workspace.close();

  const importer = join(import.meta.dirname, '../helpers/importer.ts');
  let whole = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const args = [importer, folder, dataset.id, station.projectId, station.incoming];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 2500));
    child.kill('SIGKILL');
    await once(child, 'exit');

    const workspace = await openWorkspace(folder, { create: false });
    const database = openDatabase(workspace.databaseFile);
    const jobs = createJobs();
    try {
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(database.pragma('foreign_key_check')).toEqual([]);
      const datasets = createDatasets({ database, workspace, jobs });
      await datasets.recover();
      // Files that were moved to their place a moment before their rows were due go to the trash.
      const notices = await reconcile(database, workspace);
      expect(notices.filter((notice) => !/on the disk that no record knows/.test(notice))).toEqual([]);
      expect(await reconcile(database, workspace)).toEqual([]);
      // Whatever is there is whole: a source brought all of its pictures or none.
      for (const { id, sources } of datasets.list()) {
        for (const { importing, kind, location, pictures, quarantined } of sources) {
          const isFirst = location === join(station.incoming, 'first');
          expect({ importing, quarantined }).toEqual({ importing: false, quarantined: 0 });
          expect(isFirst ? [2, 3] : [kind === 'tar' ? 200 : 600]).toContain(pictures);
        }
        const rows = database
          .prepare(
            'SELECT count(DISTINCT ordinal) AS places, count(*) AS pictures FROM picture WHERE dataset_id = ?',
          )
          .get(id);
        const count = sources.reduce((sum, { pictures }) => sum + pictures, 0);
        expect(rows).toEqual({ places: count, pictures: count });
        whole += sources.length;
      }
      const grown = await datasets.sources.add(dataset.id, {
        kind: 'path',
        path: join(station.incoming, 'set.tar.gz'),
      });
      expect((await grown.finished).sources.at(-1)).toMatchObject({ pictures: 200, importing: false });
    } finally {
      await jobs.close();
      database.close();
      await workspace.close();
    }
  }
  await rm(dirname(folder), { recursive: true, force: true });
  console.info(`${kills} kills, ${whole} sources met, every one whole.`);
});
