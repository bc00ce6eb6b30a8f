import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GenerateJob, TrialJob } from '../../src-main/contract/engine-messages.ts';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { makeRunFolders, smallConfig, trainJob } from '../engine/engine-fixtures.ts';
import { startEngine } from './engine-process.ts';

const config = smallConfig('dcgan-28', { sampleEverySteps: 1000, checkpointEverySteps: 5 });
let folders: ReturnType<typeof makeRunFolders>;

beforeAll(async () => {
  await buildKernels();
}, 60_000);
beforeEach(() => {
  folders = makeRunFolders(config);
});
afterEach(() => rmSync(folders.root, { recursive: true }));

const checkpointFile = (step: number) =>
  path.join(folders.runFolder, `checkpoints/${String(step).padStart(8, '0')}.safetensors`);
const endless = () => trainJob(config, folders, 1_000_000);
const firstCheckpoint = (engine: ReturnType<typeof startEngine>) =>
  expect.poll(() => engine.of('checkpoint').length, { timeout: 60_000 }).toBeGreaterThan(0);
const savedSteps = () =>
  readdirSync(path.join(folders.runFolder, 'checkpoints')).map((name) => parseInt(name));

describe('the engine process', { timeout: 90_000 }, () => {
  it('trains a job and ends with code 0', async () => {
    const engine = startEngine(trainJob(config, folders, 7));
    expect(await engine.ended).toMatchObject({ code: 0, standardError: '' });
    expect(engine.of('started')).toMatchObject([{ step: 0, backend: { id: 'wasm' } }]);
    expect(engine.reports.at(-1)).toMatchObject({ report: 'finished', outcome: 'completed', step: 7 });
    expect(savedSteps()).toEqual([5, 7]);
  });

  it('trains on the plain cpu backend too', async () => {
    const plain = smallConfig('mlp-gan-28', { sampleEverySteps: 1000 });
    const engine = startEngine({ ...trainJob(plain, folders, 3), backend: { id: 'cpu', threads: 1 } });
    expect(await engine.ended).toMatchObject({ code: 0 });
    expect(engine.of('started')).toMatchObject([{ backend: { id: 'cpu' } }]);
    expect(engine.of('finished')).toMatchObject([{ outcome: 'completed', step: 3 }]);
  });

  it('obeys orders that come over its channel', async () => {
    const engine = startEngine(endless());
    await firstCheckpoint(engine);
    engine.order('pause');
    await expect.poll(() => engine.of('paused').length).toBe(1);
    engine.order('resume');
    await expect.poll(() => engine.of('resumed').length).toBe(1);
    engine.order('stop');
    expect(await engine.ended).toMatchObject({ code: 0 });
    expect(engine.of('finished')).toMatchObject([{ outcome: 'stopped' }]);
  });

  it('saves and ends when the studio is gone', async () => {
    const engine = startEngine(endless());
    await firstCheckpoint(engine);
    const before = Math.max(...savedSteps());
    engine.child.disconnect();
    expect(await engine.ended).toMatchObject({ code: 0, standardError: '' });
    expect(Math.max(...savedSteps())).toBeGreaterThanOrEqual(before);
    expect(readdirSync(path.join(folders.runFolder, 'samples')).length).toBeGreaterThan(1);
  });

  it.skipIf(process.platform === 'win32')('leaves Ctrl-C to the studio and saves on SIGTERM', async () => {
    const engine = startEngine(endless());
    await firstCheckpoint(engine);
    engine.child.kill('SIGINT');
    const heard = engine.of('checkpoint').length;
    await expect.poll(() => engine.of('checkpoint').length, { timeout: 60_000 }).toBeGreaterThan(heard);
    engine.child.kill('SIGTERM');
    expect(await engine.ended).toMatchObject({ code: 0 });
    const finished = engine.of('finished')[0]!;
    expect(finished.outcome).toBe('stopped');
    expect(existsSync(checkpointFile(finished.step))).toBe(true);
  });

  it('refuses a job it does not understand, by name', async () => {
    const engine = startEngine({ ...endless(), protocol: 99 });
    expect(await engine.ended).toMatchObject({ code: 1 });
    expect(engine.reports).toMatchObject([{ report: 'failed', failure: { code: 'input-invalid' } }]);
  });

  it('refuses settings out of range, by name', async () => {
    const settings = { ...config.settings, batchSize: 1 };
    const engine = startEngine({ ...endless(), config: { ...config, settings } });
    expect(await engine.ended).toMatchObject({ code: 1 });
    expect(engine.reports).toMatchObject([
      { report: 'failed', failure: { code: 'setting-out-of-range', details: { key: 'batchSize' } } },
    ]);
  });

  it('names the file when a checkpoint to go on from is missing', async () => {
    const engine = startEngine(trainJob(config, folders, 9, checkpointFile(5)));
    expect(await engine.ended).toMatchObject({ code: 1 });
    expect(engine.reports).toMatchObject([
      { report: 'failed', failure: { code: 'checkpoint-missing', details: { file: checkpointFile(5) } } },
    ]);
  });

  it('goes on training when an order makes no sense', async () => {
    const engine = startEngine(endless());
    engine.child.send({ order: 'dance' });
    await firstCheckpoint(engine);
    engine.order('stop');
    expect(await engine.ended).toMatchObject({ code: 0, standardError: expect.stringContaining('order') });
  });
});

