import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src-main/contract/domain/datasets.ts';
import type { RecipeInput } from '../../src-main/contract/domain/recipes.ts';
import { openDataset } from '../../src-main/engine/dataset-reader.ts';
import type { PictureJudgements } from '../../src-main/studio/dataset-versions.ts';
import { openDatasetStation, type DatasetStation } from '../fixtures/dataset-station.ts';
import { pngOf, redThenBlue } from '../fixtures/pictures.ts';
import { sharedData } from '../fixtures/shared-data.ts';

let station: DatasetStation;
let keptOut: Map<string, 'excluded' | 'may-not-train'>;
let alike: string[][];
beforeEach(async () => {
  keptOut = new Map();
  alike = [];
  const judgements: PictureJudgements = { keptOut: () => keptOut, alike: () => alike };
  station = await openDatasetStation({ judgements });
});
afterEach(() => station.close());

const recipe: RecipeInput = { sizePx: 32, channels: 3, labelMode: 'folders', crop: 'smart' };
const build = (dataset: Dataset, changes: Partial<RecipeInput> = {}) =>
  station.datasets.buildVersion(dataset.id, { ...recipe, ...changes }).finished;
const fileOf = (dataset: Dataset, version: number, name: string) =>
  join(station.workspace.versionFolder(dataset.id, version), name);
const read = (dataset: Dataset, version: number, name: string) => readFile(fileOf(dataset, version, name));

/** Pictures of two classes: `a` with eight, `b` with four; wide, so that a crop has something to decide. */
async function twoClasses() {
  for (let at = 0; at < 12; at += 1) {
    const wide = await sharp(await pngOf(at, 40))
      .resize(60, 40, { kernel: 'nearest' })
      .png()
      .toBuffer();
    await station.put({ [`${at < 8 ? 'a' : 'b'}/${at}.png`]: wide });
  }
  return station.import();
}

const picturesOf = (dataset: Dataset) => station.datasets.pictures(dataset.id, 0, 1000).items;

/** Takes the originals of pictures off the disk: whatever is still made of them was not made anew. */
async function hideOriginals(dataset: Dataset, but: readonly string[] = []) {
  for (const { id } of picturesOf(dataset)) {
    if (but.includes(id)) continue;
    const hash = station.database
      .prepare<[string], string>('SELECT original_sha256 FROM picture WHERE id = ?')
      .pluck()
      .get(id)!;
    await rm(station.workspace.originalPath(hash, 'png'), { force: true });
  }
}

describe('a version with everything in its recipe', () => {
  const full: Partial<RecipeInput> = {
    normalisation: 'stretch',
    balance: 'oversample',
    heldOutShare: 0.25,
    seed: 5,
    pairing: { kind: 'edges' },
  };

  test('has the training part first, then what is held out, with an input beside each', async () => {
    const dataset = await twoClasses();
    const version = await build(dataset, full);
    expect(version).toMatchObject({ images: 12, heldOutImages: 3, paired: true, crop: 'smart' });
    expect(version.classes).toEqual([
      { name: 'a', images: 6 },
      { name: 'b', images: 6 },
    ]);
    const pictureBytes = 32 * 32 * 3;
    for (const name of ['images.u8', 'inputs.u8']) {
      expect(await read(dataset, 1, name)).toHaveLength(15 * pictureBytes);
    }
    expect(await read(dataset, 1, 'labels.i32')).toHaveLength(15 * 4);
    expect(version.statistics!.channels.map((counts) => counts.reduce((sum, n) => sum + n, 0))).toEqual([
      12 * 1024,
      12 * 1024,
      12 * 1024,
    ]);
    const description = JSON.parse((await read(dataset, 1, 'version.json')).toString()) as unknown;
    expect(description).toMatchObject({ parts: { train: [0, 12], heldOut: [12, 15] } });

    const options = {
      versionFolder: station.workspace.versionFolder(dataset.id, 1),
      ...{ images: 12, heldOutImages: 3, sizePx: 32, channels: 3, batchSize: 3, seed: 1 },
      ...{ classes: 2, pairs: true, augmentation: null },
    };
    for (const part of ['train', 'held-out'] as const) {
      const reader = openDataset({ ...options, part });
      const inputs = reader.inputs(0);
      expect(new Set(inputs)).toEqual(new Set([-1, 1]));
      expect(reader.batch(0)).toHaveLength(inputs.length);
      reader.close();
    }
    const target = await station.datasets.versions.picture(dataset.id, 1, 14);
    const input = await station.datasets.versions.picture(dataset.id, 1, 14, 'inputs');
    expect(Buffer.from(target.bytes).equals(Buffer.from(input.bytes))).toBe(false);
  });

  test('is byte for byte the same when it is built again from scratch', async () => {
    const one = await twoClasses();
    const first = await build(one, full);
    const two = await station.import();
    const second = await build(two, full);
    expect(second.hash).toBe(first.hash);
    for (const name of ['images.u8', 'inputs.u8', 'labels.i32', 'transforms.sha256']) {
      expect((await read(two, 1, name)).equals(await read(one, 1, name))).toBe(true);
    }
  });

  test('is byte for byte the same whether it is built on an earlier one or from scratch', async () => {
    const [one, two] = [await twoClasses(), await station.import()];
    const [left] = picturesOf(one);
    keptOut.set(left!.id, 'excluded');
    await build(one, full);
    await build(one, { ...full, heldOutShare: 0.1 });
    keptOut.clear();
    const incremental = await build(one, full);
    const straight = await build(two, full);
    expect([incremental.version, straight.version]).toEqual([3, 1]);
    expect(incremental.hash).toBe(straight.hash);
  });
});

