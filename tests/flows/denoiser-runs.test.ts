import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { buildIfStale } from '../../src-main/cli/build.ts';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { imago } from '../helpers/command-line.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';
import { pictureFile, pixelsOf, trained } from '../helpers/repairing.ts';

beforeAll(() => buildIfStale(['kernels']));

it('the command line trains a repair of single pictures, and draws from what it damages', async () => {
  const workspace = ['--workspace', join(temporaryFolder(), 'workspace'), '--json'];
  await imago('sample', '--name', 'Digits', '--images', '60', '--seed', '3', ...workspace);
  const trained = await imago(
    ...['train', '--dataset', 'Digits', '--preset', 'denoiser-28', '--steps', '10', '--seed', '5'],
    ...['--set', 'batchSize=8', '--set', 'baseChannels=4', '--set', 'holeShare=0.3', ...workspace],
  );
  expect(trained.json).toMatchObject({ steps: 10 });
  const run = String(trained.json?.run);
  const draw = (...words: string[]) =>
    imago('generate', '--run', run, '--count', '3', '--seed', '1', ...words, ...workspace);
  const drawn = await draw();
  expect(drawn.json?.images).toHaveLength(3);
  expect((await draw()).json?.images).toEqual(drawn.json?.images);
  const filled = await draw('--set', 'keepWhole=true');
  expect(filled.json?.images).toHaveLength(3);
  expect(filled.json?.images).not.toEqual(drawn.json?.images);
  const refused = await imago(
    ...['train', '--dataset', 'Digits', '--preset', 'denoiser-28', '--set', 'holeShare=0.9', ...workspace],
  );
  expect({ code: refused.exitCode, error: refused.json?.error }).toMatchObject({
    code: 2,
    error: { code: 'setting-out-of-range' },
  });
}, 180_000);

it('each seed damages a held-out picture, and the picture says which', async () => {
  const studio = await studioForTest();
  const { datasetId, projectId } = await sampleDataset(studio);
  const version = await studio.datasets.buildVersion(datasetId, {
    ...{ sizePx: 28, channels: 1, labelMode: 'none', heldOutShare: 0.1 },
  }).finished;
  const run = await studio.runs.create({
    ...{ projectId, datasetId, version: version.version, presetId: 'denoiser-28', seed: 7 },
    settings: { batchSize: 8, baseChannels: 4 },
    stop: { kind: 'steps', steps: 10 },
  });
  await studio.runs.whenEnded(run.id);
  const ended = studio.runs.get(run.id);
  expect(ended.state).toBe('completed');
  expect(studio.runs.sheetFile(run.id, 10)).toMatch(/00000010\.png$/);
  expect(ended.checkpoints.at(-1)!.score).toBeGreaterThan(0);

  const { finished } = await studio.generation.start({
    ...{ runId: run.id, count: 3, seed: version.heldOutImages - 1 },
  });
  const drawn = await finished;
  expect(drawn.map(({ id }) => studio.gallery.get(id).provenance.input)).toEqual(
    [version.heldOutImages - 1, 0, 1].map((place) => ({ part: 'held-out', row: version.images + place })),
  );
  const { image, provenance } = studio.gallery.get(drawn[0]!.id);
  expect(readProvenance(await studio.gallery.read(image))).toEqual(provenance);
  expect(provenance.sampling).toEqual({ keepWhole: false });
}, 120_000);

it('a brought picture is restored once, whatever the seed', async () => {
  const studio = await studioForTest();
  const run = await trained(studio, await sampleDataset(studio), 'denoiser-28');
  const order = {
    ...{ runId: run.id, derive: false, count: 1, seed: 1 },
    from: { kind: 'path', path: await pictureFile() } as const,
    mask: { kind: 'none' } as const,
  };
  await expect(studio.repairs.start({ ...order, count: 2 })).rejects.toMatchObject({ code: 'input-invalid' });
  const restored = async (seed: number) =>
    (await (await studio.repairs.start({ ...order, seed })).finished)[0]!;
  const first = await restored(1);
  expect(studio.gallery.get(first.id).provenance.repair?.kind).toBe('restores');
  expect(await pixelsOf(studio, (await restored(9)).id)).toEqual(await pixelsOf(studio, first.id));
}, 120_000);
