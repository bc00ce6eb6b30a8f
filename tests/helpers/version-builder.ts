import { openDatabase } from '../../src-main/store/database.ts';
import { createDatasets } from '../../src-main/studio/datasets.ts';
import { createJobs } from '../../src-main/studio/jobs.ts';
import { openWorkspace } from '../../src-main/workspace/workspace.ts';

/*
 * Builds one version after the other until it is killed: `node version-builder.ts WORKSPACE DATASET SEED`. Every
 * recipe differs from the one before in its seed alone, so that some rows are made anew and some are taken over.
 */
const [folder = '', datasetId = '', firstSeed = '1'] = process.argv.slice(2);
const workspace = await openWorkspace(folder, { create: false });
const database = openDatabase(workspace.databaseFile);
const datasets = createDatasets({ database, workspace, jobs: createJobs() });
console.log('ready');
for (let seed = Number(firstSeed); ; seed += 1) {
  const pairing = { kind: 'holes', share: 0.25 } as const;
  const recipe = { sizePx: 64, channels: 3, labelMode: 'none', heldOutShare: 0.1, seed } as const;
  await datasets.buildVersion(datasetId, seed % 2 === 0 ? recipe : { ...recipe, pairing }).finished;
}