describe('only what changed is made again', () => {
  test('after one picture came in', async () => {
    const dataset = await twoClasses();
    const added = picturesOf(dataset)[3]!;
    keptOut.set(added.id, 'excluded');
    await build(dataset);
    keptOut.clear();
    const outline = await station.datasets.versions.outline(dataset.id, recipe, 0, 0);
    expect([outline.images, outline.reusable]).toEqual([12, 11]);
    await hideOriginals(dataset, [added.id]);
    expect(await build(dataset)).toMatchObject({ version: 2, images: 12 });
  });

  test('after one focus point was set', async () => {
    const dataset = await twoClasses();
    await build(dataset);
    const moved = picturesOf(dataset)[0]!;
    station.datasets.versions.setFocus(moved.id, { x: 0, y: 0.5 });
    await hideOriginals(dataset, [moved.id]);
    const version = await build(dataset);
    expect(version.version).toBe(2);
    const compared = await station.datasets.versions.compare(dataset.id, 1, 2);
    expect(compared).toMatchObject({ added: 0, removed: 0, changed: 1, unchanged: 11 });
    station.datasets.versions.setFocus(moved.id, null);
    expect((await build(dataset)).version).toBe(1);
  });

  test('and nothing of a version whose bytes are no longer what they were', async () => {
    const dataset = await twoClasses();
    await build(dataset);
    const good = await read(dataset, 1, 'images.u8');
    const bad = Buffer.from(good);
    bad[100]! ^= 0xff;
    await writeFile(fileOf(dataset, 1, 'images.u8'), bad);
    const second = await build(dataset, { seed: 9 });
    expect(second.version).toBe(2);
    expect((await read(dataset, 2, 'images.u8')).equals(good)).toBe(true);
  });
});

test('pictures that may not enter stay out, and are counted with their reason', async () => {
  const dataset = await twoClasses();
  const [one, two, three] = picturesOf(dataset);
  keptOut = new Map([
    [one!.id, 'excluded'],
    [two!.id, 'may-not-train'],
    [three!.id, 'may-not-train'],
  ]);
  const version = await build(dataset);
  expect(version.images).toBe(9);
  const { items } = await station.datasets.versions.differences(dataset.id, 1, 1, 'changed', 0, 10);
  expect(items).toEqual([]);
  expect(await station.datasets.versions.outline(dataset.id, recipe, 4, 0)).toMatchObject({
    excluded: 1,
    mayNotTrain: 2,
    images: 9,
    existing: 1,
  });
  for (const { id } of picturesOf(dataset)) keptOut.set(id, 'excluded');
  await expect(build(dataset)).rejects.toMatchObject({ code: 'pictures-too-few' });
});

test('the split never parts pictures that look alike', async () => {
  const dataset = await twoClasses();
  const pictures = picturesOf(dataset);
  alike = [pictures.slice(0, 3).map(({ id }) => id)];
  for (const seed of [1, 2, 3, 4]) {
    const version = await build(dataset, { heldOutShare: 0.4, seed });
    const places = station.database
      .prepare<[string, number], { id: string; position: number }>(
        'SELECT picture_id AS id, position FROM version_picture WHERE dataset_id = ? AND version = ?',
      )
      .all(dataset.id, version.version);
    const held = places.filter(({ position }) => position >= version.images).map(({ id }) => id);
    expect(held.length).toBeGreaterThan(0);
    expect([0, 3]).toContain(held.filter((id) => alike[0]!.includes(id)).length);
  }
});

