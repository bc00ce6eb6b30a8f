/** Reviews a dataset again and again, accepting and taking back, until it is killed: `reviewing-process.ts WORKSPACE DATASET [learn]`. */
import { openStudio } from '../../src-main/studio/studio.ts';

const [workspace, datasetId, learn] = process.argv.slice(2);
if (workspace === undefined || datasetId === undefined)
  throw new Error('It takes a workspace and a dataset.');
const studio = await openStudio({
  ...{ workspace, create: false, version: '0.0.0-test', queue: 'own' },
  host: { abilities: { face: 'command-line', nativeDialogs: false, showInFolder: false, upload: false } },
});
process.send?.('open');
const endsAt = Date.now() + 20_000;
for (let round = 0; Date.now() < endsAt; round += 1) {
  await studio.cleaning.start(datasetId, learn === 'learn').finished;
  await studio.cleaning.adjust(datasetId, { nearDistance: 4 + (round % 6), blurSharpness: 400 });
  await studio.cleaning.decide(datasetId, 'accept', { kind: 'near-duplicate' });
  await studio.cleaning.undo(datasetId);
}
await studio.close();
process.exit(0);
