import { rmSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RepairOrigin } from '../../src-main/contract/domain/repairs.ts';
import type { ModelConfig, RepairJob } from '../../src-main/contract/engine-messages.ts';
import type { EngineReport } from '../../src-main/contract/engine-reports.ts';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import { families, familyIds, presets } from '../../src-main/contract/presets.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { writeCheckpoint } from '../../src-main/engine/checkpoint.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import { words } from '../../src-main/engine/random.ts';
import { repair } from '../../src-main/engine/repair.ts';
import { decodePlainPng } from '../../src-main/imaging/pure/png-decode.ts';
import { stripPngText } from '../../src-main/imaging/pure/png-encode.ts';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { makeRunFolders, smallConfig } from './engine-fixtures.ts';
import { build, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm', { threads: 1 });
}, 60_000);

const hash = (digit: string) => digit.repeat(64);
const origin = (kind: RepairOrigin['kind']): RepairOrigin => ({
  kind,
  inputSha256: hash('a'),
  maskSha256: hash('b'),
  hiddenShare: 0.5,
  from: { kind: 'file', name: 'a.png', sha256: hash('c') },
  rights: { licence: 'CC0-1.0', author: '', mayTrain: 'unknown' },
});
const provenance: RepairJob['provenance'] = {
  generator: { name: 'Imago Studio', version: '0' },
  run: {
    ...{ id: 'run-1', name: 'r', preset: 'p', family: 'f', seed: 3, step: 2, settings: {}, backend: '' },
    checkpointSha256: hash('d'),
  },
  dataset: {
    ...{ id: 'd', name: 'd', version: 1, hash: hash('e'), images: 1 },
    licence: { name: '', attribution: '' },
  },
};

/** A picture of noise. */
const noise = ({ sizePx, channels }: ModelConfig, seed: number) =>
  Uint8Array.from(words(seed, 'brought', 0, sizePx * sizePx * channels), (word) => word >>> 24);
/** The lower rows hidden from a row on. */
const lower = ({ sizePx }: ModelConfig, from: number) =>
  Uint8Array.from({ length: sizePx * sizePx }, (_, at) => (Math.floor(at / sizePx) < from ? 1 : 0));

describe.each(familyIds.filter((id) => families[id].repairs))('the engine repairs with %s', (id) => {
  it('each picture alike alone and beside others, by its own seed', async () => {
    const kind = families[id].repairs!;
    const presetId = presets.find(({ family, sizePx }) => family === id && sizePx === 28)!.id;
    const config = smallConfig(presetId);
    const folders = makeRunFolders(config);
    const model = build(config);
    trainOn(model, 0, 2);
    const { file } = writeCheckpoint(folders.runFolder, { config, step: 2, tensors: model.save() });
    const checkpoint = path.join(folders.runFolder, file);
    model.dispose();

    const perform = async (repairs: RepairJob['repairs']) => {
      const reports: EngineReport[] = [];
      const sampling = Object.fromEntries(
        Object.entries({ samplingSteps: 10, resamplings: 2 }).filter(([key]) =>
          [...(families[id].sampling?.(config.settings) ?? []), ...(families[id].repairing ?? [])].some(
            (parameter) => parameter.key === key,
          ),
        ),
      );
      const backend = { id: 'wasm', threads: 1 } as const;
      const job = { job: 'repair', protocol: engineProtocol, backend, config, checkpoint } as const;
      await repair({ ...job, repairs, sampling, provenance }, familyOf(id), async (report) => {
        reports.push(report);
      });
      expect(reports.at(-1)).toMatchObject({ report: 'finished', step: 2 });
      return reports.flatMap((report) => (report.report === 'image' ? [report] : []));
    };
    const order = (picture: number, from: number, seeds: number[]) => ({
      ...{ picture: noise(config, picture), mask: lower(config, from), seeds, origin: origin(kind) },
    });
    const pixelsOf = (png: Uint8Array) => [...decodePlainPng(stripPngText(png))!.pixels];

    const tensors = tf.memory().numTensors;
    const all = await perform([order(1, 16, [5, 6]), order(2, 8, [5])]);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(all.map(({ seed }) => seed)).toEqual([5, 6, 5]);
    expect(readProvenance(all[1]!.png)).toMatchObject({ seed: 6, repair: origin(kind) });
    const [first, , third] = all;
    const alone = [...(await perform([order(2, 8, [5])])), ...(await perform([order(1, 16, [5])]))];
    expect(Buffer.compare(alone[0]!.png, third!.png)).toBe(0);
    expect(Buffer.compare(alone[1]!.png, first!.png)).toBe(0);

    if (kind === 'masked' || kind === 'completes') {
      // What is kept stays as it came, to the last bit; the rest is made up, by each seed in another way.
      expect(pixelsOf(first!.png).slice(0, 16 * 28)).toEqual([...noise(config, 1)].slice(0, 16 * 28));
      expect(pixelsOf(third!.png).slice(0, 8 * 28)).toEqual([...noise(config, 2)].slice(0, 8 * 28));
      expect(pixelsOf(first!.png)).not.toEqual(pixelsOf(all[1]!.png));
      expect(pixelsOf(first!.png).slice(16 * 28)).not.toEqual([...noise(config, 1)].slice(16 * 28));
    } else expect(pixelsOf(first!.png)).not.toEqual([...noise(config, 1)]);
    await expect(perform([{ ...order(1, 16, [5]), mask: new Uint8Array(3) }])).rejects.toThrow(RangeError);
    rmSync(folders.root, { recursive: true, force: true });
  });
});

it('the engine fills holes without being told a class, or with one', () => {
  const config = smallConfig('ddpm-28', { learnClasses: true });
  const model = build(config);
  trainOn(model, 0, 2);
  const made = (labels?: number[]) =>
    tf.tidy(() => {
      const pictures = tf.zeros([1, 28, 28, 1]) as tf.Tensor4D;
      const sampling = { samplingSteps: 10, resamplings: 1 };
      return [
        ...model.repair!({
          ...{ pictures, mask: tf.zerosLike(pictures), seeds: [1], sampling },
          ...(labels ? { labels } : {}),
        }).dataSync(),
      ];
    });
  expect(made().every(Number.isFinite)).toBe(true);
  expect(made([1])).not.toEqual(made([2]));
  model.dispose();
});
