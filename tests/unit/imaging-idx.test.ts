import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeIdx, findIdxPair, idxRole, parseIdx, readIdxPictures } from '../../src-main/imaging/idx.ts';

const images = encodeIdx({
  dimensions: [3, 2, 2],
  data: Uint8Array.from({ length: 12 }, (_unused, at) => at),
});
const labels = encodeIdx({ dimensions: [3], data: Uint8Array.of(7, 0, 9) });

test('an IDX file has the layout that its page describes', () => {
  expect([...labels]).toEqual([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]);
});

test.each([
  ['plain', (bytes: Buffer) => bytes],
  ['gzipped, whatever its name', (bytes: Buffer) => gzipSync(bytes)],
])('a pair reads back, %s', async (_name, pack) => {
  const pictures = await readIdxPictures(
    { bytes: pack(images), file: 'i' },
    { bytes: pack(labels), file: 'l' },
  );
  expect(pictures).toMatchObject({ count: 3, widthPx: 2, heightPx: 2, channels: 1 });
  expect([...pictures.pixels(2)]).toEqual([8, 9, 10, 11]);
  expect([0, 1, 2].map(pictures.label)).toEqual(['7', '0', '9']);
});

test('pictures in colour have a fourth dimension, and labels may be missing', async () => {
  const bytes = encodeIdx({
    dimensions: [2, 1, 2, 3],
    data: Uint8Array.from({ length: 12 }, (_u, at) => at),
  });
  const pictures = await readIdxPictures({ bytes, file: 'i' }, null);
  expect(pictures).toMatchObject({ count: 2, widthPx: 2, heightPx: 1, channels: 3 });
  expect([...pictures.pixels(1)]).toEqual([6, 7, 8, 9, 10, 11]);
  expect(pictures.label(0)).toBeNull();
});

test('a pair whose counts differ is refused, and both files are named', async () => {
  const four = encodeIdx({ dimensions: [4], data: new Uint8Array(4) });
  await expect(
    readIdxPictures({ bytes: images, file: 'a/images' }, { bytes: four, file: 'a/labels' }),
  ).rejects.toMatchObject({
    code: 'idx-mismatch',
    details: { images: 'a/images', labels: 'a/labels', pictures: 3, labelCount: 4 },
  });
});

describe('damaged files are named', () => {
  const floats = Buffer.from(images);
  floats[2] = 0x0d;
  test.each<[string, Buffer]>([
    ['cut short', images.subarray(0, 20)],
    ['with bytes to spare', Buffer.concat([images, Buffer.alloc(1)])],
    ['without a header', Buffer.from('hello, this is text')],
    ['with half a header', images.subarray(0, 9)],
    ['of floating point numbers', floats],
    ['with a broken gzip', gzipSync(images).subarray(0, 25)],
  ])('%s', async (_name, bytes) => {
    await expect(parseIdx(bytes, 'x-images')).rejects.toMatchObject({
      code: 'idx-corrupt',
      details: { file: 'x-images' },
    });
  });

  test('labels where pictures should be', async () => {
    await expect(readIdxPictures({ bytes: labels, file: 'l' }, null)).rejects.toMatchObject({
      code: 'idx-corrupt',
    });
  });
});

describe('partners', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-idx-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test.each([
    ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
    ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz'],
    ['t10k-images.idx3-ubyte', 't10k-labels.idx1-ubyte'],
    ['emnist-letters-images-idx3-ubyte', 'emnist-letters-labels-idx1-ubyte.gz'],
  ])('%s finds %s, and the other way round', async (imagesName, labelsName) => {
    for (const name of [imagesName, labelsName, 'other-labels-idx1-ubyte', 'notes.txt']) {
      await writeFile(join(folder, name), '');
    }
    const pair = { images: join(folder, imagesName), labels: join(folder, labelsName) };
    expect(await findIdxPair(pair.images)).toEqual(pair);
    expect(await findIdxPair(pair.labels)).toEqual(pair);
  });

  test('a file without its partner, or with a name of its own, stands alone', async () => {
    const path = join(folder, 'x-images-idx3-ubyte');
    await writeFile(path, '');
    expect(await findIdxPair(path)).toEqual({ images: path, labels: null });
    expect(await findIdxPair(join(folder, 'mine.bin'))).toEqual({
      images: join(folder, 'mine.bin'),
      labels: null,
    });
    expect(idxRole('photo.png')).toBeNull();
  });
});
