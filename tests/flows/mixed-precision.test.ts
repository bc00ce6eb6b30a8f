import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeRunFolders, smallConfig, trainJob } from '../engine/engine-fixtures.ts';
import { imago } from '../helpers/command-line.ts';
import { sampleDataset, smallRun, studioForTest } from '../helpers/open-studio.ts';
import {
  halfPrecisionGraphics,
  howToHalfPrecision,
  noGraphics,
  setEnvironment,
} from '../helpers/software-graphics.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { startEngine } from './engine-process.ts';

const graphics = halfPrecisionGraphics();
if (graphics === null) console.warn(howToHalfPrecision);

const small = ['batchSize=8', 'hiddenSize=16', 'latentSize=8'].flatMap((setting) => ['--set', setting]);

describe('a run in mixed precision', () => {
  it('is refused before it begins where there is no 16-bit arithmetic, with what to do', async () => {
    setEnvironment(noGraphics);
    const workspace = join(temporaryFolder(), 'workspace');
    const studio = await studioForTest(workspace);
    const dataset = await sampleDataset(studio, 60);
    await expect(smallRun(studio, dataset, { steps: 4, settings: { precision: 'mixed' } })).rejects.toThrow(
      expect.objectContaining({
        code: 'precision-unavailable',
        message: expect.stringContaining('precision=full'),
      }),
    );
    expect(studio.runs.list(dataset.projectId)).toEqual([]);
    const run = await smallRun(studio, dataset, { steps: 4 });
    await studio.runs.whenEnded(run.id);
    await expect(studio.runs.fork({ id: run.id, settings: { precision: 'mixed' } })).rejects.toThrow(
      expect.objectContaining({ code: 'precision-unavailable' }),
    );
    await expect(studio.estimates.of('mlp-gan-28', { precision: 'mixed' })).rejects.toThrow(
      expect.objectContaining({ code: 'precision-unavailable' }),
    );
    await studio.close();
    const train = ['train', '--dataset', 'Digits', '--preset', 'mlp-gan-28', '--steps', '4'];
    const where = ['--workspace', workspace, '--json'];
    const refused = await imago(...train, ...small, '--set', 'precision=mixed', ...where);
    expect({ code: refused.exitCode, error: refused.json?.error }).toMatchObject({
      code: 1,
      error: { code: 'precision-unavailable' },
    });
  }, 120_000);

  it.skipIf(graphics === null)(
    'trains on a card that has it, by the command line, and is drawn from anywhere',
    async (context) => {
      setEnvironment(graphics!);
      const where = ['--workspace', join(temporaryFolder(), 'workspace')];
      await imago('sample', '--name', 'Digits', '--images', '60', '--seed', '3', ...where);
      const pinned = await imago('backends', 'pin', 'webgpu', ...where);
      if (!pinned.stdout.includes('16-bit arithmetic')) return context.skip(howToHalfPrecision);
      const train = ['train', '--dataset', 'Digits', '--preset', 'mlp-gan-28', '--steps', '4'];
      const trained = await imago(...train, ...small, '--set', 'precision=mixed', ...where, '--json');
      expect(trained.json).toMatchObject({ backend: 'webgpu', steps: 4 });
      const run = String(trained.json?.run);
      const log = readFileSync(join(where[1]!, 'runs', run, 'log.ndjson'), 'utf8');
      expect(log).toMatch(/"lossScale":32768,"updatesLeftOut":0/);
      await imago('backends', 'pin', 'wasm', ...where);
      const drawn = await imago('generate', '--run', run, '--count', '2', '--seed', '1', ...where, '--json');
      expect(drawn.json?.images).toHaveLength(2);
      // What it needs has gone: said before anything is made of it, or trained.
      const forked = await imago('fork', run, '--steps', '8', ...where, '--json');
      expect(forked.json?.error).toMatchObject({ code: 'precision-unavailable' });
      const full = ['fork', run, '--steps', '8', '--set', 'precision=full'];
      expect((await imago(...full, ...where, '--json')).json).toMatchObject({ steps: 8 });
    },
    240_000,
  );

  it.skipIf(graphics === null)(
    'goes on from a checkpoint to the same bytes',
    async (context) => {
      setEnvironment(graphics!);
      const config = smallConfig('mlp-gan-28', { precision: 'mixed', batchSize: 8, checkpointEverySteps: 3 });
      const [straight, broken] = [makeRunFolders(config, 70), makeRunFolders(config, 70)];
      const file = ({ runFolder }: typeof straight, step: number) =>
        join(runFolder, `checkpoints/0000000${step}.safetensors`);
      const onWebgpu = (job: ReturnType<typeof trainJob>) => ({
        ...job,
        backend: { id: 'webgpu' as const, threads: 1 },
      });
      const first = startEngine(onWebgpu(trainJob(config, straight, 6)));
      await first.ended;
      const refusals = ['backend-unavailable', 'precision-unavailable'];
      if (first.of('failed').some(({ failure }) => refusals.includes(failure.code))) {
        return context.skip(howToHalfPrecision);
      }
      const resumed = startEngine(onWebgpu(trainJob(config, broken, 6, file(straight, 3))));
      expect(await resumed.ended).toMatchObject({ code: 0 });
      expect(readFileSync(file(broken, 6)).equals(readFileSync(file(straight, 6)))).toBe(true);
    },
    120_000,
  );
});
