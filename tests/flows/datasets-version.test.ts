import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/domain/recipes.ts';
import { openDatasetStation, type DatasetStation } from '../fixtures/dataset-station.ts';
import { flat, pngOf } from '../fixtures/pictures.ts';

let station: DatasetStation;
beforeEach(async () => {
  station = await openDatasetStation();
});
afterEach(() => station.close());

const recipe: RecipeInput = { sizePx: 32, channels: 3, background: '#ffffff', labelMode: 'folders' };
const build = (datasetId: string, chosen = recipe) =>
  station.datasets.buildVersion(datasetId, chosen).finished;
const read = (datasetId: string, version: number, name: string) =>
  readFile(join(station.workspace.versionFolder(datasetId, version), name));

async function threeClasses() {
  await station.put({
    'class 10/a.png': await pngOf(1, 50),
    'class 2/a.png': await pngOf(2, 20),
    'class 2/b.jpg': await flat('#3060c0', 90).jpeg().toBuffer(),
    'class 2/c.png': await flat({ r: 255, g: 0, b: 0, alpha: 0 }).png().toBuffer(),
    'stray.webp': await flat('#ffcc00', 40).webp().toBuffer(),
  });
  return station.import();
}

test('a version holds pixels, labels and a description that fit together', async () => {
  const dataset = await threeClasses();
  const version = await build(dataset.id);
  expect(version).toMatchObject({
    ...recipe,
    datasetId: dataset.id,
    version: 1,
    images: 5,
    classes: [
      { name: 'class 2', images: 3 },
      { name: 'class 10', images: 1 },
    ],
  });
  const [images, labels] = [await read(dataset.id, 1, 'images.u8'), await read(dataset.id, 1, 'labels.i32')];
  expect(images).toHaveLength(5 * 32 * 32 * 3);
  expect(version.bytes).toBe(images.length + labels.length);
  // In natural order of the paths: class 2 (a, b, c), class 10 (a), stray.
  expect(Array.from({ length: 5 }, (_unused, at) => labels.readInt32LE(at * 4))).toEqual([0, 0, 0, 1, -1]);
  expect(createHash('sha256').update(images).update(labels).digest('hex')).toBe(version.hash);
  const clear = images.subarray(2 * 3072, 3 * 3072);
  expect(clear.every((value) => value === 255)).toBe(true);
  const description = JSON.parse((await read(dataset.id, 1, 'version.json')).toString()) as unknown;
  expect(description).toMatchObject({
    format: 2,
    version,
    dataset: { id: dataset.id },
    files: { 'images.u8': { sha256: createHash('sha256').update(images).digest('hex') } },
  });
  expect(station.datasets.get(dataset.id).versions).toEqual([version]);
  expect(station.datasets.version(dataset.id, 1)).toEqual(version);
});

test('the same recipe gives the version that is there; another gives the next', async () => {
  const dataset = await threeClasses();
  const [first, same, other] = await Promise.all([
    build(dataset.id),
    build(dataset.id),
    build(dataset.id, { ...recipe, background: '#000000' }),
  ]);
  expect(same).toEqual(first);
  expect(other.version).toBe(2);
  expect(other.hash).not.toBe(first.hash);
  expect(station.datasets.get(dataset.id).versions.map(({ version }) => version)).toEqual([1, 2]);
});

test('the same pictures and recipe give the same bytes, import for import', async () => {
  const one = await threeClasses();
  const two = await station.import();
  expect(two.id).not.toBe(one.id);
  const [first, second] = [await build(one.id), await build(two.id)];
  expect(second.hash).toBe(first.hash);
  expect((await read(two.id, 1, 'images.u8')).equals(await read(one.id, 1, 'images.u8'))).toBe(true);
});

test('without labels every picture has the class −1', async () => {
  const dataset = await threeClasses();
  const version = await build(dataset.id, { ...recipe, labelMode: 'none', channels: 1, sizePx: 28 });
  expect(version.classes).toEqual([]);
  const labels = await read(dataset.id, 1, 'labels.i32');
  expect(Array.from({ length: 5 }, (_unused, at) => labels.readInt32LE(at * 4))).toEqual([
    -1, -1, -1, -1, -1,
  ]);
  expect(await read(dataset.id, 1, 'images.u8')).toHaveLength(5 * 28 * 28);
});

