import { existsSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TrainJob } from '../../src-main/contract/engine-messages.ts';
import type { EngineReport } from '../../src-main/contract/engine-reports.ts';
import type { BackendHandle } from '../../src-main/engine/backends/backend.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { readCheckpoint, writeCheckpoint } from '../../src-main/engine/checkpoint.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import type { ModelFamily } from '../../src-main/engine/models/family.ts';
import { mlpGan } from '../../src-main/engine/models/mlp-gan.ts';
import type { OrderQueue } from '../../src-main/engine/orders.ts';
import { createOrderQueue } from '../../src-main/engine/orders.ts';
import { train } from '../../src-main/engine/training.ts';
import { makeRunFolders, smallConfig, trainJob } from './engine-fixtures.ts';

const config = smallConfig('mlp-gan-28', { sampleEverySteps: 4, checkpointEverySteps: 5 });
let backend: BackendHandle;
let folders: ReturnType<typeof makeRunFolders>;
let orders: OrderQueue;
let reports: EngineReport[];
let lastStep: number;

beforeAll(async () => {
  await buildKernels();
  backend = await openBackend('wasm');
}, 60_000);
beforeEach(() => {
  folders = makeRunFolders(config);
  orders = createOrderQueue();
  reports = [];
  lastStep = -1;
});
afterEach(() => rmSync(folders.root, { recursive: true }));

type Of<Kind extends EngineReport['report']> = Extract<EngineReport, { report: Kind }>;
const of = <Kind extends EngineReport['report']>(kind: Kind): Of<Kind>[] =>
  reports.filter((report): report is Of<Kind> => report.report === kind);

/** Trains in this process; `heard` is called with every report. */
const run = (job: TrainJob, heard: (report: EngineReport) => void = () => undefined, family = mlpGan) =>
  train({
    job,
    family: family as ModelFamily,
    backend,
    orders,
    report(report) {
      reports.push(report);
      heard(report);
    },
    atStep: (step) => (lastStep = step),
  });

const runFile = (file: string) => path.join(folders.runFolder, file);
const checkpointFile = (step: number) => runFile(`checkpoints/${String(step).padStart(8, '0')}.safetensors`);

