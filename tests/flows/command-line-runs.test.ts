import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildIfStale } from '../../src-main/cli/build.ts';
import { imago } from '../helpers/command-line.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

beforeAll(() => buildIfStale(['kernels']));

const quick = ['--set', 'batchSize=8', '--set', 'hiddenSize=16', '--set', 'latentSize=8'];

describe('the command line looks after runs', () => {
  it('forks, changes, stars, queues, estimates and draws from several as one', async () => {
    const workspace = ['--workspace', join(temporaryFolder(), 'workspace'), '--json'];
    await imago('sample', '--name', 'Digits', '--images', '60', '--seed', '3', ...workspace);
    const train = ['train', '--dataset', 'Digits', '--preset', 'mlp-gan-28', '--steps', '30', '--seed', '5'];
    const trained = await imago(...train, ...quick, '--set', 'checkpointEverySteps=10', ...workspace);
    const run = String(trained.json?.run);

    const starred = await imago('checkpoints', run, '--star', '10', ...workspace);
    expect(starred.json?.checkpoints).toMatchObject([
      { step: 10, marked: true },
      { step: 20, marked: false },
      { step: 30, marked: false },
    ]);
    const changed = await imago('set', run, 'learningRate=0.0001', 'keepCheckpoints=1', ...workspace);
    expect(changed.json).toMatchObject({
      settings: { learningRate: 0.0001, keepCheckpoints: 1 },
      changes: [
        { key: 'learningRate', step: 30, cause: 'user' },
        { key: 'keepCheckpoints', to: 1 },
      ],
    });
    const fixed = await imago('set', run, 'latentSize=9', ...workspace);
    expect({ code: fixed.exitCode, error: fixed.json?.error }).toMatchObject({
      code: 2,
      error: { code: 'setting-fixed' },
    });

    const fork = ['fork', run, '--at', '20', '--steps', '40', '--set', 'batchSize=4', '--name', 'Branch'];
    const forked = await imago(...fork, ...workspace);
    expect(forked.json).toMatchObject({ steps: 40, parent: { runId: run, step: 20 } });
    const foreign = await imago('fork', run, '--preset', 'dcgan-28', ...workspace);
    expect({ code: foreign.exitCode, error: foreign.json?.error }).toMatchObject({
      code: 1,
      error: { code: 'checkpoint-foreign' },
    });

    const drawn = ['generate', '--run', run, '--with', 'Branch@40', '--with', `${run}@10`];
    const images = await imago(...drawn, '--count', '6', '--seed', '1', ...workspace);
    expect(images.json?.images).toHaveLength(6);

    const queue = await imago('queue', '--at-once', '2', ...workspace);
    expect(queue.json).toEqual({ runsAtOnce: 2, runs: [] });
    expect((await imago('queue', ...workspace.slice(0, 2))).stdout).toContain('At once on one device: 2');

    const estimate = await imago('estimate', '--preset', 'mlp-gan-28', ...quick, ...workspace.slice(0, 2));
    expect(estimate.exitCode).toBe(0);
    expect(estimate.stdout).toMatch(/layer +output +weights\n/);
    expect(estimate.stdout).toMatch(/generator\.\S+ +\S+ +\d+/);
    expect(estimate.stdout).toMatch(/ms a step on .*about [\d.]+ minutes for \d+ steps/);
    const night = ['--steps', '100000000'];
    const long = await imago('estimate', '--preset', 'mlp-gan-28', ...night, ...workspace.slice(0, 2));
    expect(long.stdout).toMatch(/about [\d.]+ hours for 100000000 steps/);
    expect(estimate.stdout).toMatch(/Memory: about \d+ MB/);
  }, 180_000);
});
