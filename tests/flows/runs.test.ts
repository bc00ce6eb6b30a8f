import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../src-main/contract/domain/runs.ts';
import type { Studio } from '../../src-main/studio/studio.ts';
import { enginesOf } from '../helpers/engines.ts';
import { sampleDataset, smallRun, studioForTest, whenRun } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const checkpointHashes = (run: Run) => run.checkpoints.map(({ step, sha256 }) => `${step} ${sha256}`);

const notesOf = (studio: Studio, id: string) => studio.runs.notes(id).map(({ kind }) => kind);

describe('a run', () => {
  it('trains to its end and keeps its sheets, metrics, checkpoints and notes', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const { id } = await smallRun(studio, dataset, {
      steps: 60,
      settings: { sampleEverySteps: 20, checkpointEverySteps: 30 },
    });
    const run = await studio.runs.whenEnded(id);
    expect(run).toMatchObject({ state: 'completed', step: 60, failure: null, latestSampleStep: 60 });
    expect(run.checkpoints.map(({ step }) => step)).toEqual([30, 60]);
    expect(run.backend?.id).toBe('wasm');
    expect(run.stepMs).toBeGreaterThan(0);
    const first = await studio.runs.watch(id, -1).next();
    expect(first.value).toMatchObject({ type: 'run', run: { id } });
    const metrics = studio.runs.metrics(id, -1);
    expect(metrics.at(-1)).toMatchObject({ step: 60 });
    expect(Object.keys(metrics[0].values)).toEqual(
      expect.arrayContaining([
        'discriminatorLoss',
        'generatorLoss',
        'realScore',
        'generatedScore',
        'generatorGradientNorm',
        'discriminatorGradientNorm',
        'stepsPerSecond',
        'memoryMb',
        'tensors',
      ]),
    );
    expect(notesOf(studio, id)).toEqual(['created', 'started', 'checkpoint', 'checkpoint', 'completed']);
    for (const step of [0, 20, 40, 60]) {
      const sheet = await studio.media(`sample/${id}/${step}`);
      expect(sheet?.contentType).toBe('image/png');
    }
    expect(await studio.media(`sample/${id}/21`)).toBeNull();
  });

  it('pauses, goes on, saves and samples on request, and stops after saving', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const { id } = await smallRun(studio, dataset, { steps: 1_000_000 });
    await whenRun(studio, id, (run) => run.state === 'running' && run.step > 0);
    studio.runs.pause(id);
    const paused = await whenRun(studio, id, (run) => run.state === 'paused');
    // Its process is gone, and the memory with it.
    if (process.platform === 'linux') expect(enginesOf(process.pid)).toEqual([]);
    expect(paused.checkpoints.at(-1)?.step).toBe(paused.step);
    const metricsThen = studio.runs.metrics(id, -1).length;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(studio.runs.get(id).step).toBe(paused.step);
    expect(studio.runs.metrics(id, -1).length).toBeLessThanOrEqual(metricsThen + 1);
    studio.runs.unpause(id);
    await whenRun(studio, id, (run) => run.state === 'running' && run.step > paused.step);
    studio.runs.saveNow(id);
    await whenRun(studio, id, (run) => run.checkpoints.length === 2);
    const sheetsBefore = studio.runs.get(id).latestSampleStep!;
    studio.runs.sampleNow(id);
    await whenRun(studio, id, (run) => run.latestSampleStep! > sheetsBefore);
    studio.runs.stop(id);
    const stopped = await studio.runs.whenEnded(id);
    expect(stopped.state).toBe('stopped');
    expect(stopped.checkpoints.at(-1)?.step).toBe(stopped.step);
  });

  it.skipIf(process.platform !== 'linux')(
    'whose engine is killed goes on by itself to the numbers of an uninterrupted one (needs /proc)',
    async () => {
      const studio = await studioForTest();
      const dataset = await sampleDataset(studio);
      const settings = { checkpointEverySteps: 400, sampleEverySteps: 400, keepCheckpoints: 10 };
      const straight = await smallRun(studio, dataset, { steps: 2000, settings });
      const expected = checkpointHashes(await studio.runs.whenEnded(straight.id));

      const { id } = await smallRun(studio, dataset, { steps: 2000, settings });
      await whenRun(studio, id, (run) => run.checkpoints.length >= 2);
      const pids = enginesOf(process.pid);
      expect(pids).toHaveLength(1);
      process.kill(pids[0], 'SIGKILL');
      const run = await studio.runs.whenEnded(id);
      expect(run.state).toBe('completed');
      expect(checkpointHashes(run)).toEqual(expected);
      expect(notesOf(studio, id)).toEqual(expect.arrayContaining(['interrupted', 'resumed', 'completed']));
      const steps = studio.runs.metrics(id, -1).map(({ step }) => step);
      expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    },
  );

  it('of a studio that was killed is interrupted, and goes on when asked', async () => {
    const workspace = join(temporaryFolder(), 'workspace');
    const first = await studioForTest(workspace);
    const dataset = await sampleDataset(first);
    await first.close();

    const script = `
      import { openStudio } from ${JSON.stringify(new URL('../../src-main/studio/studio.ts', import.meta.url).href)};
      const studio = await openStudio({ workspace: ${JSON.stringify(workspace)}, create: false, version: '0', queue: 'own',
        host: { abilities: { face: 'command-line', nativeDialogs: false, showInFolder: false, upload: false } } });
      const run = await studio.runs.create({ projectId: ${JSON.stringify(dataset.projectId)},
        datasetId: ${JSON.stringify(dataset.datasetId)}, version: 1, presetId: 'mlp-gan-28', seed: 7,
        settings: { batchSize: 8, hiddenSize: 16, latentSize: 8, checkpointEverySteps: 50 },
        stop: { kind: 'steps', steps: 1000000 } });
      for await (const event of studio.runs.watch(run.id, 0))
        if (event.type === 'run' && event.run.checkpoints.length >= 2) console.log(run.id);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const id = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().split('\n')[0])),
    );
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));

    const studio = await studioForTest(workspace);
    const interrupted = studio.runs.get(id);
    expect(interrupted.state).toBe('interrupted');
    const { step } = interrupted.checkpoints.at(-1)!;
    const goal = step + 60;
    await studio.runs.resume(id, { kind: 'steps', steps: goal });
    const run = await studio.runs.whenEnded(id);
    expect(run).toMatchObject({ state: 'completed', step: goal });
  });

  it('waits in the queue behind the one that trains, and can leave it', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const first = await smallRun(studio, dataset, { steps: 1_000_000 });
    const second = await smallRun(studio, dataset, { steps: 20 });
    const third = await smallRun(studio, dataset, { steps: 20 });
    expect([second.state, third.state]).toEqual(['queued', 'queued']);
    studio.runs.stop(third.id);
    expect(studio.runs.get(third.id).state).toBe('stopped');
    await whenRun(studio, first.id, (run) => run.state === 'running');
    studio.runs.stop(first.id);
    expect((await studio.runs.whenEnded(second.id)).state).toBe('completed');
    expect(studio.runs.get(third.id).state).toBe('stopped');
  });

  it('that reached its end needs a later one to go on', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const { id } = await smallRun(studio, dataset, { steps: 20 });
    await studio.runs.whenEnded(id);
    await expect(studio.runs.resume(id)).rejects.toMatchObject({ code: 'not-possible-now' });
    await studio.runs.resume(id, { kind: 'steps', steps: 40 });
    expect(await studio.runs.whenEnded(id)).toMatchObject({ state: 'completed', step: 40 });
  });

  it('keeps as many checkpoints as it says, and those that pictures came from', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const settings = { checkpointEverySteps: 10, keepCheckpoints: 2 };
    const { id } = await smallRun(studio, dataset, { steps: 30, settings });
    await studio.runs.whenEnded(id);
    await (
      await studio.generation.start({ runId: id, checkpointStep: 20, count: 1, seed: 1 })
    ).finished;
    await studio.runs.resume(id, { kind: 'steps', steps: 60 });
    const run = await studio.runs.whenEnded(id);
    expect(run.checkpoints.map(({ step }) => step)).toEqual([20, 50, 60]);
    expect(readdirSync(join(studio.info().workspace, 'runs', id, 'checkpoints'))).toHaveLength(3);
  });

  it('is refused where the dataset does not fit the preset, or is too small for the batch', async () => {
    const studio = await studioForTest();
    const { projectId, datasetId } = await sampleDataset(studio, 20);
    const request = { projectId, datasetId, version: 1 };
    await expect(studio.runs.create({ ...request, presetId: 'dcgan-64-rgb' })).rejects.toMatchObject({
      code: 'dataset-does-not-fit',
    });
    await expect(
      studio.runs.create({ ...request, presetId: 'mlp-gan-28', settings: { batchSize: 64 } }),
    ).rejects.toMatchObject({ code: 'pictures-too-few' });
    await expect(studio.runs.create({ ...request, presetId: 'mlp-gan-29' })).rejects.toMatchObject({
      code: 'preset-unknown',
    });
    await expect(
      studio.runs.create({ ...request, presetId: 'mlp-gan-28', settings: { speed: 11 } }),
    ).rejects.toMatchObject({ code: 'setting-unknown' });
    expect(studio.runs.list()).toEqual([]);
    const small = await studio.runs.create({
      ...request,
      presetId: 'mlp-gan-28',
      stop: { kind: 'steps', steps: 1 },
    });
    expect(small.settings.batchSize).toBe(20);
    await studio.runs.whenEnded(small.id);
  });

  it('that is live cannot be removed, nor its project', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const { id } = await smallRun(studio, dataset, { steps: 1_000_000 });
    await whenRun(studio, id, (run) => run.state === 'running');
    expect(() => studio.runs.trash(id)).toThrowError(expect.objectContaining({ code: 'not-possible-now' }));
    expect(() => studio.projects.trash(dataset.projectId)).toThrowError(
      expect.objectContaining({ code: 'not-possible-now' }),
    );
    studio.runs.stop(id);
    await studio.runs.whenEnded(id);
    studio.runs.trash(id);
    expect(studio.runs.list()).toEqual([]);
    studio.runs.restore(id);
    expect(studio.runs.list()).toHaveLength(1);
  });
});

describe('an estimate', () => {
  it('is measured on this machine', async () => {
    const studio = await studioForTest();
    const estimate = await studio.estimates.of('mlp-gan-28', { batchSize: 8 });
    expect(estimate.stepMs).toBeGreaterThan(0);
    expect(estimate.memoryBytes).toBeGreaterThan(10e6);
    expect(estimate.parameters.generator).toBeGreaterThan(1000);
    await expect(async () => studio.estimates.of('mlp-gan-28', { batchSize: -1 })).rejects.toMatchObject({
      code: 'setting-out-of-range',
    });
  });
});