test('the built-in sample keeps its very pixels at 28, and fits other sizes and channels', async () => {
  const source = { kind: 'sample', images: 50, seed: 1 } as const;
  const dataset = await (await station.datasets.import(station.projectId, 'Digits', source)).finished;
  const grey = await build(dataset.id, { ...recipe, sizePx: 28, channels: 1 });
  const container = await station.datasets.pictureThumbnail(
    station.datasets.pictures(dataset.id, 3, 1).items[0]!.id,
  );
  const drawn = await sharp(container.bytes).toColourspace('b-w').raw().toBuffer();
  const stored = (await read(dataset.id, 1, 'images.u8')).subarray(3 * 784, 4 * 784);
  expect(stored.equals(drawn)).toBe(true);
  expect(grey.classes).toHaveLength(10);
  const large = await build(dataset.id, { ...recipe, sizePx: 64, channels: 3 });
  expect(await read(dataset.id, large.version, 'images.u8')).toHaveLength(50 * 64 * 64 * 3);
});

describe('an original that is no longer what it was is named', () => {
  const originalOf = async (name: string) => {
    const bytes = await readFile(join(station.incoming, name));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return station.workspace.originalPath(sha256, 'png');
  };
  test.each(['missing', 'changed'])('when %s', async (kind) => {
    const dataset = await threeClasses();
    const file = await originalOf('class 2/a.png');
    if (kind === 'missing') await rm(file);
    else await writeFile(file, await pngOf(77));
    await expect(build(dataset.id)).rejects.toMatchObject({
      code: 'dataset-changed',
      details: { file, name: 'class 2/a.png' },
    });
    expect(station.rows('dataset_version')).toBe(0);
    expect(await station.files('datasets')).toEqual([]);
    expect(await station.files('staging')).toEqual([]);
  });
});

test('a cancelled build leaves nothing', async () => {
  for (let at = 0; at < 400; at += 1) await station.put({ [`${at}.png`]: await pngOf(at, 60) });
  const dataset = await station.import();
  const { job, finished } = station.datasets.buildVersion(dataset.id, recipe);
  await station.untilProgress(job.id);
  station.jobs.cancel(job.id);
  await expect(finished).rejects.toMatchObject({ code: 'cancelled' });
  expect(station.rows('dataset_version')).toBe(0);
  expect(await station.files('datasets')).toEqual([]);
  expect(await station.files('staging')).toEqual([]);
  expect((await build(dataset.id)).version).toBe(1);
});

test('a folder that a killed build left in the place is moved to the trash', async () => {
  const dataset = await threeClasses();
  const left = station.workspace.versionFolder(dataset.id, 1);
  await mkdir(left, { recursive: true });
  await writeFile(join(left, 'images.u8'), 'half');
  expect((await build(dataset.id)).version).toBe(1);
  expect(await read(dataset.id, 1, 'images.u8')).toHaveLength(5 * 3072);
  expect(await station.files('trash')).toHaveLength(1);
});

describe('pictures to look at', () => {
  test('small ones come as they are, large and unusual ones as thumbnails, made once', async () => {
    const small = await pngOf(1);
    await station.put({
      'a small.png': small,
      'b large.png': await pngOf(2, 300),
      'c unusual.tif': await flat('#112233').tiff().toBuffer(),
    });
    const dataset = await station.import();
    const [a, b, c] = station.datasets.pictures(dataset.id, 0, 9).items;
    const shown = await station.datasets.pictureThumbnail(a!.id);
    expect(shown.contentType).toBe('image/png');
    expect(Buffer.from(shown.bytes).equals(small)).toBe(true);
    const large = await station.datasets.pictureThumbnail(b!.id);
    expect(large.contentType).toBe('image/webp');
    expect((await sharp(large.bytes).metadata()).width).toBe(160);
    expect((await station.datasets.pictureThumbnail(c!.id)).contentType).toBe('image/webp');
    expect(await station.files('cache')).toHaveLength(2);
    const again = await station.datasets.pictureThumbnail(b!.id);
    expect(Buffer.from(again.bytes).equals(Buffer.from(large.bytes))).toBe(true);
    await expect(station.datasets.pictureThumbnail('picture-none')).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('a picture of a version shows the very pixels that the network gets', async () => {
    const dataset = await threeClasses();
    await build(dataset.id);
    const { bytes, contentType } = await station.datasets.versions.picture(dataset.id, 1, 4);
    expect(contentType).toBe('image/png');
    const pixels = await sharp(bytes).raw().toBuffer();
    expect(pixels.equals((await read(dataset.id, 1, 'images.u8')).subarray(4 * 3072))).toBe(true);
    await expect(station.datasets.versions.picture(dataset.id, 1, 5)).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(station.datasets.versions.picture(dataset.id, 2, 0)).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
