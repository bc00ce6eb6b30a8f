import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineOrder } from '../../src-main/contract/engine-messages.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { makeRunFolders, smallConfig, trainJob } from '../engine/engine-fixtures.ts';
import { sampleDataset, smallRun, studioForTest, whenRun } from '../helpers/open-studio.ts';
import { startEngine } from './engine-process.ts';

const made: string[] = [];
beforeAll(async () => {
  await buildKernels();
}, 60_000);
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

describe('a setting that changes on the way', () => {
  it('leads to the same bytes by order, by plan, and after a kill between', async () => {
    const config = smallConfig('vae-28', {
      batchSize: 8,
      sampleEverySteps: 1000,
      checkpointEverySteps: 40,
    });
    const folders = () => {
      const folder = makeRunFolders(config, 70);
      made.push(folder.root);
      return folder;
    };
    const bytes = (of: ReturnType<typeof folders>, step: number) =>
      readFileSync(path.join(of.runFolder, `checkpoints/${String(step).padStart(8, '0')}.safetensors`));
    const set: EngineOrder = { order: 'set', settings: { learningRate: 0.0003, horizontalFlip: true } };

    const ordered = folders();
    const first = startEngine(trainJob(config, ordered, 160), (report) => {
      if (report.report === 'checkpoint' && report.step === 40) first.child.send(set);
    });
    expect(await first.ended).toMatchObject({ code: 0 });
    const [changed] = first.of('changed');
    expect(changed!.step).toBeGreaterThanOrEqual(40);
    expect(changed!.changes.map(({ key, from, to }) => [key, from, to])).toEqual([
      ['learningRate', config.settings.learningRate, 0.0003],
      ['horizontalFlip', false, true],
    ]);
    const changes = changed!.changes.map(({ key, to }) => ({ step: changed!.step, key, to }));

    const planned = folders();
    await startEngine({ ...trainJob(config, planned, 160), changes }).ended;
    expect(bytes(planned, 160).equals(bytes(ordered, 160))).toBe(true);

    const killed = folders();
    const second = startEngine({ ...trainJob(config, killed, 160), changes }, (report) => {
      if (report.report === 'checkpoint' && report.step === 120) second.child.kill('SIGKILL');
    });
    await second.ended;
    for (const step of [40, 120]) {
      const from = path.join(killed.runFolder, `checkpoints/${String(step).padStart(8, '0')}.safetensors`);
      const resumed = startEngine({ ...trainJob(config, killed, 160, from), changes });
      expect(await resumed.ended).toMatchObject({ code: 0 });
      expect(bytes(killed, 160).equals(bytes(ordered, 160))).toBe(true);
    }

    const unchanged = folders();
    await startEngine(trainJob(config, unchanged, 160)).ended;
    expect(bytes(unchanged, 160).equals(bytes(ordered, 160))).toBe(false);
  }, 180_000);

  it('is refused by the engine where it decides what the model is, and training goes on', async () => {
    const config = smallConfig('mlp-gan-28', { sampleEverySteps: 1000, checkpointEverySteps: 20 });
    const folders = makeRunFolders(config);
    made.push(folders.root);
    const engine = startEngine(trainJob(config, folders, 60), (report) => {
      if (report.report === 'checkpoint' && report.step === 20) {
        engine.child.send({ order: 'set', settings: { latentSize: 9 } });
      }
    });
    expect(await engine.ended).toMatchObject({ code: 0 });
    expect(engine.of('change-refused')).toMatchObject([
      { failure: { code: 'setting-fixed', details: { key: 'latentSize' } } },
    ]);
    expect(engine.of('finished')).toMatchObject([{ outcome: 'completed', step: 60 }]);
  }, 60_000);

  it('is kept with its step, while the run trains and while it rests', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const { id } = await smallRun(studio, dataset, {
      steps: 1_000_000,
      settings: { checkpointEverySteps: 50, sampleEverySteps: 100_000 },
    });
    await whenRun(studio, id, (run) => run.checkpoints.length > 0);
    const before = studio.runs.get(id).settings.learningRate;
    const set = await studio.runs.set(id, { learningRate: '0.0001', sampleEverySteps: 5000 });
    expect(set.settings).toMatchObject({ learningRate: 0.0001, sampleEverySteps: 5000 });
    expect(set.changes).toMatchObject([
      { key: 'learningRate', from: before, to: 0.0001, cause: 'user', undone: false },
      { key: 'sampleEverySteps', from: 100_000, to: 5000 },
    ]);
    expect(set.changes[0]!.step).toBeGreaterThanOrEqual(50);
    await expect(studio.runs.set(id, { latentSize: 9 })).rejects.toMatchObject({ code: 'setting-fixed' });
    await expect(studio.runs.set(id, { learningRate: 7 })).rejects.toMatchObject({
      code: 'setting-out-of-range',
    });
    await expect(studio.runs.set(id, { speed: 11 })).rejects.toMatchObject({ code: 'setting-unknown' });
    studio.runs.stop(id);
    const stopped = await studio.runs.whenEnded(id);
    const resting = await studio.runs.set(id, { learningRate: 0.0005 });
    expect(resting.changes.at(-1)).toMatchObject({
      step: stopped.checkpoints.at(-1)!.step,
      from: 0.0001,
      to: 0.0005,
    });
    expect(studio.runs.notes(id).filter(({ kind }) => kind === 'changed')).toMatchObject([
      { detail: `learningRate ${String(before)} → 0.0001, sampleEverySteps 100000 → 5000` },
      { detail: 'learningRate 0.0001 → 0.0005' },
    ]);

    const workspace = studio.info().workspace;
    await studio.close();
    const again = await studioForTest(workspace);
    expect(again.runs.get(id).settings.learningRate).toBe(0.0005);
    await again.runs.resume(id, { kind: 'steps', steps: stopped.step + 20 });
    const done = await again.runs.whenEnded(id);
    expect(done.state).toBe('completed');
    const saved = readFileSync((await again.runs.checkpoints.last(id))!.path).toString('latin1');
    expect(saved).toContain('\\"learningRate\\":0.0005');
  }, 90_000);
});