describe('which version is the current one', () => {
  test('is the newest, until an earlier one is gone back to', async () => {
    const dataset = await twoClasses();
    expect(station.datasets.get(dataset.id).currentVersion).toBeNull();
    await build(dataset);
    await build(dataset, { crop: 'centre' });
    const current = () => station.datasets.get(dataset.id).currentVersion;
    expect(current()).toEqual({ version: 2, isChosen: false });
    station.datasets.versions.makeCurrent(dataset.id, 1);
    expect(current()).toEqual({ version: 1, isChosen: true });
    station.datasets.versions.makeCurrent(dataset.id, null);
    expect(current()).toEqual({ version: 2, isChosen: false });
    station.datasets.versions.makeCurrent(dataset.id, 1);
    await build(dataset, { crop: 'letterbox' });
    expect(current()).toEqual({ version: 3, isChosen: false });
    await build(dataset);
    expect(current()).toEqual({ version: 1, isChosen: true });
    expect(() => station.datasets.versions.makeCurrent(dataset.id, 9)).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
  });

  test('of a workspace from before is still found by its recipe', async () => {
    const dataset = await twoClasses();
    const plain: RecipeInput = { sizePx: 28, channels: 1, labelMode: 'folders' };
    const first = await station.datasets.buildVersion(dataset.id, plain).finished;
    station.database
      .prepare('UPDATE dataset_version SET recipe = ?, inputs_hash = NULL, statistics = NULL')
      .run('{"sizePx":28,"channels":1,"background":"#ffffff","labelMode":"folders"}');
    await rm(fileOf(dataset, 1, 'transforms.sha256'));
    const again = await station.datasets.buildVersion(dataset.id, plain).finished;
    expect([again.version, again.hash]).toEqual([1, first.hash]);
    const compared = await station.datasets.versions.compare(dataset.id, 1, 1);
    expect(compared).toMatchObject({ unchanged: 12, statistics: { from: first.statistics } });
    keptOut.set(picturesOf(dataset)[0]!.id, 'excluded');
    expect((await station.datasets.buildVersion(dataset.id, plain).finished).version).toBe(2);
  });
});

test('two versions are compared picture by picture', async () => {
  const dataset = await twoClasses();
  const pictures = picturesOf(dataset);
  keptOut.set(pictures[0]!.id, 'excluded');
  await build(dataset, { heldOutShare: 0.2, crop: 'centre' });
  keptOut = new Map([[pictures[11]!.id, 'excluded']]);
  station.datasets.versions.setFocus(pictures[5]!.id, { x: 1, y: 0.5 });
  await build(dataset, { heldOutShare: 0.2, crop: 'centre' });
  const { versions } = station.datasets;
  const compared = await versions.compare(dataset.id, 1, 2);
  expect(compared).toMatchObject({ added: 1, removed: 1 });
  expect(compared.added + compared.changed + compared.unchanged).toBe(11);
  const changed = await versions.differences(dataset.id, 1, 2, 'changed', 0, 100);
  expect(changed.total).toBe(compared.changed);
  expect(changed.items.find(({ pictureId }) => pictureId === pictures[5]!.id)!.what).toContain('pixels');
  const { items: added } = await versions.differences(dataset.id, 1, 2, 'added', 0, 100);
  expect(added).toMatchObject([{ pictureId: pictures[0]!.id, name: 'a/0.png', from: null }]);
  const { items: removed } = await versions.differences(dataset.id, 1, 2, 'removed', 0, 100);
  expect(removed).toMatchObject([{ pictureId: pictures[11]!.id, to: null }]);
  expect(compared.classes.map(({ name }) => name)).toEqual(['a', 'b']);
  const sum = (counts: readonly number[]) => counts.reduce((total, n) => total + n, 0);
  expect(sum(compared.statistics.from!.brightness)).toBe(1024 * versions.version(dataset.id, 1).images);

  await build(dataset, { sizePx: 28, crop: 'centre' });
  expect(await versions.compare(dataset.id, 2, 3)).toMatchObject({ changed: 11, unchanged: 0 });
  await truncate(fileOf(dataset, 3, 'labels.i32'), 4);
  await expect(versions.compare(dataset.id, 1, 3)).rejects.toMatchObject({ code: 'dataset-changed' });
});

test('a preview shows the very pixels that the version will hold, and writes nothing', async () => {
  const dataset = await twoClasses();
  const form = { ...recipe, pairing: { kind: 'holes', share: 0.3 }, seed: 4 } as const;
  const { samples } = await station.datasets.versions.outline(dataset.id, form, 12, 0);
  expect(samples).toHaveLength(12);
  const before = await station.files('');
  const shown = await Promise.all(
    samples.flatMap(({ pictureId }) =>
      (['target', 'input'] as const).map((part) =>
        station.datasets.versions.preview(pictureId, null, part, {
          ...{ background: '#ffffff', resize: 'lanczos3', normalisation: 'none', focus: null },
          ...form,
          crop: 'smart',
        }),
      ),
    ),
  );
  expect((await station.files('')).filter((name) => !name.startsWith('studio.db'))).toEqual(
    before.filter((name) => !name.startsWith('studio.db')),
  );
  await build(dataset, form);
  for (const [place, { pictureId }] of samples.entries()) {
    const at = picturesOf(dataset).findIndex(({ id }) => id === pictureId);
    for (const [part, name] of ['images.u8', 'inputs.u8'].entries()) {
      const pixels = await sharp(shown[place * 2 + part]!.bytes)
        .raw()
        .toBuffer();
      const stored = (await read(dataset, 1, name)).subarray(at * 3072, (at + 1) * 3072);
      expect(pixels.equals(stored)).toBe(true);
    }
  }
});

