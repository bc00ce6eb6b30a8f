import { join } from 'node:path';
import { openDatabase } from '../../src-main/store/database.ts';
import { createDatasets } from '../../src-main/studio/datasets.ts';
import { createJobs } from '../../src-main/studio/jobs.ts';
import { openWorkspace } from '../../src-main/workspace/workspace.ts';

/*
 * Imports until it is killed: `node importer.ts WORKSPACE DATASET PROJECT INCOMING`. By turns it adds a source to the
 * dataset, takes in what is new in its folder, and makes a dataset of its own.
 */
const [folder = '', datasetId = '', projectId = '', incoming = ''] = process.argv.slice(2);
const workspace = await openWorkspace(folder, { create: false });
const database = openDatabase(workspace.databaseFile);
const datasets = createDatasets({ database, workspace, jobs: createJobs() });
await datasets.recover();
console.log('ready');
for (let turn = 0; ; turn += 1) {
  const source = { kind: 'path', path: join(incoming, turn % 2 === 0 ? 'more' : 'set.tar.gz') } as const;
  await (
    await datasets.sources.add(datasetId, source)
  ).finished;
  const [first] = datasets.get(datasetId).sources;
  if (first && (await datasets.sources.newFiles(first.id)).count > 0) {
    await (
      await datasets.sources.addNewFiles(first.id)
    ).finished;
  }
  await (
    await datasets.import(projectId, `Turn ${turn}`, source)
  ).finished;
}
