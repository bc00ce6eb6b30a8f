import { expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/domain/recipes.ts';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';

const recipe: RecipeInput = { sizePx: 28, channels: 1, labelMode: 'none' };

it('a run learns to fill holes from pairs, and draws from the inputs that were held out', async () => {
  const studio = await studioForTest();
  const { datasetId, projectId } = await sampleDataset(studio);
  const version = await studio.datasets.buildVersion(datasetId, {
    ...recipe,
    heldOutShare: 0.1,
    pairing: { kind: 'holes' },
  }).finished;
  const run = await studio.runs.create({
    ...{ projectId, datasetId, version: version.version, presetId: 'pix2pix-28', seed: 7 },
    settings: { batchSize: 8, baseChannels: 4 },
    stop: { kind: 'steps', steps: 10 },
  });
  await studio.runs.whenEnded(run.id);
  const ended = studio.runs.get(run.id);
  expect(ended.state).toBe('completed');
  expect(studio.runs.sheetFile(run.id, 10)).toMatch(/00000010\.png$/);
  expect(ended.checkpoints.at(-1)!.score).toBeGreaterThan(0);

  const draw = async () =>
    (await studio.generation.start({ runId: run.id, count: 4, seed: version.heldOutImages - 1 })).finished;
  const drawn = await draw();
  expect(new Set(drawn.map(({ sha256 }) => sha256)).size).toBe(4);
  expect((await draw()).map(({ id, sha256 }) => [id, sha256])).toEqual(
    drawn.map(({ id, sha256 }) => [id, sha256]),
  );
  const rows = drawn.map(({ id }) => studio.gallery.get(id).provenance.input);
  // Of as many inputs as are held out: the last, then from the first on.
  expect(rows).toEqual(
    [version.heldOutImages - 1, 0, 1, 2].map((place) => ({
      part: 'held-out',
      row: version.images + place,
    })),
  );
  const { image, provenance } = studio.gallery.get(drawn[0]!.id);
  expect(readProvenance(await studio.gallery.read(image))).toEqual(provenance);
}, 120_000);

it('single pictures are refused before anything starts', async () => {
  const studio = await studioForTest();
  const { datasetId, projectId } = await sampleDataset(studio);
  const { version } = await studio.datasets.buildVersion(datasetId, recipe).finished;
  await expect(
    studio.runs.create({ projectId, datasetId, version, presetId: 'pix2pix-28' }),
  ).rejects.toMatchObject({ code: 'dataset-not-paired', message: expect.stringContaining('--pair') });
  expect(studio.runs.list(projectId)).toEqual([]);
}, 120_000);
