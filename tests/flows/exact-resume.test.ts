import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { makeRunFolders, smallConfig, trainJob } from '../engine/engine-fixtures.ts';
import { startEngine } from './engine-process.ts';

const made: string[] = [];
beforeAll(async () => {
  await buildKernels();
}, 60_000);
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

it.each([
  'mlp-gan-28',
  'dcgan-28',
  'wgan-gp-28',
  'vae-28',
  'cgan-28',
  'resnet-gan-28',
  'ddpm-28',
  'vqvae-transformer-28',
  'pix2pix-28',
  'denoiser-28',
])(
  '%s: 200 steps straight, or 100, a kill and 100 more, end in the same bytes',
  async (presetId) => {
    const config = smallConfig(presetId, {
      batchSize: 8,
      horizontalFlip: true,
      sampleEverySteps: 30,
      checkpointEverySteps: 100,
    });
    const [straight, broken] = [makeRunFolders(config, 70), makeRunFolders(config, 70)];
    made.push(straight.root, broken.root);
    const file = (folders: typeof broken, step: number) =>
      path.join(folders.runFolder, `checkpoints/${String(step).padStart(8, '0')}.safetensors`);

    expect(await startEngine(trainJob(config, straight, 200)).ended).toMatchObject({ code: 0 });

    const killed = startEngine(trainJob(config, broken, 200), (report) => {
      if (report.report === 'sample' && report.step === 120) killed.child.kill('SIGKILL');
    });
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(existsSync(file(broken, 200))).toBe(false);

    const resumed = startEngine(trainJob(config, broken, 200, file(broken, 100)));
    expect(await resumed.ended).toMatchObject({ code: 0 });
    expect(resumed.of('started')).toMatchObject([{ step: 100 }]);

    for (const step of [100, 200]) {
      expect(readFileSync(file(broken, step)).equals(readFileSync(file(straight, step)))).toBe(true);
    }
    const sheet = (folders: typeof broken) =>
      readFileSync(path.join(folders.runFolder, 'samples/00000200.png'));
    expect(sheet(broken).equals(sheet(straight))).toBe(true);
  },
  180_000,
);