describe('a training run', () => {
  it('draws and saves when due, at the end, and never twice at one step', async () => {
    await run(trainJob(config, folders, 10));
    expect(reports[0]).toMatchObject({ report: 'started', step: 0, trainedMs: 0 });
    expect(of('sample').map(({ step }) => step)).toEqual([0, 4, 8, 10]);
    expect(of('checkpoint').map(({ step }) => step)).toEqual([5, 10]);
    expect(reports.at(-1)).toMatchObject({ report: 'finished', outcome: 'completed', step: 10 });
    expect(readdirSync(runFile('samples'))).toHaveLength(4);
    expect(readdirSync(runFile('checkpoints'))).toEqual(['00000005.safetensors', '00000010.safetensors']);
    expect(readCheckpoint(checkpointFile(10))).toMatchObject({ step: 10, config });
  });

  it('draws sheets of eight by eight pictures that change as it learns', async () => {
    await run(trainJob(config, folders, 8));
    const [first, later] = await Promise.all(
      [0, 8].map((step) => sharp(runFile(of('sample').find((s) => s.step === step)!.file)).toBuffer()),
    );
    expect(await sharp(first).metadata()).toMatchObject({ width: 224, height: 224 });
    expect(first!.equals(later!)).toBe(false);
  });

  it('averages every scalar of the steps in its ticks', async () => {
    await run(trainJob(config, folders, 10));
    const last = of('tick').at(-1)!;
    expect(last.step).toBe(10);
    expect(Object.keys(last.values).sort()).toEqual([
      'discriminatorGradientNorm',
      'discriminatorLoss',
      'generatedScore',
      'generatorGradientNorm',
      'generatorLoss',
      'learningRate',
      'memoryMb',
      'realScore',
      'stepsPerSecond',
      'tensors',
    ]);
    expect(Object.values(last.values).every((value) => value > 0)).toBe(true);
    expect(last.stepMs).toBeGreaterThan(0);
  });

  it('keeps a log with a line for each report', async () => {
    await run(trainJob(config, folders, 6));
    const lines = readFileSync(runFile('log.ndjson'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      reports.map((report) => ({ at: expect.any(Number), ...report })),
    );
  });

  it('goes on to the same bytes from a checkpoint as without a break', async () => {
    await run(trainJob(config, folders, 10));
    const straight = of('checkpoint').at(-1)!.sha256;
    rmSync(checkpointFile(10));
    reports = [];
    await run(trainJob(config, folders, 10, checkpointFile(5)));
    expect(of('started')[0]!.step).toBe(5);
    expect(of('checkpoint')).toMatchObject([{ step: 10, sha256: straight }]);
  });

  it('is complete at once when the checkpoint is already past the end', async () => {
    await run(trainJob(config, folders, 5));
    reports = [];
    await run(trainJob(config, folders, 3, checkpointFile(5)));
    expect(reports).toMatchObject([
      { report: 'started', step: 5 },
      { report: 'finished', outcome: 'completed', step: 5, stepMs: null },
    ]);
  });

  it('ends by itself after its minutes', async () => {
    const job: TrainJob = { ...trainJob(config, folders, 1), stop: { kind: 'minutes', minutes: 0.05 } };
    await run(job);
    const finished = of('finished')[0]!;
    expect(finished.outcome).toBe('completed');
    expect(finished.step).toBeGreaterThanOrEqual(1);
    expect(finished.trainedMs).toBeGreaterThanOrEqual(3000);
    expect(existsSync(checkpointFile(finished.step))).toBe(true);
  });

  it('frees every tensor when it ends', async () => {
    const before = tf.memory().numTensors;
    await run(trainJob(config, folders, 3));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('orders', () => {
  it('to stop saves, draws and ends', async () => {
    await run(trainJob(config, folders, 1_000_000), ({ report, ...rest }) => {
      if (report === 'sample' && 'step' in rest && rest.step === 8) orders.push({ order: 'stop' });
    });
    const { outcome, step } = of('finished')[0]!;
    expect(outcome).toBe('stopped');
    expect(of('checkpoint').at(-1)!.step).toBe(step);
    expect(of('sample').at(-1)!.step).toBe(step);
    expect(existsSync(checkpointFile(step))).toBe(true);
  });

  it('to pause hold the step, and saving and drawing still work meanwhile', async () => {
    orders.push({ order: 'pause' });
    orders.push({ order: 'pause' });
    const running = run(trainJob(config, folders, 6));
    await expect.poll(() => of('paused')).toEqual([{ report: 'paused', step: 0 }]);
    orders.push({ order: 'save' });
    orders.push({ order: 'save' });
    orders.push({ order: 'sample' });
    await expect.poll(() => of('checkpoint')).toMatchObject([{ step: 0 }]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(lastStep).toBe(-1);
    orders.push({ order: 'resume' });
    await running;
    expect(of('paused')).toHaveLength(1);
    expect(of('resumed')).toEqual([{ report: 'resumed', step: 0 }]);
    expect(of('sample').map(({ step }) => step)).toEqual([0, 4, 6]);
    expect(of('finished')).toMatchObject([{ outcome: 'completed', step: 6 }]);
  });

  it('to stop end a pause too, and a pause is no training time', async () => {
    orders.push({ order: 'pause' });
    const running = run(trainJob(config, folders, 6));
    await expect.poll(() => of('paused')).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    orders.push({ order: 'stop' });
    await running;
    expect(of('finished')).toMatchObject([{ outcome: 'stopped', step: 0 }]);
    expect(of('finished')[0]!.trainedMs).toBeLessThan(3000);
  });

  it('to save or draw are obeyed at the step where they arrive', async () => {
    const quiet = smallConfig('mlp-gan-28', { sampleEverySteps: 1000, checkpointEverySteps: 1000 });
    orders.push({ order: 'save' });
    orders.push({ order: 'resume' });
    await run(trainJob(quiet, folders, 3));
    expect(of('checkpoint').map(({ step }) => step)).toEqual([0, 3]);
    expect(of('resumed')).toEqual([]);
  });
});

describe('a run that cannot go on', () => {
  const poison = async (name: string) => {
    await run(trainJob(config, folders, 5));
    reports = [];
    const good = readCheckpoint(checkpointFile(5));
    const tensors = new Map(good.tensors);
    const data = Float32Array.from(tensors.get(name)!.data as Float32Array);
    data[data.length - 1] = NaN;
    tensors.set(name, { ...tensors.get(name)!, data });
    rmSync(checkpointFile(5));
    writeCheckpoint(folders.runFolder, { ...good, tensors });
  };

  it('stops at the step where a number is not finite, names the tensor and saves nothing of it', async () => {
    await poison('generator.hidden2.weights');
    await expect(run(trainJob(config, folders, 20, checkpointFile(5)))).rejects.toMatchObject({
      code: 'numbers-not-finite',
      details: { step: 6, tensor: expect.stringMatching(/^(generator|discriminator)\./) },
    });
    expect(readdirSync(runFile('checkpoints'))).toEqual(['00000005.safetensors']);
    expect(of('finished')).toEqual([]);
  });

  it('also when only the optimiser was poisoned', async () => {
    await poison('discriminator-adam.score.bias.second-moment');
    await expect(run(trainJob(config, folders, 20, checkpointFile(5)))).rejects.toMatchObject({
      code: 'numbers-not-finite',
      details: { tensor: 'discriminator.score.bias' },
    });
    expect(readdirSync(runFile('checkpoints'))).toEqual(['00000005.safetensors']);
  });

  it('says that tensors pile up instead of filling the memory', async () => {
    const before = tf.memory().numTensors;
    const leaking: typeof mlpGan = {
      ...mlpGan,
      build(modelConfig) {
        const model = mlpGan.build(modelConfig);
        return {
          ...model,
          trainStep(images, step) {
            tf.keep(tf.scalar(step));
            return model.trainStep(images, step);
          },
        };
      },
    };
    const job = trainJob(config, folders, 1_000_000);
    await expect(run(job, undefined, leaking)).rejects.toMatchObject({ code: 'engine-failed' });
    expect(tf.memory().numTensors).toBeGreaterThan(before);
  });

  it('says which checkpoint is damaged', async () => {
    await run(trainJob(config, folders, 5));
    truncateSync(checkpointFile(5), 1000);
    await expect(run(trainJob(config, folders, 9, checkpointFile(5)))).rejects.toMatchObject({
      code: 'checkpoint-corrupt',
      details: { file: checkpointFile(5) },
    });
  });

  it('says that the dataset is not the one it was', async () => {
    const job = { ...trainJob(config, folders, 5), images: 21 };
    await expect(run(job)).rejects.toMatchObject({ code: 'dataset-changed' });
  });
});
