import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
    horizontalFlip: false,
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
    const reader = open({ horizontalFlip: true });
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
