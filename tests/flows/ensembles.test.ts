import { describe, expect, it } from 'vitest';
import { memberOf } from '../../src-main/contract/ensemble.ts';
import { sampleDataset, smallRun, studioForTest } from '../helpers/open-studio.ts';

describe('several checkpoints as one model', () => {
  it('are chosen between by the seed, evenly', () => {
    const counts = [0, 0, 0];
    for (let seed = 0; seed < 3000; seed++) counts[memberOf(seed, 3)]!++;
    for (const count of counts) expect(count).toBeGreaterThan(800);
    expect(memberOf(7, 1)).toBe(0);
  });

  it('draw each picture as its member alone would, and say which one drew it', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const settings = { checkpointEverySteps: 10, keepCheckpoints: 5, sampleEverySteps: 1000 };
    const first = await smallRun(studio, dataset, { steps: 20, settings });
    const second = await smallRun(studio, dataset, { steps: 10, settings, seed: 8 });
    for (const { id } of [first, second]) await studio.runs.whenEnded(id);
    const members = [
      { runId: first.id, step: 20 },
      { runId: first.id, step: 10 },
      { runId: second.id, step: 10 },
    ];
    const { finished } = await studio.generation.start({
      runId: first.id,
      ensemble: [{ runId: first.id, checkpointStep: 10 }, { runId: second.id }],
      count: 12,
      seed: 40,
    });
    const images = await finished;
    expect(images.map(({ seed }) => seed)).toEqual(Array.from({ length: 12 }, (_, i) => 40 + i));
    for (const image of images) {
      const place = memberOf(image.seed, 3);
      expect({ runId: image.runId, step: image.checkpointStep }).toEqual(members[place]);
      const { provenance } = studio.gallery.get(image.id);
      expect(provenance.ensemble).toMatchObject({ member: place, members });
      expect(provenance.run).toMatchObject({ id: image.runId, step: image.checkpointStep });
    }
    expect(new Set(images.map(({ runId, checkpointStep }) => `${runId} ${checkpointStep}`)).size).toBe(3);

    const alone = images.find(({ runId }) => runId === second.id)!;
    const single = await studio.generation.start({ runId: second.id, count: 1, seed: alone.seed });
    const [again] = await single.finished;
    expect(again!.id).toBe(alone.id);
    expect(studio.gallery.get(again!.id).provenance.ensemble).toBeUndefined();
  });

  it('are refused where one draws other sizes', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio, 40);
    const grey = await smallRun(studio, dataset, { steps: 2 });
    const { version } = await studio.datasets.buildVersion(dataset.datasetId, {
      sizePx: 32,
      channels: 1,
      background: '#ffffff',
      labelMode: 'folders',
    }).finished;
    const larger = await studio.runs.create({
      projectId: dataset.projectId,
      datasetId: dataset.datasetId,
      version,
      presetId: 'dcgan-32',
      settings: { batchSize: 4, baseChannels: 4, latentSize: 8 },
      stop: { kind: 'steps', steps: 1 },
    });
    for (const { id } of [grey, larger]) await studio.runs.whenEnded(id);
    await expect(
      studio.generation.start({ runId: grey.id, ensemble: [{ runId: larger.id }], count: 2, seed: 1 }),
    ).rejects.toMatchObject({
      code: 'ensemble-mismatch',
      details: { name: larger.name, found: '32×32 grey', needed: '28×28 grey' },
    });
  });
});
