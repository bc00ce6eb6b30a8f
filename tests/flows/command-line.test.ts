import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildIfStale } from '../../src-main/cli/build.ts';
import { hashFile } from '../../src-main/workspace/files.ts';
import { imago, startCommand } from '../helpers/command-line.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

beforeAll(() => buildIfStale(['kernels']));

const quick = ['--set', 'batchSize=8', '--set', 'hiddenSize=16', '--set', 'latentSize=8'];

describe('the command line', () => {
  it('goes from the sample to an exported set that imports again', async () => {
    const folder = temporaryFolder();
    const workspace = ['--workspace', join(folder, 'workspace'), '--json'];
    const sample = await imago('sample', '--name', 'Digits', '--images', '100', '--seed', '3', ...workspace);
    expect(sample.json).toMatchObject({ version: 1, images: 100, classes: 10, quarantined: 0 });
    expect(sample.exitCode).toBe(0);

    const trained = await imago(
      'train',
      '--dataset',
      String(sample.json?.dataset),
      '--preset',
      'mlp-gan-28',
      '--steps',
      '30',
      '--seed',
      '5',
      ...quick,
      ...workspace,
    );
    expect(trained.json).toMatchObject({ steps: 30, backend: 'wasm', stepMs: expect.any(Number) });
    const checkpoint = String(trained.json?.checkpoint);
    expect(existsSync(checkpoint)).toBe(true);
    const hash30 = await hashFile(checkpoint);

    const further = await imago(
      'train',
      '--resume',
      String(trained.json?.run),
      '--steps',
      '60',
      ...workspace,
    );
    expect(further.json).toMatchObject({ run: trained.json?.run, steps: 60 });
    expect(await hashFile(String(further.json?.checkpoint))).not.toBe(hash30);

    const run = String(trained.json?.run);
    const made = await imago('generate', '--run', run, '--count', '6', '--seed', '9', ...workspace);
    expect(made.json?.images).toHaveLength(6);
    const older = await imago(
      'generate',
      '--run',
      run,
      '--checkpoint',
      '30',
      '--count',
      '1',
      '--seed',
      '9',
      ...workspace,
    );
    expect(older.json?.images).toHaveLength(1);

    const ids = join(folder, 'ids.json');
    writeFileSync(ids, made.stdout);
    const set = join(folder, 'set.zip');
    const exported = await imago('export', '--ids', ids, '--to', set, '--format', 'zip', ...workspace);
    expect(exported.json).toMatchObject({ path: set, images: 6, bytes: expect.any(Number) });

    const whole = join(folder, 'set');
    const folderExport = await imago('export', '--run', run, '--to', whole, ...workspace);
    expect(folderExport.json).toMatchObject({ images: 7 });
    expect(readFileSync(join(whole, 'metadata.jsonl'), 'utf8').trim().split('\n')).toHaveLength(7);

    const back = await imago('import', set, '--name', 'Back', ...workspace);
    expect(back.json).toMatchObject({ images: 6, quarantined: 0 });
    const datasets = await imago('datasets', ...workspace);
    expect(datasets.json?.datasets).toHaveLength(2);
    const runs = await imago('runs', ...workspace);
    expect(runs.json?.runs).toEqual([expect.objectContaining({ id: run, state: 'completed', step: 60 })]);
  });

  it('trains the same bytes for the same seed', async () => {
    const hashes: string[] = [];
    const workspace = ['--workspace', join(temporaryFolder(), 'workspace'), '--json'];
    const { json } = await imago('sample', '--name', 'Digits', '--images', '50', ...workspace);
    for (const seed of ['1', '1', '2']) {
      const trained = await imago(
        ...['train', '--dataset', String(json?.dataset), '--preset', 'mlp-gan-28', '--steps', '10'],
        ...['--seed', seed, ...quick, ...workspace],
      );
      hashes.push(await hashFile(String(trained.json?.checkpoint)));
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });

  it('saves and ends well on Ctrl-C while it trains', async () => {
    const workspace = ['--workspace', join(temporaryFolder(), 'workspace'), '--json'];
    const { json } = await imago('sample', '--name', 'Digits', '--images', '50', ...workspace);
    const training = startCommand(
      ...['train', '--dataset', String(json?.dataset), '--preset', 'mlp-gan-28', '--steps', '10000000'],
      ...[...quick, ...workspace],
    );
    while (!training.printed().includes('Step ')) await new Promise((resolve) => setTimeout(resolve, 50));
    training.child.kill('SIGINT');
    const result = await training.ended;
    expect(result.exitCode).toBe(0);
    expect(existsSync(String(result.json?.checkpoint))).toBe(true);
    expect(result.json?.steps).toBeGreaterThan(0);
  });

  it('makes a version in the preset’s form where there is none', async () => {
    const workspace = ['--workspace', join(temporaryFolder(), 'workspace'), '--json'];
    const { json } = await imago('sample', '--name', 'Digits', '--images', '50', ...workspace);
    const trained = await imago(
      ...['train', '--dataset', 'Digits', '--preset', 'dcgan-32-rgb', '--steps', '1'],
      ...['--set', 'batchSize=4', '--set', 'baseChannels=4', ...workspace],
    );
    expect(trained.exitCode).toBe(0);
    const datasets = (await imago('datasets', ...workspace)).json?.datasets as {
      id: string;
      versions: { sizePx: number; channels: number }[];
    }[];
    expect(datasets.find(({ id }) => id === json?.dataset)?.versions).toEqual([
      expect.objectContaining({ sizePx: 28, channels: 1 }),
      expect.objectContaining({ sizePx: 32, channels: 3 }),
    ]);
  });

  it('lists the presets with their settings', async () => {
    const { json, exitCode } = await imago('presets', '--json');
    expect(exitCode).toBe(0);
    const presets = json?.presets as { id: string; settings: { key: string }[] }[];
    expect(presets.map(({ id }) => id)).toContain('dcgan-64-rgb');
    expect(presets[0].settings.map(({ key }) => key)).toContain('batchSize');
  });

  it('explains each command', async () => {
    for (const command of [
      'import',
      'sample',
      'presets',
      'datasets',
      'runs',
      'train',
      'generate',
      'export',
      'serve',
    ]) {
      const { exitCode, stdout } = await imago(command, '--help');
      expect(exitCode).toBe(0);
      expect(stdout).toContain('--workspace');
      expect(stdout).toContain('--json');
    }
  });

  it('tells wrong usage (2) from failure (1), and names what is wrong', async () => {
    const folder = temporaryFolder();
    const workspace = ['--workspace', join(folder, 'workspace')];
    await imago('sample', '--name', 'Digits', '--images', '20', ...workspace);
    const train = ['train', '--dataset', 'Digits', '--preset', 'mlp-gan-28', '--json', ...workspace];
    const cases: [words: string[], exitCode: number, code: string | null][] = [
      [['dance'], 2, null],
      [['import'], 2, null],
      [['train', ...workspace], 2, null],
      [['sample', '--name', 'x', '--images', 'many', ...workspace], 2, null],
      [['import', folder, '--name', 'x', '--size', '31', ...workspace], 2, null],
      [[...train, '--steps', '0'], 2, null],
      [[...train, '--set', 'batchSize'], 2, null],
      [[...train, '--set', 'speed=11'], 2, 'setting-unknown'],
      [[...train, '--set', 'batchSize=0'], 2, 'setting-out-of-range'],
      [['train', '--dataset', 'Digits', '--preset', 'gan-28', '--json', ...workspace], 2, 'preset-unknown'],
      [['train', '--dataset', 'Cats', '--preset', 'dcgan-28', '--json', ...workspace], 1, 'not-found'],
      [['runs', '--json', '--workspace', join(folder, 'misspelt')], 1, 'workspace-missing'],
      [['import', join(folder, 'gone'), '--name', 'x', '--json', ...workspace], 1, 'path-missing'],
      [['export', '--to', join(folder, 'set'), '--json', ...workspace], 2, 'input-invalid'],
    ];
    for (const [words, exitCode, code] of cases) {
      const result = await imago(...words);
      expect({ words, exitCode: result.exitCode }).toEqual({ words, exitCode });
      expect(result.stderr.trim()).not.toBe('');
      if (code) expect(result.json).toMatchObject({ error: { code } });
    }
    expect(existsSync(join(folder, 'misspelt'))).toBe(false);
    expect((await imago('datasets', '--json', ...workspace)).json?.datasets).toHaveLength(1);
  });
});
