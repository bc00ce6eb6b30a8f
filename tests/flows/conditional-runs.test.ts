import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { sampleDataset, smallRun, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

it('a conditional run learns the classes of its dataset and draws the one that is asked for', async () => {
  const studio = await studioForTest();
  const dataset = await sampleDataset(studio);
  const run = await studio.runs.create({
    projectId: dataset.projectId,
    datasetId: dataset.datasetId,
    version: dataset.version.version,
    presetId: 'cgan-28',
    settings: { batchSize: 8, baseChannels: 4, latentSize: 8 },
    seed: 7,
    stop: { kind: 'steps', steps: 10 },
  });
  await studio.runs.whenEnded(run.id);
  expect(studio.runs.get(run.id)).toMatchObject({
    state: 'completed',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  });

  const draw = async (classIndex?: number) =>
    (
      await studio.generation.start({
        ...{ runId: run.id, count: 6, seed: 40 },
        ...(classIndex === undefined ? {} : { classIndex }),
      })
    ).finished;
  const [threes, sevens, any] = [await draw(3), await draw(7), await draw()];
  expect(threes.map(({ label }) => label)).toEqual(Array(6).fill('3'));
  expect(sevens.map(({ label }) => label)).toEqual(Array(6).fill('7'));
  // One seed, two classes: two pictures, both kept.
  expect(threes[0]!.seed).toBe(sevens[0]!.seed);
  expect(threes[0]!.sha256).not.toBe(sevens[0]!.sha256);
  expect(new Set([...threes, ...sevens].map(({ id }) => id)).size).toBe(12);
  // Left to the seeds, the classes differ, and are the same the next time.
  expect(new Set(any.map(({ label }) => label)).size).toBeGreaterThan(1);
  expect((await draw()).map(({ label }) => label)).toEqual(any.map(({ label }) => label));

  const { image, provenance } = studio.gallery.get(threes[0]!.id);
  expect(provenance).toMatchObject({ seed: 40, label: '3' });
  expect(readProvenance(await studio.gallery.read(image))).toEqual(provenance);

  const target = join(temporaryFolder(), 'set');
  const { finished } = await studio.exports.start({
    selection: { kind: 'ids', imageIds: threes.map(({ id }) => id) },
    path: target,
    format: 'folder',
    embedProvenance: true,
  });
  await finished;
  const lines = readFileSync(join(target, 'metadata.jsonl'), 'utf8').trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { label: string }).label)).toEqual(Array(6).fill('3'));

  await expect(
    studio.generation.start({ runId: run.id, count: 1, seed: 1, classIndex: 10 }),
  ).rejects.toMatchObject({
    code: 'class-unknown',
  });
}, 120_000);

it('classes are refused where there are none: of the dataset, or of the run', async () => {
  const studio = await studioForTest();
  const dataset = await sampleDataset(studio);
  const version = await studio.datasets.buildVersion(dataset.datasetId, {
    sizePx: 28,
    channels: 1,
    background: '#ffffff',
    labelMode: 'none',
  }).finished;
  await expect(
    studio.runs.create({
      projectId: dataset.projectId,
      datasetId: dataset.datasetId,
      version: version.version,
      presetId: 'cgan-28',
    }),
  ).rejects.toMatchObject({ code: 'dataset-does-not-fit', message: expect.stringContaining('no class') });
  const { id: runId } = await smallRun(studio, dataset, { steps: 5 });
  await studio.runs.whenEnded(runId);
  await expect(studio.generation.start({ runId, count: 1, seed: 1, classIndex: 0 })).rejects.toMatchObject({
    code: 'class-unknown',
  });
}, 120_000);
