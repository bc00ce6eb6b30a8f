import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src-main/store/database.ts';
import { createDatasets } from '../../src-main/studio/datasets.ts';
import { createJobs } from '../../src-main/studio/jobs.ts';
import { reconcile } from '../../src-main/studio/reconcile.ts';
import { openWorkspace } from '../../src-main/workspace/workspace.ts';
import { openDatasetStation } from '../fixtures/dataset-station.ts';
import { pngOf } from '../fixtures/pictures.ts';

/** How often the building is killed; the full number takes minutes. */
const kills = Number(process.env.IMAGO_KILLS ?? 5);

test(
  `a version building killed ${kills} times leaves a store that opens, agrees with the disk and goes on`,
  async () => {
    const station = await openDatasetStation();
    for (let at = 0; at < 40; at += 1) await station.put({ [`${at}.png`]: await pngOf(at, 80) });
    const dataset = await station.import();
    const { folder } = station.workspace;
    station.database.close();
    await station.workspace.close();

    const builder = join(import.meta.dirname, '../helpers/version-builder.ts');
    let built = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const child = spawn(process.execPath, [builder, folder, dataset.id, String(1 + kill * 1000)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 800));
      child.kill('SIGKILL');
      await once(child, 'exit');

      const workspace = await openWorkspace(folder, { create: false });
      const database = openDatabase(workspace.databaseFile);
      try {
        expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
        expect(database.pragma('foreign_key_check')).toEqual([]);
        const datasets = createDatasets({ database, workspace, jobs: createJobs() });
        await datasets.recover();
        const notices = await reconcile(database, workspace);
        // A folder that was moved to its place a moment before its row was due may have gone to the trash.
        expect(
          notices.filter((notice) => !/dataset versions on the disk that no record knows/.test(notice)),
        ).toEqual([]);
        const { versions } = datasets.get(dataset.id);
        for (const version of versions) {
          const part = (name: string) =>
            readFile(join(workspace.versionFolder(dataset.id, version.version), name));
          const hash = createHash('sha256')
            .update(await part('images.u8'))
            .update(await part('labels.i32'));
          if (version.paired) hash.update(await part('inputs.u8'));
          expect(hash.digest('hex')).toBe(version.hash);
        }
        built = versions.length;
        const next = await datasets.buildVersion(dataset.id, {
          ...{ sizePx: 28, channels: 1, labelMode: 'none', seed: 500_000 + kill },
        }).finished;
        expect(next.version).toBe((versions.at(-1)?.version ?? 0) + 1);
      } finally {
        database.close();
        await workspace.close();
      }
    }
    await rm(dirname(folder), { recursive: true, force: true });
    console.info(`${kills} kills, ${built} versions at the end, every one whole.`);
  },
  60_000 + kills * 20_000,
);
