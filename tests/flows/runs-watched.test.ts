import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../../src-main/workspace/node-runtime.mjs';
import { enginesOf } from '../helpers/engines.ts';
import { sampleDataset, smallRun, studioForTest, whenRun } from '../helpers/open-studio.ts';
import { noGraphics, setEnvironment } from '../helpers/software-graphics.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const preload = (name: string) => ({
  NODE_OPTIONS: `--import=${pathToFileURL(join(projectFolder, 'tests', 'fixtures', 'engine-trouble', name))}`,
});
const quiet = { checkpointEverySteps: 50, sampleEverySteps: 100_000 };

describe.skipIf(process.platform !== 'linux')('an engine that stands still (needs /proc)', () => {
  it('is said to, moves no progress, and gives way to a fresh one on request', async () => {
    const studio = await studioForTest();
    studio.setPreferences({ stallSeconds: 1 });
    const { id } = await smallRun(studio, await sampleDataset(studio), { steps: 100_000, settings: quiet });
    await whenRun(studio, id, (run) => run.checkpoints.length > 0);
    const [pid] = enginesOf(process.pid);
    process.kill(pid!, 'SIGSTOP');
    const stalled = await whenRun(studio, id, (run) => run.warnings.length > 0);
    expect(stalled.warnings).toMatchObject([{ kind: 'no-step', since: expect.any(Number) }]);
    expect(studio.runs.notes(id).at(-1)).toMatchObject({ kind: 'warned' });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(studio.runs.get(id)).toMatchObject({ step: stalled.step, state: 'running' });
    studio.runs.restart(id);
    const back = await whenRun(
      studio,
      id,
      (run) => run.state === 'running' && run.warnings.length === 0 && run.step > stalled.step,
    );
    expect(back.failure).toBeNull();
    expect(enginesOf(process.pid)).not.toContain(pid);
    studio.runs.stop(id);
    expect((await studio.runs.whenEnded(id)).state).toBe('stopped');
  }, 120_000);
});

describe('an engine that the system ended for want of memory', () => {
  it.each([
    ['exit-137.mjs', 'with code 137'],
    ['heap-limit.mjs', 'by SIG(ABRT|ILL|TRAP)|with code 134'],
  ])(
    '(%s) says what it needed and had, and a fork with a smaller batch goes on',
    async (trouble, how) => {
      setEnvironment({ ...noGraphics, ...preload(trouble) });
      const studio = await studioForTest();
      const { id } = await smallRun(studio, await sampleDataset(studio), {
        steps: 5000,
        settings: { ...quiet, batchSize: 16, rescues: 0 },
      });
      const { state, failure } = await studio.runs.whenEnded(id);
      expect({ state, code: failure?.code }).toEqual({ state: 'interrupted', code: 'out-of-memory' });
      expect(failure!.message).toMatch(new RegExp(how));
      const { neededBytes, hadBytes, batch, suggestedBatch } = failure!.details;
      expect(Number(neededBytes)).toBeGreaterThan(Number(hadBytes));
      expect(batch).toBe(16);
      expect([2, 4, 8]).toContain(suggestedBatch);
      const fork = await studio.runs.fork({
        id,
        settings: { batchSize: Math.min(4, Number(suggestedBatch)) },
        stop: { kind: 'steps', steps: studio.runs.get(id).step + 60 },
      });
      expect(await studio.runs.whenEnded(fork.id)).toMatchObject({ state: 'completed', failure: null });
    },
    120_000,
  );
});

describe('a run whose memory runs out', () => {
  it('goes on by itself with smaller batches, and as many more of them for each step', async () => {
    setEnvironment({ ...noGraphics, ...preload('exit-137.mjs') });
    const studio = await studioForTest();
    const { id } = await smallRun(studio, await sampleDataset(studio), {
      steps: 3000,
      settings: { ...quiet, batchSize: 16 },
    });
    const run = await studio.runs.whenEnded(id);
    expect(run).toMatchObject({ state: 'completed', failure: null, step: 3000 });
    expect(run.rescues.length).toBeGreaterThanOrEqual(1);
    expect(run.rescues[0]!.failure.code).toBe('out-of-memory');
    const { batchSize, gradientAccumulation } = run.settings;
    expect(batchSize).toBeLessThan(8);
    expect(Number(batchSize) * Number(gradientAccumulation)).toBe(16);
  }, 240_000);
});

