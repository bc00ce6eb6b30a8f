import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src-main/engine/checkpoint.ts';
import { imago } from '../helpers/command-line.ts';
import { sampleDataset, smallRun, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const settings = { checkpointEverySteps: 20, sampleEverySteps: 1000, keepCheckpoints: 10 };

describe('a run that starts from another’s layers', () => {
  it('tells beforehand what it takes over, begins at step 0, and leaves frozen layers as they were', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const source = await smallRun(studio, dataset, { steps: 40, settings });
    await studio.runs.whenEnded(source.id);
    const request = {
      projectId: dataset.projectId,
      datasetId: dataset.datasetId,
      version: dataset.version.version,
      presetId: 'mlp-gan-28',
      settings: { frozenDiscriminatorLayers: 1, learningRate: 0.0001 },
      stop: { kind: 'steps', steps: 20 } as const,
      from: { runId: source.id, step: 20 },
    };
    const plan = await studio.runs.planStart(request);
    expect(plan.step).toBe(20);
    // What was not said is as in the other run.
    expect(plan.settings).toMatchObject({ hiddenSize: 16, batchSize: 8, learningRate: 0.0001 });
    expect(new Set(plan.layers.flatMap(({ start }) => start ?? []))).toEqual(new Set(['taken']));
    const frozen = plan.layers.filter((row) => row.frozen);
    expect(frozen.map(({ network }) => network)).toEqual(['discriminator']);
    expect(studio.runs.list()).toHaveLength(1);

    const run = await studio.runs.create(request);
    expect(run.parent).toMatchObject({ runId: source.id, step: 20, start: 'fresh' });
    // It has a copy: what becomes of the other run is no matter.
    await rm((await studio.runs.checkpoints.at(source.id, 20)).path);
    const done = await studio.runs.whenEnded(run.id);
    expect(done).toMatchObject({ state: 'completed', step: 20 });
    expect(studio.runs.notes(source.id).at(-1)).toMatchObject({ kind: 'forked', detail: run.name });
    const { path } = (await studio.runs.checkpoints.last(run.id))!;
    const before = readCheckpoint(join(dirname(dirname(path)), 'start.safetensors')).tensors;
    const after = readCheckpoint(path).tensors;
    const layer = `discriminator.${frozen[0]!.name}`;
    for (const part of ['weights', 'bias']) {
      expect(after.get(`${layer}.${part}`)!.data).toEqual(before.get(`${layer}.${part}`)!.data);
      expect(after.has(`discriminator-adam.${frozen[0]!.name}.${part}.first-moment`)).toBe(false);
    }
    // Thawed on the way: the run is asked for it, and keeps that it was.
    await studio.runs.set(run.id, { frozenDiscriminatorLayers: 0 });
    await studio.runs.resume(run.id, { kind: 'steps', steps: 40 });
    const thawed = await studio.runs.whenEnded(run.id);
    expect(thawed).toMatchObject({ state: 'completed', step: 40 });
    const last = readCheckpoint((await studio.runs.checkpoints.last(run.id))!.path).tensors;
    expect(last.get(`${layer}.weights`)!.data).not.toEqual(before.get(`${layer}.weights`)!.data);
  });

  it('writes the same bytes when it was stopped before its first checkpoint and went on', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const source = await smallRun(studio, dataset, { steps: 20, settings });
    await studio.runs.whenEnded(source.id);
    const make = () =>
      studio.runs.create({
        projectId: dataset.projectId,
        datasetId: dataset.datasetId,
        version: dataset.version.version,
        presetId: 'mlp-gan-28',
        seed: 5,
        stop: { kind: 'steps', steps: 40 },
        from: { runId: source.id, mode: 'kept' },
      });
    const straight = await studio.runs.whenEnded((await make()).id);
    const broken = await make();
    await studio.runs.stop(broken.id);
    await studio.runs.whenEnded(broken.id);
    await studio.runs.resume(broken.id);
    const resumed = await studio.runs.whenEnded(broken.id);
    expect(resumed.checkpoints.at(-1)!.sha256).toBe(straight.checkpoints.at(-1)!.sha256);
  });

  it('is refused before anything is made where it cannot fit, in words that say what would', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const source = await smallRun(studio, dataset, { steps: 20, settings });
    await studio.runs.whenEnded(source.id);
    const refused = (request: object) =>
      expect(
        studio.runs.create({
          projectId: dataset.projectId,
          datasetId: dataset.datasetId,
          version: dataset.version.version,
          presetId: 'mlp-gan-28',
          from: { runId: source.id },
          ...request,
        }),
      ).rejects;
    await refused({ presetId: 'dcgan-28' }).toMatchObject({
      code: 'checkpoint-foreign',
      message: expect.stringContaining('These presets can start from it: mlp-gan-28.'),
    });
    await refused({ settings: { hiddenSize: 24, latentSize: 16 } }).toMatchObject({
      code: 'checkpoint-foreign',
    });
    await refused({ from: { runId: source.id, step: 7 } }).toMatchObject({ code: 'checkpoint-missing' });
    await refused({ settings: { frozenGeneratorLayers: -1 } }).toMatchObject({
      code: 'setting-out-of-range',
    });
    expect(studio.runs.list()).toHaveLength(1);
  });
});

it('imago train --from starts from a run’s checkpoint, saying which layers it takes', async () => {
  const workspace = join(temporaryFolder(), 'workspace');
  const common = ['--workspace', workspace, '--json'];
  await imago('sample', '--name', 'Digits', '--images', '60', ...common);
  const small = ['--set', 'batchSize=8', '--set', 'baseChannels=4', '--set', 'latentSize=8'];
  const trained = await imago(
    ...['train', '--dataset', 'Digits', '--preset', 'vae-28', '--steps', '4', '--name', 'Trunk'],
    ...[...small, ...common],
  );
  expect(trained.exitCode).toBe(0);
  const tuned = await imago(
    ...['train', '--dataset', 'Digits', '--from', 'Trunk@4', '--steps', '2'],
    ...['--set', 'latentSize=6', '--set', 'frozenEncoderLayers=2', ...common],
  );
  expect(tuned.exitCode, tuned.stderr).toBe(0);
  expect(tuned.stderr).toContain('taken over: encoder.reduce1, encoder.reduce2,');
  expect(tuned.stderr).toContain('start anew: encoder.moments, decoder.project');
  expect(tuned.stderr).toContain('stay frozen: encoder.reduce1, encoder.reduce2');
  const config = JSON.parse(
    await readFile(join(workspace, 'runs', String(tuned.json?.run), 'config.json'), 'utf8'),
  ) as { parent: object; settings: object };
  expect(config).toMatchObject({
    parent: { name: 'Trunk', step: 4, start: 'fresh' },
    settings: { baseChannels: 4, latentSize: 6 },
  });
  const stray = await imago(
    'train',
    '--dataset',
    'Digits',
    '--preset',
    'vae-28',
    '--keep-optimiser',
    ...common,
  );
  expect(stray.exitCode).not.toBe(0);
  expect(stray.stderr).toContain('--keep-optimiser goes with --from');
});
