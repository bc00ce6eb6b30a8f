import { readFile, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { sampleDataset, smallRun, studioForTest } from '../helpers/open-studio.ts';

const settings = { checkpointEverySteps: 20, sampleEverySteps: 1000, keepCheckpoints: 10 };

describe('a fork', () => {
  it('with nothing changed goes on to the bytes of its parent, and says where it comes from', async () => {
    const studio = await studioForTest();
    const parent = await smallRun(studio, await sampleDataset(studio), { steps: 60, settings });
    const expected = (await studio.runs.whenEnded(parent.id)).checkpoints.at(-1)!;
    const fork = await studio.runs.fork({ id: parent.id, step: 20 });
    expect(fork.parent).toMatchObject({ runId: parent.id, name: parent.name, step: 20 });
    const done = await studio.runs.whenEnded(fork.id);
    expect(done).toMatchObject({ state: 'completed', step: 60 });
    expect(done.checkpoints.at(-1)!.sha256).toBe(expected.sha256);
    expect(done.checkpoints[0]).toMatchObject({
      step: 20,
      sha256: studio.runs.get(parent.id).checkpoints[0]!.sha256,
    });
    expect(studio.runs.children(parent.id)).toEqual([{ id: fork.id, name: fork.name, step: 20 }]);
    expect(studio.runs.notes(parent.id).at(-1)).toMatchObject({ kind: 'forked', detail: fork.name });
    const { finished } = await studio.generation.start({ runId: fork.id, count: 1, seed: 1 });
    const [image] = await finished;
    expect(studio.gallery.get(image!.id).provenance.run).toMatchObject({
      id: fork.id,
      parent: { runId: parent.id, step: 20 },
    });
  });

  it('trains on with other settings and other pictures', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const parent = await smallRun(studio, dataset, { steps: 40, settings });
    await studio.runs.whenEnded(parent.id);
    const second = await studio.datasets.buildVersion(dataset.datasetId, {
      sizePx: 28,
      channels: 1,
      background: '#000000',
      labelMode: 'folders',
    }).finished;
    const fork = await studio.runs.fork({
      id: parent.id,
      settings: { learningRate: 0.0001, batchSize: 4 },
      dataset: { id: dataset.datasetId, version: second.version },
      stop: { kind: 'steps', steps: 50 },
      name: 'Finer',
    });
    expect(fork).toMatchObject({ name: 'Finer', datasetVersion: second.version, step: 40 });
    const done = await studio.runs.whenEnded(fork.id);
    expect(done).toMatchObject({
      state: 'completed',
      step: 50,
      settings: { learningRate: 0.0001, batchSize: 4 },
    });
  });

  it('is refused before anything starts where the checkpoint does not fit', async () => {
    const studio = await studioForTest();
    const parent = await smallRun(studio, await sampleDataset(studio), { steps: 20, settings });
    await studio.runs.whenEnded(parent.id);
    const refused = (request: object) => expect(studio.runs.fork({ id: parent.id, ...request })).rejects;
    await refused({ presetId: 'dcgan-28' }).toMatchObject({ code: 'checkpoint-foreign' });
    await refused({ settings: { hiddenSize: 24 } }).toMatchObject({
      code: 'checkpoint-corrupt',
      message: expect.stringContaining('belongs to another model'),
    });
    await refused({ step: 7 }).toMatchObject({ code: 'checkpoint-missing', details: { known: '20' } });
    await refused({ stop: { kind: 'steps', steps: 20 } }).toMatchObject({ code: 'not-possible-now' });
    expect(studio.runs.list()).toHaveLength(1);
  });

  it('and a resume refuse a file that was cut short or replaced, naming it', async () => {
    const studio = await studioForTest();
    const parent = await smallRun(studio, await sampleDataset(studio), { steps: 40, settings });
    await studio.runs.whenEnded(parent.id);
    const { path } = (await studio.runs.checkpoints.last(parent.id))!;
    const whole = await readFile(path);
    const refusal = { code: 'checkpoint-corrupt', details: { file: path, step: 40, known: '20' } };
    await truncate(path, whole.length - 10);
    await expect(studio.runs.fork({ id: parent.id })).rejects.toMatchObject(refusal);
    await expect(studio.runs.resume(parent.id, { kind: 'steps', steps: 50 })).rejects.toMatchObject(refusal);
    await writeFile(path, (await readFile(path.replace('00000040', '00000020'))).subarray());
    await expect(studio.runs.fork({ id: parent.id })).rejects.toMatchObject(refusal);
    await writeFile(path, whole);
    await studio.runs.resume(parent.id, { kind: 'steps', steps: 50 });
    expect((await studio.runs.whenEnded(parent.id)).state).toBe('completed');
  });
});
