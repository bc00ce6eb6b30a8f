import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RepairOrder } from '../../src-main/contract/domain/repairs.ts';
import { decodePlainPng } from '../../src-main/imaging/pure/png-decode.ts';
import { encodePng, readPngText } from '../../src-main/imaging/pure/png-encode.ts';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { hashBytes } from '../../src-main/workspace/files.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { diffusion, inputOf, pictureFile, pixelsOf, quick, trained } from '../helpers/repairing.ts';

describe('a picture that a person brings', () => {
  it('is fitted as the version was, keeps what is not hidden, and lands in the gallery with its lineage', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const run = await diffusion(studio, dataset);
    const path = await pictureFile();
    const from = { kind: 'path', path } as const;
    const look = await studio.repairs.look({ runId: run.id, from, derive: false });
    expect(look).toMatchObject({ name: 'brought.png', widthPx: 56, heightPx: 40, sizePx: 28, channels: 1 });
    expect(look.transparencySha256).toBeNull();
    expect(look.rights).toEqual({ licence: '', author: '', mayTrain: 'unknown' });

    const order: RepairOrder = {
      ...{ runId: run.id, from, mask: { kind: 'box', left: 10, top: 6, widthPx: 9, heightPx: 12 } },
      ...{ count: 3, seed: 0xffffffff, sampling: quick },
    };
    const started = await studio.repairs.start(order);
    expect(started.inputSha256).toBe(look.inputSha256);
    const made = await started.finished;
    expect(made.map(({ seed }) => seed)).toEqual([0xffffffff, 0, 1]);
    expect(new Set(made.map(({ sha256 }) => sha256)).size).toBe(3);

    const input = await inputOf(studio, started.inputSha256);
    const mask = await inputOf(studio, started.maskSha256!);
    for (const { id } of made) {
      const pixels = await pixelsOf(studio, id);
      const kept = [...pixels.keys()].filter((at) => mask[at] === 0);
      expect(kept).toHaveLength(28 * 28 - 9 * 12);
      expect(kept.every((at) => pixels[at] === input[at])).toBe(true);
    }
    // The same order gives the same pictures; another mask gives others beside them.
    const again = await (await studio.repairs.start({ ...order, count: 1, seed: 0 })).finished;
    expect(again[0]).toMatchObject({ id: made[1]!.id, sha256: made[1]!.sha256 });
    const lower: RepairOrder = { ...order, mask: { kind: 'lower', percent: 50 }, count: 1, seed: 0 };
    const other = await (await studio.repairs.start(lower)).finished;
    expect(other[0]!.id).not.toBe(made[1]!.id);
    const drawn = await (await studio.generation.start({ runId: run.id, count: 1, seed: 0 })).finished;
    expect(drawn[0]!.repair).toBeUndefined();
    const { inputSha256, maskSha256 } = started;
    expect(studio.gallery.list({ inputSha256, trashed: false }, 0, 10).total).toBe(4);

    const { image, provenance } = studio.gallery.get(made[0]!.id);
    expect(image.repair).toEqual({ inputSha256, maskSha256 });
    expect(provenance.repair).toEqual({
      ...{ kind: 'masked', inputSha256, maskSha256, hiddenShare: (9 * 12) / 784 },
      from: { kind: 'file', name: 'brought.png', sha256: hashBytes(readFileSync(path)) },
      rights: { licence: '', author: '', mayTrain: 'unknown' },
    });
    const png = await studio.gallery.read(image);
    expect(readProvenance(png)).toEqual(provenance);
    const packet = readPngText(png).find(({ keyword }) => keyword.startsWith('XML'))!.text;
    expect(packet).toContain('digitalsourcetype/compositeWithTrainedAlgorithmicMedia');

    const set = join(temporaryFolder(), 'set');
    const selection = { kind: 'filter', filter: { runId: run.id, trashed: false } } as const;
    await (
      await studio.exports.start({ selection, path: set, format: 'folder', embedProvenance: true })
    ).finished;
    const [card, manifest, lines] = ['README.md', 'manifest.json', 'metadata.jsonl'].map((name) =>
      readFileSync(join(set, name), 'utf8'),
    );
    expect(card).toContain('4 of them were made from pictures that somebody brought');
    expect(card).toContain('“brought.png”');
    expect(manifest).toContain(maskSha256!);
    expect(
      lines!.split('\n').filter((line) => line.includes(`"input_sha256":"${inputSha256}"`)),
    ).toHaveLength(4);

    // After a new start what it was made from is still there, and nothing of it counts as a stray.
    const { workspace } = studio.info();
    await studio.close();
    const reopened = await studioForTest(workspace);
    expect(reopened.info().notices).toEqual([]);
    expect(await inputOf(reopened, inputSha256)).toEqual(input);
  }, 240_000);

  it('comes from a dataset, a held-out place or the gallery, with the terms that are known of it', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const { version } = await studio.datasets.buildVersion(dataset.datasetId, {
      ...{ sizePx: 28, channels: 1, labelMode: 'none', heldOutShare: 0.1 },
    }).finished;
    const heldOut = studio.datasets.version(dataset.datasetId, version);
    const run = await diffusion(studio, { ...dataset, version: heldOut });
    const row = heldOut.images + 2;
    const place = { kind: 'version', datasetId: dataset.datasetId, version, row } as const;
    const look = await studio.repairs.look({
      runId: run.id,
      from: { ...place, part: 'images' },
      derive: false,
    });
    expect(look.rights).toMatchObject({ licence: 'OFL-1.1' });
    const stored = await studio.media(`version/${dataset.datasetId}/${version}/${row}`);
    const shown = stored!.body.kind === 'bytes' ? decodePlainPng(stored!.body.bytes)!.pixels : null;
    expect(await inputOf(studio, look.inputSha256)).toEqual(shown);

    const [picture] = studio.datasets.pictures(dataset.datasetId, 0, 1).items;
    const order = { runId: run.id, count: 1, seed: 4, sampling: quick } as const;
    const mask = { kind: 'lower', percent: 30 } as const;
    const first = await studio.repairs.start({
      ...order,
      mask,
      from: { kind: 'picture', pictureId: picture!.id },
    });
    const [image] = await first.finished;
    expect(studio.gallery.get(image!.id).provenance.repair!.from).toMatchObject({
      ...{ kind: 'picture', pictureId: picture!.id, name: picture!.name },
    });
    const second = await studio.repairs.start({
      ...order,
      mask,
      from: { kind: 'image', imageId: image!.id },
    });
    const [further] = await second.finished;
    // A picture of the gallery goes in as it is.
    expect(await inputOf(studio, second.inputSha256)).toEqual(await pixelsOf(studio, image!.id));
    expect(studio.gallery.get(further!.id).provenance.repair).toMatchObject({
      from: { kind: 'image', imageId: image!.id, sha256: image!.sha256 },
      rights: { licence: 'OFL-1.1' },
    });
  }, 240_000);

  it('is hidden by a painted mask of either size, or by its own transparency', async () => {
    const studio = await studioForTest();
    const run = await diffusion(studio, await sampleDataset(studio));
    const from = { kind: 'path', path: await pictureFile(true) } as const;
    const order = { runId: run.id, from, count: 1, seed: 1, sampling: quick } as const;
    const hiddenBy = async (mask: RepairOrder['mask']) => {
      const started = await studio.repairs.start({ ...order, mask });
      await started.finished;
      return inputOf(studio, started.maskSha256!);
    };
    const rightHalf = Uint8Array.from({ length: 784 }, (_, at) => (at % 28 >= 14 ? 255 : 0));
    expect(await hiddenBy({ kind: 'transparency' })).toEqual(rightHalf);
    const painted = (widthPx: number, heightPx: number, isHidden: (column: number) => boolean) => {
      const pixels = Uint8Array.from({ length: widthPx * heightPx }, (_, at) =>
        isHidden(at % widthPx) ? 255 : 0,
      );
      const png = encodePng({ pixels, widthPx, heightPx, channels: 1 });
      return { kind: 'painted', base64: Buffer.from(png).toString('base64') } as const;
    };
    expect(await hiddenBy(painted(28, 28, (column) => column >= 14))).toEqual(rightHalf);
    expect(await hiddenBy(painted(56, 40, (column) => column >= 28))).toEqual(rightHalf);
    await expect(studio.repairs.start({ ...order, mask: painted(30, 28, () => true) })).rejects.toMatchObject(
      {
        code: 'mask-unusable',
        details: { reason: 'size', found: '30×28', model: '28×28', picture: '56×40' },
      },
    );
  }, 240_000);

  it('is completed from its upper part, each row above kept', async () => {
    const studio = await studioForTest();
    const run = await trained(studio, await sampleDataset(studio), 'vqvae-transformer-28', {
      ...{ codebookSize: 8, codeSize: 4, transformerSize: 16, transformerLayers: 1, transformerHeads: 2 },
    });
    const from = { kind: 'path', path: await pictureFile() } as const;
    const started = await studio.repairs.start({
      ...{ runId: run.id, from, count: 2, seed: 9 },
      mask: { kind: 'box', left: 20, top: 15, widthPx: 4, heightPx: 2 },
    });
    const [one, other] = await started.finished;
    const mask = await inputOf(studio, started.maskSha256!);
    expect(mask).toEqual(Uint8Array.from({ length: 784 }, (_, at) => (at >= 15 * 28 ? 255 : 0)));
    const input = await inputOf(studio, started.inputSha256);
    for (const { id } of [one!, other!]) {
      expect((await pixelsOf(studio, id)).slice(0, 15 * 28)).toEqual(input.slice(0, 15 * 28));
    }
    expect(one!.sha256).not.toBe(other!.sha256);
  }, 240_000);

  it('is turned into another by a run on pairs, whose input can be derived as in training', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const pairs = async (kind: 'edges' | 'holes') => {
      const version = await studio.datasets.buildVersion(dataset.datasetId, {
        ...{ sizePx: 28, channels: 1, labelMode: 'none', pairing: { kind } },
      }).finished;
      const dropout = kind === 'edges' ? { generatorDropout: 0.5 } : {};
      return trained(studio, { ...dataset, version }, 'pix2pix-28', dropout);
    };
    const edges = await pairs('edges');
    const from = { kind: 'path', path: await pictureFile() } as const;
    const plain = await studio.repairs.look({ runId: edges.id, from, derive: false });
    const derived = await studio.repairs.look({ runId: edges.id, from, derive: true });
    expect(derived.inputSha256).not.toBe(plain.inputSha256);
    const order = { runId: edges.id, from, derive: true, count: 2, seed: 1 };
    const made = await (await studio.repairs.start({ ...order, mask: { kind: 'none' } })).finished;
    expect(made).toHaveLength(2);
    expect(await pixelsOf(studio, made[0]!.id)).not.toEqual(await pixelsOf(studio, made[1]!.id));
    const { provenance } = studio.gallery.get(made[0]!.id);
    expect(provenance.repair).toMatchObject({ kind: 'translates', derived: { kind: 'edges' } });
    await expect(
      studio.repairs.start({ ...order, mask: { kind: 'lower', percent: 50 } }),
    ).rejects.toMatchObject({ code: 'mask-unusable', details: { reason: 'not-taken' } });

    const holes = await pairs('holes');
    const hole = { kind: 'box', left: 4, top: 4, widthPx: 6, heightPx: 6 } as const;
    const fill = (mask: RepairOrder['mask']) =>
      studio.repairs.start({ runId: holes.id, from, mask, count: 1, seed: 1 });
    // Without dropout there is one answer, and no second is asked for.
    const two = { runId: holes.id, from, mask: hole, count: 2, seed: 1 };
    await expect(studio.repairs.start(two)).rejects.toMatchObject({ code: 'input-invalid' });
    const [whole, holed] = [await fill({ kind: 'none' }), await fill(hole)];
    expect(whole.maskSha256).toBeNull();
    expect((await whole.finished)[0]!.sha256).not.toBe((await holed.finished)[0]!.sha256);
  }, 300_000);
});
