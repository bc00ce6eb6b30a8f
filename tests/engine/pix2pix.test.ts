import { rmSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GenerateJob } from '../../src-main/contract/engine-messages.ts';
import type { EngineReport } from '../../src-main/contract/engine-reports.ts';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { writeCheckpoint } from '../../src-main/engine/checkpoint.ts';
import { openPairs } from '../../src-main/engine/dataset-reader.ts';
import { generate } from '../../src-main/engine/generation.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { gatesOf, pix2pix } from '../../src-main/engine/models/pix2pix.ts';
import { normals, uniforms } from '../../src-main/engine/random.ts';
import { drawSampleSheet, samplePixels } from '../../src-main/engine/sample-sheet.ts';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { makeRunFolders, smallConfig } from './engine-fixtures.ts';
import { build, inputBytesFor, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm', { threads: 1 });
}, 60_000);

/** Flat pictures, each as bright as it happens to be, and targets that are their negatives. */
const negatives = (step: number, batch: number) => {
  const levels = uniforms(1, 'levels', step, batch).map((value) => value * 1.6 - 0.8);
  const inputs = tf.tidy(() => tf.tile(tf.tensor4d(levels, [batch, 1, 1, 1]), [1, 28, 28, 1]) as tf.Tensor4D);
  return { inputs, images: tf.neg(inputs) };
};

describe('pix2pix', () => {
  it('learns to turn pictures into their negatives', () => {
    const model = build(
      smallConfig('pix2pix-28', { batchSize: 8, learningRate: 0.003, averageHalfLifeSteps: 5 }),
    );
    const distances: number[] = [];
    for (let step = 0; step < 80; step++) {
      const { inputs, images } = negatives(step, 8);
      distances.push(model.trainStep(images, step, undefined, inputs).pairDistance!);
      tf.dispose([inputs, images]);
    }
    expect(distances.at(-1)).toBeLessThan(distances[0]! * 0.5);
    const bytes = new Uint8Array(2 * 784).fill(220, 0, 784).fill(40, 784);
    const pixels = samplePixels(
      model,
      normals(1, 'l', 0, 2 * model.latentSize),
      2,
      undefined,
      undefined,
      bytes,
    );
    const mean = (from: number) => pixels.slice(from, from + 784).reduce((sum, byte) => sum + byte, 0) / 784;
    expect(mean(0)).toBeLessThan(mean(784) - 60);
    model.dispose();
  });

  it('answers one input in several ways by its latents, and in one without dropout', () => {
    const answers = (generatorDropout: number) => {
      const config = smallConfig('pix2pix-28', { generatorDropout });
      const model = build(config);
      trainOn(model, 0, 2);
      const input = inputBytesFor(config, 1)!;
      const draw = (seed: number) =>
        samplePixels(model, normals(seed, 'l', 0, model.latentSize), 1, undefined, undefined, input).join();
      const drawn = new Set([draw(1), draw(2), draw(3)]);
      expect(draw(1)).toBe([...drawn][0]);
      model.dispose();
      return drawn.size;
    };
    expect(answers(0.5)).toBe(3);
    expect(answers(0)).toBe(1);
  });

  it('leaves out as many channels as it is told, and keeps their mean', () => {
    const gatesAt = (dropout: number) =>
      tf.tidy(() => [
        ...gatesOf(tf.tensor2d(normals(3, 'gates', 0, 40_000), [2, 20_000]), dropout).dataSync(),
      ]);
    const gates = gatesAt(0.25);
    expect(gates).toHaveLength(20_000);
    expect(gates.filter((gate) => gate === 0).length / 20_000).toBeCloseTo(0.25, 1);
    expect(Math.max(...gates)).toBeCloseTo(4 / 3, 5);
    expect(new Set(gatesAt(0))).toEqual(new Set([1]));
    // One gate for each channel of the two innermost maps: 8 and 4 channels, two numbers each.
    const model = build(smallConfig('pix2pix-28'));
    expect(model.latentSize).toBe(24);
    model.dispose();
  });

  it('moves only the discriminator by its loss and only the generator by its own', () => {
    const still = build(smallConfig('pix2pix-28', { discriminatorLearningRate: 1e-12, learningRate: 0.01 }));
    const before = still.save();
    trainOn(still, 0, 1);
    const after = still.save();
    const largest = (prefix: string) =>
      Math.max(
        ...[...before.keys()]
          .filter((name) => name.startsWith(prefix))
          .flatMap((name) =>
            [...(before.get(name)!.data as Float32Array)].map((value, index) =>
              Math.abs(value - (after.get(name)!.data as Float32Array)[index]!),
            ),
          ),
      );
    expect(largest('discriminator.')).toBeLessThan(1e-6);
    expect(largest('generator.')).toBeGreaterThan(1e-3);
    still.dispose();
  });

  it('shows input, output and target side by side, and draws each seed from a held-out input', async () => {
    const config = smallConfig('pix2pix-28');
    const folders = makeRunFolders(config, 20);
    const source = { versionFolder: folders.versionFolder, images: 15, heldOutImages: 5 };
    const model = build(config);
    const pairs = openPairs({ ...source, sizePx: 28, channels: 1 });
    expect(drawSampleSheet(model, pairs)).toMatchObject({ columns: 9, rows: 8 });
    expect(pairs.part).toBe('held-out');
    const third = pairs.pair(7);
    expect(third.row).toBe(17);
    expect(third.input).toEqual(third.target.map((byte) => 255 - byte));
    pairs.close();
    const { file } = writeCheckpoint(folders.runFolder, { config, step: 0, tensors: model.save() });
    model.dispose();

    const draw = async (seeds: number[]) => {
      const reports: Extract<EngineReport, { report: 'image' }>[] = [];
      const job: GenerateJob = {
        ...{ job: 'generate', protocol: engineProtocol, backend: { id: 'wasm', threads: 1 }, config, seeds },
        checkpoint: path.join(folders.runFolder, file),
        pairs: source,
        provenance,
      };
      await generate(job, pix2pix, async (report) => {
        if (report.report === 'image') reports.push(report);
      });
      return reports;
    };
    const several = await draw([3, 4, 8, 4_294_967_295]);
    expect(several.map(({ input }) => input?.row)).toEqual([18, 19, 18, 15]);
    expect(readProvenance(several[1]!.png)).toMatchObject({ seed: 4, input: { part: 'held-out', row: 19 } });
    const [alone] = await draw([8]);
    expect(Buffer.from(alone!.png).equals(Buffer.from(several[2]!.png))).toBe(true);
    rmSync(folders.root, { recursive: true });
  });
});

const sha256 = '0'.repeat(64);
const provenance: GenerateJob['provenance'] = {
  generator: { name: 'Imago Studio', version: '0' },
  run: {
    ...{ id: 'run', name: 'run', preset: 'pix2pix-28', family: 'pix2pix', seed: 3, step: 0 },
    ...{ checkpointSha256: sha256, settings: {}, backend: 'wasm' },
  },
  dataset: {
    ...{ id: 'set', name: 'set', version: 1, hash: sha256, images: 15 },
    licence: { name: 'CC0-1.0', attribution: '' },
  },
};