test('pairs are made of two folders, and of pictures that hold both halves', async () => {
  for (const at of [1, 2, 3]) {
    await station.put({
      [`photo/${at}.png`]: await pngOf(at, 32),
      [`map/${at}.png`]: await pngOf(at + 50, 32),
    });
  }
  const folders = await station.import();
  const named = await build(folders, {
    crop: 'centre',
    pairing: { kind: 'by-name', inputs: 'map', targets: 'photo' },
  });
  expect(named).toMatchObject({ images: 3, paired: true, classes: [] });
  const raw = async (bytes: Buffer) => sharp(bytes).raw().toBuffer();
  expect((await read(folders, 1, 'images.u8')).subarray(0, 3072).equals(await raw(await pngOf(1, 32)))).toBe(
    true,
  );
  expect((await read(folders, 1, 'inputs.u8')).subarray(0, 3072).equals(await raw(await pngOf(51, 32)))).toBe(
    true,
  );

  await rm(station.incoming, { recursive: true });
  await station.put({
    'both.png': await redThenBlue().png().toBuffer(),
    'more.png': await sharp(await pngOf(1, 40))
      .resize(80, 40)
      .png()
      .toBuffer(),
  });
  const halves = await station.import();
  await build(halves, { sizePx: 28, labelMode: 'none', pairing: { kind: 'side-by-side', input: 'left' } });
  expect([...(await read(halves, 1, 'images.u8')).subarray(0, 3)]).toEqual([0, 0, 255]);
  expect([...(await read(halves, 1, 'inputs.u8')).subarray(0, 3)]).toEqual([255, 0, 0]);
});

test('a disk that fills up during the building is named, and nothing half-made stays', async () => {
  const dataset = await twoClasses();
  const staging = join(station.workspace.folder, 'staging');
  await mkdir(staging, { recursive: true });
  try {
    // Too small for twelve pictures of 12 KB each.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', staging], { stdio: 'ignore' });
  } catch {
    console.warn('Skipped: a file system that is full can only be mounted by root.');
    return;
  }
  try {
    await expect(build(dataset, { sizePx: 64 })).rejects.toMatchObject({ code: 'disk-full' });
    expect(await station.files('staging')).toEqual([]);
  } finally {
    execFileSync('umount', [staging]);
  }
  expect(await station.files('datasets')).toEqual([]);
  expect(station.rows('dataset_version')).toBe(0);
  expect((await build(dataset, { sizePx: 64 })).version).toBe(1);
});

const emoji = sharedData('noto-emoji-72');
test.skipIf(!emoji)(
  'the emoji set is built twice to the same bytes, and split without parting copies',
  async () => {
    const dataset = await station.import(emoji!, 'Emoji');
    const choices: Partial<RecipeInput> = { labelMode: 'none', heldOutShare: 0.1, sizePx: 64 };
    const first = await build(dataset, choices);
    expect(first.images + first.heldOutImages).toBe(dataset.pictures);
    expect(first.heldOutImages).toBe(Math.round(dataset.pictures * 0.1));
    const places = station.database
      .prepare<[string], { sha256: string; position: number }>(
        `SELECT p.original_sha256 AS sha256, v.position FROM version_picture v JOIN picture p ON p.id = v.picture_id
       WHERE v.dataset_id = ?`,
      )
      .all(dataset.id);
    const partsOf = new Map<string, Set<boolean>>();
    for (const { sha256, position } of places) {
      partsOf.set(sha256, (partsOf.get(sha256) ?? new Set()).add(position < first.images));
    }
    expect([...partsOf.values()].filter((parts) => parts.size > 1)).toEqual([]);
    // Without its keys, and known as made of something else, it is neither found nor built upon.
    await rm(fileOf(dataset, 1, 'transforms.sha256'));
    station.database.prepare("UPDATE dataset_version SET inputs_hash = 'another'").run();
    const second = await build(dataset, choices);
    expect([second.version, second.hash]).toEqual([2, first.hash]);
  },
  300_000,
);
