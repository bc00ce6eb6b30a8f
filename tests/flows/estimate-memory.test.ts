import { rmSync } from 'node:fs';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { TrialJob } from '../../src-main/contract/engine-messages.ts';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import {
  familyIds,
  findPreset,
  learnsClasses,
  presets,
  settingsFor,
} from '../../src-main/contract/presets.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { makeRunFolders, trainJob } from '../engine/engine-fixtures.ts';
import { startEngine } from './engine-process.ts';

const made: string[] = [];
beforeAll(async () => {
  await buildKernels();
}, 60_000);
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** The smallest preset of each family. */
const smallest = familyIds.map((id) => presets.find(({ family }) => family === id)!.id);

it.each(smallest)(
  '%s: the memory that a trial foresees is within a fifth of what a run holds, and its table has all weights',
  async (presetId) => {
    const preset = findPreset(presetId);
    const { family, sizePx, channels } = preset;
    const settings = settingsFor(preset, { sampleEverySteps: 20, checkpointEverySteps: 20 });
    const classes = learnsClasses(family, settings) ? { classes: ['ash', 'beech', 'cedar'] } : {};
    const config = { family, presetId, sizePx, channels, seed: 1, ...classes, settings };
    const job: TrialJob = {
      job: 'trial',
      protocol: engineProtocol,
      backend: { id: 'wasm', threads: 1 },
      config,
      steps: 10,
      limitMs: 120_000,
    };
    const trial = startEngine(job);
    expect(await trial.ended).toMatchObject({ code: 0 });
    const [foreseen] = trial.of('trial');

    const folders = makeRunFolders(config, 200);
    made.push(folders.root);
    const run = startEngine(trainJob(config, folders, 40));
    expect(await run.ended).toMatchObject({ code: 0 });
    const held = Math.max(...run.of('tick').map(({ values }) => values.memoryMb! * 1e6));
    expect(foreseen!.memoryBytes / held).toBeGreaterThan(0.8);
    expect(foreseen!.memoryBytes / held).toBeLessThan(1.2);

    const [started] = run.of('started');
    const counted = (network: string) =>
      foreseen!.layers
        .filter((layer) => layer.network === network)
        .reduce((sum, { parameters }) => sum + parameters, 0);
    for (const [network, parameters] of Object.entries(started!.parameters)) {
      expect({ network, parameters: counted(network) }).toEqual({ network, parameters });
    }
  },
  400_000,
);