describe('the queue', () => {
  it('says why a run waits, and trains as many at once as the user allows', async () => {
    setEnvironment(noGraphics);
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const first = await smallRun(studio, dataset, { steps: 1_000_000, settings: quiet });
    const second = await smallRun(studio, dataset, { steps: 1_000_000, settings: quiet });
    const third = await smallRun(studio, dataset, { steps: 1_000_000, settings: quiet });
    expect(second.waiting).toEqual({
      kind: 'device-busy',
      device: 'processor',
      running: [first.name],
      atOnce: 1,
      place: 1,
    });
    expect(third.waiting).toMatchObject({ place: 2 });
    studio.setPreferences({ runsAtOnce: 2 });
    await whenRun(studio, second.id, (run) => run.state === 'running');
    expect(studio.runs.get(first.id).state).toBe('running');
    expect(studio.runs.get(second.id).waiting).toBeNull();
    expect(studio.runs.get(third.id)).toMatchObject({ state: 'queued', waiting: { place: 1, atOnce: 2 } });
    studio.runs.stop(third.id);
    for (const { id } of [first, second]) {
      studio.runs.stop(id);
      expect((await studio.runs.whenEnded(id)).state).toBe('stopped');
    }
  }, 120_000);

  it('keeps the backend a run was asked to train on over a restart of the studio', async () => {
    setEnvironment(noGraphics);
    const workspace = join(temporaryFolder(), 'workspace');
    const first = await studioForTest(workspace);
    const dataset = await sampleDataset(first);
    const busy = await smallRun(first, dataset, { steps: 1_000_000, settings: quiet });
    const waiting = await first.runs.create({
      projectId: dataset.projectId,
      datasetId: dataset.datasetId,
      version: dataset.version.version,
      presetId: 'mlp-gan-28',
      settings: { batchSize: 8, hiddenSize: 16, latentSize: 8 },
      stop: { kind: 'steps', steps: 3 },
      backend: 'cpu',
    });
    expect(waiting).toMatchObject({ state: 'queued', wantedBackend: 'cpu' });
    await first.close();
    const studio = await studioForTest(workspace);
    expect(studio.runs.get(busy.id)).toMatchObject({ state: 'stopped', failure: null });
    expect(studio.runs.get(waiting.id)).toMatchObject({ waiting: { kind: 'not-worked-off' } });
    await studio.close();
    const again = await studioForTest(workspace, 'all');
    expect(await again.runs.whenEnded(waiting.id)).toMatchObject({
      state: 'completed',
      backend: { id: 'cpu' },
    });
  }, 120_000);
});

describe('checkpoints', () => {
  it('with a star and the best by the metric of the family stay when others are thinned out', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const { id } = await studio.runs.create({
      projectId: dataset.projectId,
      datasetId: dataset.datasetId,
      version: dataset.version.version,
      presetId: 'vae-28',
      settings: {
        ...{ batchSize: 8, baseChannels: 4, latentSize: 8, sampleEverySteps: 1000 },
        ...{ checkpointEverySteps: 10, keepCheckpoints: 2, keepBestCheckpoints: 1 },
      },
      stop: { kind: 'steps', steps: 30 },
    });
    const { checkpoints } = await studio.runs.whenEnded(id);
    for (const { score } of checkpoints) expect(score).toBeGreaterThan(0);
    await studio.runs.markCheckpoint(id, 20, true);
    // From here on it only gets worse: the best stays where it is.
    await studio.runs.set(id, { learningRate: 0.01 });
    await studio.runs.resume(id, { kind: 'steps', steps: 80 });
    const run = await studio.runs.whenEnded(id);
    const kept = run.checkpoints.map(({ step }) => step);
    expect(kept).toContain(20);
    expect(kept.slice(-2)).toEqual([70, 80]);
    const best = run.checkpoints.reduce((a, b) => (a.score! <= b.score! ? a : b));
    expect(kept).toContain(best.step);
    expect(run.checkpoints.length).toBeLessThanOrEqual(4);
    await studio.runs.markCheckpoint(id, 20, false);
    expect(studio.runs.get(id).checkpoints.every(({ marked }) => !marked)).toBe(true);
    await expect(studio.runs.markCheckpoint(id, 11, true)).rejects.toMatchObject({
      code: 'checkpoint-missing',
    });
  }, 120_000);
});
