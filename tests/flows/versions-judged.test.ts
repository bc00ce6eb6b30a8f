import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/domain/recipes.ts';
import { createDatasets, type Datasets } from '../../src-main/studio/datasets.ts';
import { pictureJudgements } from '../../src-main/studio/picture-judgements.ts';
import { openDatasetStation, type DatasetStation } from '../fixtures/dataset-station.ts';
import { pngOf } from '../fixtures/pictures.ts';

let station: DatasetStation;
let datasets: Datasets;
beforeEach(async () => {
  station = await openDatasetStation();
  const { database, workspace, jobs } = station;
  datasets = createDatasets({ database, workspace, jobs, judgements: pictureJudgements(database) });
});
afterEach(() => station.close());

const recipe: RecipeInput = { sizePx: 32, channels: 3, labelMode: 'folders' };

async function twelve() {
  for (let at = 0; at < 12; at += 1) {
    await station.put({ [`${at % 2 === 0 ? 'a' : 'b'}/${at}.png`]: await pngOf(at, 32) });
  }
  const { id } = await station.import();
  return { id, pictures: datasets.pictures(id, 0, 100).items };
}

const tell = (sql: string, ...values: (string | number)[]) => station.database.prepare(sql).run(...values);
const build = (id: string, changes: Partial<RecipeInput> = {}) =>
  datasets.buildVersion(id, { ...recipe, ...changes }).finished;
const placesOf = (id: string, version: number) =>
  station.database
    .prepare<[string, number], { picture: string; position: number }>(
      'SELECT picture_id AS picture, position FROM version_picture WHERE dataset_id = ? AND version = ? ORDER BY position',
    )
    .all(id, version);

test('what the review keeps out, and what a licence forbids, stays out and is counted', async () => {
  const { id, pictures } = await twelve();
  await build(id);
  tell("UPDATE picture SET exclusion = 'blurred' WHERE id = ?", pictures[0]!.id);
  tell("UPDATE picture SET may_train = 'no' WHERE id = ?", pictures[1]!.id);
  expect(await datasets.versions.outline(id, recipe, 0, 0)).toMatchObject({
    images: 10,
    excluded: 1,
    mayNotTrain: 1,
    reusable: 10,
    existing: null,
  });
  const version = await build(id);
  expect([version.version, version.images]).toEqual([2, 10]);
  const entered = placesOf(id, 2).map(({ picture }) => picture);
  expect(entered).not.toContain(pictures[0]!.id);
  expect(entered).not.toContain(pictures[1]!.id);
  tell('UPDATE picture SET exclusion = NULL');
  tell("UPDATE picture SET may_train = 'yes'");
  expect((await build(id)).version).toBe(1);
});

test('a source that is added later costs its own pictures alone', async () => {
  const { id, pictures } = await twelve();
  await build(id);
  const more = join(station.incoming, '../more');
  await mkdir(join(more, 'a'), { recursive: true });
  await writeFile(join(more, 'a', 'one.png'), await pngOf(50, 32));
  await writeFile(join(more, 'a', 'two.png'), await pngOf(51, 32));
  await (
    await datasets.sources.add(id, { kind: 'path', path: more })
  ).finished;
  expect(await datasets.versions.outline(id, recipe, 0, 0)).toMatchObject({ images: 14, reusable: 12 });
  const hashOf = station.database
    .prepare<[string], string>('SELECT original_sha256 FROM picture WHERE id = ?')
    .pluck();
  for (const picture of pictures) {
    await rm(station.workspace.originalPath(hashOf.get(picture.id)!, 'png'));
  }
  expect(await build(id)).toMatchObject({ version: 2, images: 14 });
  expect(await datasets.versions.compare(id, 1, 2)).toMatchObject({ added: 2, changed: 0, unchanged: 12 });
});

test('a label that the review corrected is the class in the version', async () => {
  const { id, pictures } = await twelve();
  const mistaken = pictures.find(({ label }) => label === 'a')!;
  tell("UPDATE picture SET label = 'b' WHERE id = ?", mistaken.id);
  const version = await build(id);
  expect(version.classes).toEqual([
    { name: 'a', images: 5 },
    { name: 'b', images: 7 },
  ]);
  const labels = await readFile(join(station.workspace.versionFolder(id, 1), 'labels.i32'));
  const { position } = placesOf(id, 1).find(({ picture }) => picture === mistaken.id)!;
  expect(labels.readInt32LE(position * 4)).toBe(1);
});

test('only a picture that the review repairs is prepared anew', async () => {
  const { id, pictures } = await twelve();
  await build(id);
  tell("UPDATE picture SET repair = 'median' WHERE id = ?", pictures[4]!.id);
  expect(await datasets.versions.outline(id, recipe, 0, 0)).toMatchObject({ images: 12, reusable: 11 });
  await build(id);
  expect(await datasets.versions.compare(id, 1, 2)).toMatchObject({ changed: 1, unchanged: 11 });
});

test('the look-alikes that the review found are never parted by the split', async () => {
  const { id, pictures } = await twelve();
  const together = pictures.slice(0, 4).map((picture) => picture.id);
  for (const picture of together) {
    tell('INSERT INTO look_alike (picture_id, dataset_id, set_number) VALUES (?, ?, 1)', picture, id);
  }
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const version = await build(id, { heldOutShare: 0.4, seed });
    const heldOut = placesOf(id, version.version).filter(({ position }) => position >= version.images);
    expect(heldOut.length).toBeGreaterThan(0);
    expect([0, 4]).toContain(heldOut.filter(({ picture }) => together.includes(picture)).length);
  }
});
