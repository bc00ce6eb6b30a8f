import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { augmentationOf } from '../../src-main/engine/augmentation/augmentation.ts';
import { openDataset } from '../../src-main/engine/dataset-reader.ts';

const [images, sizePx] = [10, 4];
let versionFolder: string;

beforeEach(() => {
  versionFolder = mkdtempSync(path.join(tmpdir(), 'imago-dataset-'));
  // Picture n holds 20·n plus its column, so that a batch tells which picture it shows and which way round.
  const pixels = Uint8Array.from(
    { length: images * sizePx * sizePx },
    (_, index) => Math.floor(index / (sizePx * sizePx)) * 20 + (index % sizePx),
  );
  writeFileSync(path.join(versionFolder, 'images.u8'), pixels);
});
afterEach(() => rmSync(versionFolder, { recursive: true }));

const open = (changes: Partial<Parameters<typeof openDataset>[0]> = {}) =>
  openDataset({
    versionFolder,
    images,
    sizePx,
    channels: 1,
    batchSize: 4,
    seed: 1,
    augmentation: null,
    ...changes,
  });

/** Bytes of the first row of each picture in a batch. */
const firstRows = (batch: Float32Array): number[][] =>
  Array.from({ length: batch.length / 16 }, (_, index) =>
    [...batch.subarray(index * 16, index * 16 + 4)].map((value) => Math.round((value + 1) * 127.5)),
  );
const pictures = (batch: Float32Array) => firstRows(batch).map((row) => Math.floor(Math.min(...row) / 20));

describe('the dataset reader', () => {
  it('shows every picture once an epoch, in another order each time', () => {
    const reader = open();
    const shown = Array.from({ length: 5 }, (_, step) => pictures(reader.batch(step))).flat();
    const all = Array.from({ length: images }, (_, index) => index);
    expect(shown.slice(0, 10).sort()).toEqual(all);
    expect(shown.slice(10).sort()).toEqual(all);
    expect(shown.slice(0, 10)).not.toEqual(shown.slice(10));
    reader.close();
  });

  it('gives a step the same pictures, whatever was read before', () => {
    const [straight, resumed] = [open(), open()];
    for (let step = 0; step < 37; step++) straight.batch(step);
    expect(straight.batch(37)).toEqual(resumed.batch(37));
    expect(straight.batch(2)).toEqual(resumed.batch(2));
    straight.close();
    resumed.close();
  });

  it('scales 0…255 to −1…1', () => {
    writeFileSync(path.join(versionFolder, 'images.u8'), new Uint8Array(160).fill(255, 0, 80));
    const reader = open({ batchSize: 10 });
    expect(new Set(reader.batch(0))).toEqual(new Set([-1, 1]));
    reader.close();
  });

  it('mirrors about half of the pictures when asked, and whole rows at that', () => {
    const reader = open({ augmentation: augmentationOf({ horizontalFlip: true }) });
    let mirrored = 0;
    for (let step = 0; step < 100; step++) {
      for (const row of firstRows(reader.batch(step))) {
        const base = Math.min(...row);
        const offsets = row.map((value) => value - base).join();
        expect(['0,1,2,3', '3,2,1,0']).toContain(offsets);
        if (offsets === '3,2,1,0') mirrored++;
      }
    }
    expect(mirrored).toBeGreaterThan(150);
    expect(mirrored).toBeLessThan(250);
    reader.close();
  });

  it('works with a batch larger than the dataset', () => {
    const reader = open({ batchSize: 35 });
    const counts = new Map<number, number>();
    for (const picture of pictures(reader.batch(0))) counts.set(picture, (counts.get(picture) ?? 0) + 1);
    expect([...counts.values()].every((count) => count === 3 || count === 4)).toBe(true);
    reader.close();
  });

  it('reads one by one from a file too large to keep, with the same result', () => {
    const kept = open();
    const large = open({ keptInMemoryBytes: 100 });
    for (let step = 0; step < 6; step++) expect(large.batch(step)).toEqual(kept.batch(step));
    kept.close();
    large.close();
  });

  it('refuses a file that is missing or of another size, naming it', () => {
    const file = path.join(versionFolder, 'images.u8');
    truncateSync(file, 159);
    const refused = expect.objectContaining({
      code: 'dataset-changed',
      details: expect.objectContaining({ file }),
    });
    expect(() => open()).toThrow(refused);
    rmSync(file);
    expect(() => open()).toThrow(refused);
  });
});

describe('a version with a part held out', () => {
  const parts = { images: 6, heldOutImages: 4 };
  const all = (reader: ReturnType<typeof open>, count: number) =>
    Array.from({ length: count }, (_, step) => pictures(reader.batch(step))).flat();

  it('trains on the first part alone', () => {
    const reader = open({ ...parts, batchSize: 3 });
    expect(all(reader, 2).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    reader.close();
  });

  it('shows the other part to who asks for it, in memory or not', () => {
    for (const keptInMemoryBytes of [1_000_000, 0]) {
      const reader = open({ ...parts, part: 'held-out', batchSize: 2, keptInMemoryBytes });
      expect(all(reader, 2).sort()).toEqual([6, 7, 8, 9]);
      reader.close();
    }
  });

  it('finds the labels of its own part', () => {
    const labels = Buffer.alloc(images * 4);
    for (let at = 0; at < images; at++) labels.writeInt32LE(at, at * 4);
    writeFileSync(path.join(versionFolder, 'labels.i32'), labels);
    const reader = open({ ...parts, part: 'held-out', batchSize: 4, classes: 10 });
    expect([...reader.labels(0)!]).toEqual(pictures(reader.batch(0)));
    reader.close();
  });

  it('is refused when the file holds another number of pictures', () => {
    expect(() => open({ images: 6, heldOutImages: 3 })).toThrow(
      expect.objectContaining({ code: 'dataset-changed' }),
    );
  });
});

describe('a version of pairs', () => {
  const writeInputs = () => {
    // Input n holds 20·n + 10 plus its column: it tells which target it belongs to.
    const inputs = Uint8Array.from(
      { length: images * sizePx * sizePx },
      (_, index) => Math.floor(index / (sizePx * sizePx)) * 20 + 10 + (index % sizePx),
    );
    writeFileSync(path.join(versionFolder, 'inputs.u8'), inputs);
  };

  it('gives each input beside its own target, mirrored alike, in memory or not', () => {
    writeInputs();
    for (const keptInMemoryBytes of [1_000_000, 0]) {
      const reader = open({
        pairs: true,
        augmentation: augmentationOf({ horizontalFlip: true, noise: 0.2 }),
        keptInMemoryBytes,
      });
      for (let step = 0; step < 10; step++) {
        const [targets, inputs] = [firstRows(reader.batch(step)), firstRows(reader.inputs(step))];
        expect(inputs).toEqual(targets.map((row) => row.map((value) => value + 10)));
      }
      reader.close();
    }
  });

  it('is asked for in vain where there are only pictures', () => {
    const refused = expect.objectContaining({ code: 'dataset-not-paired' });
    expect(() => open({ pairs: true })).toThrow(refused);
    const reader = open();
    expect(() => reader.inputs(0)).toThrow(refused);
    reader.close();
  });

  it('is refused when its inputs are cut short', () => {
    writeInputs();
    truncateSync(path.join(versionFolder, 'inputs.u8'), 100);
    expect(() => open({ pairs: true })).toThrow(expect.objectContaining({ code: 'dataset-changed' }));
  });
});
