import { describe, expect, it } from 'vitest';
import { sampleDataset, smallRun, studioForTest } from '../helpers/open-studio.ts';

/** Steps far too long, with too much momentum and nothing to hold them: the weights leave every range within hundreds. */
const absurd = { learningRate: 0.01, beta1: 0.99, beta2: 0.5, explosionFactor: 0, r1Weight: 0 };

describe('a run whose numbers go bad', () => {
  it('goes back to the last good checkpoint with half the learning rate, and keeps a ledger', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const { id } = await studio.runs.create({
      projectId: dataset.projectId,
      datasetId: dataset.datasetId,
      version: dataset.version.version,
      presetId: 'dcgan-28',
      settings: {
        ...absurd,
        batchSize: 8,
        baseChannels: 4,
        latentSize: 8,
        checkpointEverySteps: 50,
        sampleEverySteps: 10_000,
        rescues: 2,
      },
      seed: 3,
      stop: { kind: 'steps', steps: 1200 },
    });
    const run = await studio.runs.whenEnded(id);
    expect(run.rescues.length).toBeGreaterThanOrEqual(1);
    const [first] = run.rescues;
    expect(first).toMatchObject({
      attempt: 1,
      failure: { code: 'numbers-not-finite' },
      settings: { learningRate: 0.005 },
    });
    expect(first!.backToStep).toBeLessThan(first!.failedStep);
    expect(first!.backToStep % 50).toBe(0);
    expect(run.changes[0]).toMatchObject({
      key: 'learningRate',
      from: 0.01,
      to: 0.005,
      step: first!.backToStep,
      cause: 'rescue',
    });
    // Either it came through, or it used up what it was allowed and says so.
    if (run.state === 'failed') {
      expect(run.rescues).toHaveLength(2);
      expect(run.failure?.code).toBe('numbers-not-finite');
    } else expect(run.state).toBe('completed');
    expect(studio.runs.notes(id).filter(({ kind }) => kind === 'rescued')).toHaveLength(run.rescues.length);
    for (const { step } of run.checkpoints) expect(step).toBeLessThanOrEqual(run.step);
  }, 240_000);

  it('stops at a gradient that explodes, and at once where rescues are switched off', async () => {
    const studio = await studioForTest();
    const { id } = await smallRun(studio, await sampleDataset(studio), {
      steps: 4000,
      settings: { rescues: 0, explosionFactor: 1.02, checkpointEverySteps: 50, sampleEverySteps: 10_000 },
    });
    const run = await studio.runs.whenEnded(id);
    expect(run).toMatchObject({ state: 'failed', rescues: [], failure: { code: 'gradient-exploded' } });
    // The first hundred steps only find out what is usual.
    expect(run.step).toBeGreaterThanOrEqual(100);
    expect(run.checkpoints.at(-1)!.step).toBeLessThanOrEqual(run.step);
  });

  it('mistrusts a checkpoint that it fails from twice, and takes back a wish that broke it', async () => {
    const studio = await studioForTest();
    const { id } = await smallRun(studio, await sampleDataset(studio), {
      steps: 4000,
      settings: { rescues: 3, explosionFactor: 1.02, checkpointEverySteps: 60, sampleEverySteps: 10_000 },
    });
    const run = await studio.runs.whenEnded(id);
    expect(run.state).toBe('failed');
    const targets = run.rescues.map(({ backToStep }) => backToStep);
    expect(targets).toHaveLength(3);
    for (const [index, target] of targets.entries()) {
      const before = targets[index - 1];
      // From the same place it went bad again before it had saved anything: further back.
      if (before !== undefined && run.rescues[index]!.failedStep < before + 60) {
        expect(target).toBeLessThan(before === 0 ? 1 : before);
      }
    }
    const rates = run.rescues.map(({ settings }) => Number(settings.learningRate));
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
    expect(new Set(rates).size).toBe(3);
  });
});
