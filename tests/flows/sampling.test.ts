import { expect, it } from 'vitest';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';

it('a diffusion model draws in as many steps as are asked for, and remembers how', async () => {
  const studio = await studioForTest();
  const dataset = await sampleDataset(studio);
  const run = await studio.runs.create({
    projectId: dataset.projectId,
    datasetId: dataset.datasetId,
    version: dataset.version.version,
    presetId: 'ddpm-28',
    settings: { batchSize: 4, baseChannels: 4, learnClasses: true, sheetSamplingSteps: 10 },
    seed: 7,
    stop: { kind: 'steps', steps: 3 },
  });
  await studio.runs.whenEnded(run.id);
  expect(studio.runs.get(run.id)).toMatchObject({ state: 'completed', classes: { length: 10 } });

  const draw = async (sampling: Record<string, number>) =>
    (await studio.generation.start({ runId: run.id, count: 2, seed: 40, classIndex: 3, sampling })).finished;
  const [few, more] = [await draw({ samplingSteps: 10 }), await draw({ samplingSteps: 30, guidance: 3 })];
  expect(few.map(({ label }) => label)).toEqual(['3', '3']);
  expect(few[0]!.sampling).toEqual({ samplingSteps: 10, guidance: 1.5 });
  expect(more[0]!.sampling).toEqual({ samplingSteps: 30, guidance: 3 });
  // The same seed, two ways to sample: two pictures, both kept.
  expect(few[0]!.sha256).not.toBe(more[0]!.sha256);
  expect(new Set([...few, ...more].map(({ id }) => id)).size).toBe(4);
  expect((await draw({ samplingSteps: 10 })).map(({ id, sha256 }) => [id, sha256])).toEqual(
    few.map(({ id, sha256 }) => [id, sha256]),
  );
  const { image, provenance } = studio.gallery.get(more[0]!.id);
  expect(provenance.sampling).toEqual({ samplingSteps: 30, guidance: 3 });
  expect(readProvenance(await studio.gallery.read(image))).toEqual(provenance);

  await expect(draw({ samplingSteps: 5 })).rejects.toMatchObject({ code: 'setting-out-of-range' });
  await expect(draw({ truncation: 0.7 })).rejects.toMatchObject({ code: 'setting-unknown' });
}, 180_000);