describe('generating', { timeout: 90_000 }, () => {
  const generateJob = (seeds: number[]): GenerateJob => ({
    job: 'generate',
    protocol: engineProtocol,
    backend: { id: 'wasm', threads: 1 },
    config,
    checkpoint: checkpointFile(5),
    seeds,
    provenance: {
      generator: { name: 'Imago Studio', version: '0.1.0' },
      run: {
        id: 'r1',
        name: 'run',
        preset: 'dcgan-28',
        family: 'dcgan',
        seed: 3,
        step: 5,
        checkpointSha256: 'a'.repeat(64),
        settings: config.settings,
        backend: 'wasm',
      },
      dataset: {
        id: 'd1',
        name: 'noise',
        version: 1,
        hash: 'b'.repeat(64),
        images: 20,
        licence: { name: '', attribution: '' },
      },
    },
  });

  it('gives one marked PNG for each seed, in order, each other than the rest', async () => {
    await startEngine(trainJob(config, folders, 5)).ended;
    const seeds = Array.from({ length: 70 }, (_, index) => index * 1000);
    const engine = startEngine(generateJob(seeds));
    expect(await engine.ended).toMatchObject({ code: 0, standardError: '' });
    const images = engine.of('image');
    expect(images.map(({ index, seed }) => [index, seed])).toEqual(seeds.map((seed, index) => [index, seed]));
    expect(engine.reports.at(-1)).toMatchObject({ report: 'finished', outcome: 'completed', step: 5 });
    const pixels = new Set<string>();
    for (const { png, seed } of images) {
      const { data, info } = await sharp(png)
        .toColourspace('b-w')
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 28, height: 28, channels: 1 });
      pixels.add(data.toString('base64'));
      expect(readProvenance(png)).toMatchObject({ seed, run: { id: 'r1', step: 5 } });
    }
    expect(pixels.size).toBe(seeds.length);
  });

  it('gives a seed the same file alone, last of a batch, or in the next batch', async () => {
    await startEngine(trainJob(config, folders, 5)).ended;
    const others = Array.from({ length: 65 }, (_, index) => index);
    const files = [];
    for (const seeds of [[777], [...others.slice(0, 63), 777], [...others, 777]]) {
      const engine = startEngine(generateJob(seeds));
      await engine.ended;
      files.push(Buffer.from(engine.of('image').find(({ seed }) => seed === 777)!.png));
    }
    expect(files[1]!.equals(files[0]!)).toBe(true);
    expect(files[2]!.equals(files[0]!)).toBe(true);
  });
});

describe('a trial', { timeout: 90_000 }, () => {
  const trialJob: TrialJob = {
    job: 'trial',
    protocol: engineProtocol,
    backend: { id: 'wasm', threads: 1 },
    config,
    steps: 10,
    limitMs: 20_000,
  };

  it('says what a step takes and how much memory', async () => {
    const engine = startEngine(trialJob);
    expect(await engine.ended).toMatchObject({ code: 0 });
    const [trial] = engine.of('trial');
    expect(trial).toMatchObject({ steps: 10, parameters: { generator: expect.any(Number) } });
    expect(trial!.stepMs).toBeGreaterThan(0);
    expect(trial!.memoryBytes).toBeGreaterThan(30e6);
    expect(engine.of('finished')).toMatchObject([{ outcome: 'completed' }]);
  });

  it('begins no new step after its limit', async () => {
    const engine = startEngine({ ...trialJob, limitMs: 0.001 });
    expect(await engine.ended).toMatchObject({ code: 0 });
    expect(engine.of('trial')[0]!.steps).toBeLessThan(3);
  });
});
