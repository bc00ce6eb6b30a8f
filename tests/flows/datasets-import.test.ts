import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, statfs, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeIdx } from '../../src-main/imaging/idx.ts';
import { reconcile } from '../../src-main/studio/reconcile.ts';
import { openDatasetStation, type DatasetStation } from '../fixtures/dataset-station.ts';
import { flat, pngOf } from '../fixtures/pictures.ts';
import { craftZip } from '../fixtures/zip-bytes.ts';

let station: DatasetStation;
beforeEach(async () => {
  station = await openDatasetStation();
});
afterEach(() => station.close());

async function expectNothingKept(): Promise<void> {
  for (const table of ['dataset', 'picture', 'original', 'quarantine', 'companion'] as const) {
    expect([table, station.rows(table)]).toEqual([table, 0]);
  }
  expect(await station.files('originals')).toEqual([]);
  expect(await station.files('staging')).toEqual([]);
}

test('a folder with classes, bad files and other files becomes a dataset that tells of each', async () => {
  const [cat1, cat2, dog] = [await pngOf(1), await pngOf(2), await pngOf(3, 30)];
  await station.put({
    'cat/1.png': cat1,
    'cat/2.png': cat2,
    'cat/same.png': cat1,
    'dog/1.png': dog,
    'dog/empty.png': '',
    'dog/text.png': 'not a picture at all',
    'dog/cut.png': (await pngOf(4, 100)).subarray(0, 400),
    'readme.txt': 'hello',
  });
  const dataset = await station.import();
  expect(dataset).toMatchObject({
    name: 'Pictures',
    importing: false,
    pictures: 4,
    quarantined: 3,
    ignored: 1,
    sources: [{ kind: 'folder', location: station.incoming, pictures: 4, quarantined: 3, ignored: 1 }],
    classes: [
      { name: 'cat', pictures: 3 },
      { name: 'dog', pictures: 1 },
    ],
    proposal: { sizePx: 32, channels: 3, labelMode: 'folders' },
  });
  expect(station.datasets.list(station.projectId)).toEqual([dataset]);

  const pictures = station.datasets.pictures(dataset.id, 0, 10);
  expect(pictures.total).toBe(4);
  expect(pictures.items.map(({ name }) => name)).toEqual([
    'cat/1.png',
    'cat/2.png',
    'cat/same.png',
    'dog/1.png',
  ]);
  expect(pictures.items[3]).toMatchObject({ label: 'dog', widthPx: 30, heightPx: 30 });
  const dogs = station.datasets.pictures(dataset.id, 0, 10, 'dog');
  expect(dogs).toMatchObject({ total: 1, items: [{ name: 'dog/1.png' }] });
  expect(station.datasets.pictures(dataset.id, 1, 2).items.map(({ name }) => name)).toEqual([
    'cat/2.png',
    'cat/same.png',
  ]);

  const quarantined = station.datasets.quarantined(dataset.id, 0, 10);
  expect(quarantined.items.map(({ name, reason }) => [name, reason.code, reason.details.reason])).toEqual([
    ['dog/cut.png', 'file-unreadable', 'damaged'],
    ['dog/empty.png', 'file-unreadable', 'empty'],
    ['dog/text.png', 'file-unreadable', 'text'],
  ]);

  const sha256 = createHash('sha256').update(cat1).digest('hex');
  expect(await station.files('originals')).toHaveLength(3);
  expect((await readFile(station.workspace.originalPath(sha256, 'png'))).equals(cat1)).toBe(true);
});

test('the job counts up to its end and names the dataset it makes', async () => {
  for (let at = 0; at < 30; at += 1) await station.put({ [`${at}.png`]: await pngOf(at) });
  const { datasetId, job, finished } = await station.datasets.import(station.projectId, 'Counted', {
    kind: 'path',
    path: station.incoming,
  });
  expect(job).toMatchObject({ kind: 'import', subject: 'Counted', state: 'running', resultId: datasetId });
  expect(station.datasets.get(datasetId).importing).toBe(true);
  expect(() =>
    station.datasets.buildVersion(datasetId, {
      sizePx: 32,
      channels: 3,
      background: '#ffffff',
      labelMode: 'none',
    }),
  ).toThrow(expect.objectContaining({ code: 'not-possible-now' }));
  await finished;
  expect(station.jobs.list()[0]).toMatchObject({ state: 'done', done: 30, total: 30, resultId: datasetId });
});

describe('the proposal follows the pictures', () => {
  const grey = (sizePx: number, value: string) => flat(value, sizePx).toColourspace('b-w').png().toBuffer();
  test('28×28 greys stay 28 and grey', async () => {
    await station.put({ 'a.png': await grey(28, '#101010'), 'b.png': await grey(28, '#202020') });
    expect((await station.import()).proposal).toEqual({ sizePx: 28, channels: 1, labelMode: 'none' });
  });
  test('larger ones come at 64', async () => {
    await station.put({ 'a.png': await pngOf(1, 100), 'b.png': await pngOf(2, 300) });
    expect((await station.import()).proposal).toEqual({ sizePx: 64, channels: 3, labelMode: 'none' });
  });
});

describe('refused before anything is stored', () => {
  const refused = async (path: string, code: string) => {
    await expect(station.import(path)).rejects.toMatchObject({ code });
    await expectNothingKept();
    expect(station.jobs.list()).toEqual([]);
  };

  test('a path that is not there', () => refused(join(station.incoming, 'nowhere'), 'path-missing'));
  test('an empty folder', () => refused(station.incoming, 'folder-empty'));
  test('a folder without pictures', async () => {
    await station.put({ 'a.txt': 'a' });
    await refused(station.incoming, 'folder-without-pictures');
  });
  test.each([
    ['with a way out', [{ name: '../out.png' }], 'archive-unsafe-path'],
    ['with a link', [{ name: 'a.png', mode: 0o120777 }], 'archive-symlink'],
    ['under a password', [{ name: 'a.png', encrypted: true, deflate: true }], 'archive-encrypted'],
    ['unpacking to 30 GB', [{ name: 'a.png', method: 8, declaredBytes: 3e9 }], 'archive-too-large'],
  ])('a ZIP %s', async (_name, entries, code) => {
    const many =
      code === 'archive-too-large'
        ? Array.from({ length: 10 }, (_u, at) => ({ ...entries[0]!, name: `${at}.png` }))
        : entries;
    await station.put({ 'set.zip': craftZip(many) });
    await refused(join(station.incoming, 'set.zip'), code);
  });

  test('more pictures than the disk has room for', async ({ skip }) => {
    const { bavail, bsize } = await statfs(station.incoming);
    for (const name of ['a.png', 'b.png', 'c.png']) {
      await station.put({ [name]: '' });
      // Sparse files: large to look at, nothing on the disk.
      await truncate(join(station.incoming, name), bavail * bsize).catch(() => skip('no sparse files here'));
    }
    await refused(station.incoming, 'disk-full');
  });
});

describe('nothing half-made remains', () => {
  test('when fewer than two pictures can be read', async () => {
    await station.put({ 'good.png': await pngOf(1), 'bad.png': 'text', 'worse.png': '' });
    await expect(station.import()).rejects.toMatchObject({
      code: 'pictures-too-few',
      details: { readable: 1, unreadable: 2 },
    });
    await expectNothingKept();
    expect(station.jobs.list()[0]).toMatchObject({ state: 'failed', failure: { code: 'pictures-too-few' } });
  });

  const many = async () => {
    const [one, two] = [await pngOf(1, 120), await pngOf(2, 120)];
    for (let at = 0; at < 600; at += 1) {
      // The same picture with bytes of its own after its end, so that each is an original.
      const bytes = Buffer.concat([at % 2 ? one : two, Buffer.from(String(at))]);
      await station.put({ [`set/${at}.png`]: bytes });
    }
    return join(station.incoming, 'set');
  };

  test('when it is cancelled, and what another dataset uses stays', async () => {
    const path = await many();
    await station.put({ 'small/1.png': await readFile(join(path, '0.png')), 'small/2.png': await pngOf(9) });
    const small = await station.import(join(station.incoming, 'small'), 'Small');
    const { job, finished } = await station.datasets.import(station.projectId, 'Big', { kind: 'path', path });
    await station.untilProgress(job.id, 250);
    expect(station.rows('picture')).toBeGreaterThan(2);
    station.jobs.cancel(job.id);
    await expect(finished).rejects.toMatchObject({ code: 'cancelled' });
    expect(station.jobs.list().at(-1)).toMatchObject({ state: 'cancelled' });
    expect(station.datasets.list()).toEqual([small]);
    expect(station.rows('picture')).toBe(2);
    expect(station.rows('original')).toBe(2);
    expect(await station.files('originals')).toHaveLength(2);
  });

  test('when its folder vanishes on the way', async () => {
    const path = await many();
    const { job, finished } = await station.datasets.import(station.projectId, 'Gone', {
      kind: 'path',
      path,
    });
    await station.untilProgress(job.id);
    await rename(path, `${path}-elsewhere`);
    await expect(finished).rejects.toMatchObject({ code: 'path-missing', details: { path } });
    await expectNothingKept();
  });

  test('when two imports share pictures and one is cancelled', async () => {
    const path = await many();
    const first = await station.datasets.import(station.projectId, 'First', { kind: 'path', path });
    const second = await station.datasets.import(station.projectId, 'Second', { kind: 'path', path });
    await station.untilProgress(first.job.id, 20);
    station.jobs.cancel(first.job.id);
    await expect(first.finished).rejects.toMatchObject({ code: 'cancelled' });
    expect((await second.finished).pictures).toBe(600);
    expect(await station.files('originals')).toHaveLength(600);
    expect(await reconcile(station.database, station.workspace)).toEqual([]);
  });
});

test('a ZIP brings the same pictures as its folder', async () => {
  const files = { 'x/1.png': await pngOf(1), 'x/2.png': await pngOf(2), 'y/1.png': await pngOf(3) };
  await station.put({
    ...files,
    'set.zip': craftZip(Object.entries(files).map(([name, bytes]) => ({ name, bytes, deflate: true }))),
  });
  const dataset = await station.import(join(station.incoming, 'set.zip'));
  expect(dataset).toMatchObject({
    sources: [{ kind: 'zip' }],
    pictures: 3,
    classes: [
      { name: 'x', pictures: 2 },
      { name: 'y', pictures: 1 },
    ],
  });
});

test('a damaged entry of a ZIP is quarantined and the others come in', async () => {
  const entries = [
    { name: '1.png', bytes: await pngOf(1) },
    { name: '2.png', bytes: await pngOf(2), checksum: 7 },
    { name: '3.png', bytes: await pngOf(3) },
  ];
  await station.put({ 'set.zip': craftZip(entries) });
  const dataset = await station.import(join(station.incoming, 'set.zip'));
  expect(dataset).toMatchObject({ pictures: 2, quarantined: 1 });
  expect(station.datasets.quarantined(dataset.id, 0, 9).items[0]).toMatchObject({
    name: '2.png',
    reason: { code: 'archive-corrupt' },
  });
});

describe('an IDX pair', () => {
  const images = encodeIdx({
    dimensions: [12, 28, 28],
    data: Uint8Array.from({ length: 12 * 784 }, (_unused, at) => (at * 31) % 256),
  });
  const labels = encodeIdx({
    dimensions: [12],
    data: Uint8Array.from({ length: 12 }, (_unused, at) => at % 11),
  });

  test('comes in whole, its classes in order of number', async () => {
    await station.put({ 'd-images-idx3-ubyte.gz': gzipSync(images), 'd-labels-idx1-ubyte': labels });
    const dataset = await station.import(join(station.incoming, 'd-labels-idx1-ubyte'));
    expect(dataset).toMatchObject({
      sources: [{ kind: 'idx' }],
      pictures: 12,
      proposal: { sizePx: 28, channels: 1, labelMode: 'folders' },
    });
    expect(dataset.classes.map(({ name }) => name)).toEqual(
      Array.from({ length: 11 }, (_u, at) => String(at)),
    );
    expect(station.rows('original')).toBe(2);
    expect(station.datasets.pictures(dataset.id, 11, 1).items[0]).toMatchObject({
      name: 'd-images-idx3-ubyte.gz#11',
      label: '0',
    });
  });

  test('whose counts differ is refused and leaves nothing', async () => {
    const short = encodeIdx({ dimensions: [11], data: new Uint8Array(11) });
    await station.put({ 'd-images-idx3-ubyte': images, 'd-labels-idx1-ubyte': short });
    await expect(station.import()).rejects.toMatchObject({
      code: 'idx-mismatch',
      details: { pictures: 12, labelCount: 11 },
    });
    await expectNothingKept();
  });
});

test('the built-in sample is a dataset of ten classes with its licence, the same for the same seed', async () => {
  const make = async (seed: number) => {
    const source = { kind: 'sample', images: 200, seed } as const;
    return (await station.datasets.import(station.projectId, 'Digits', source)).finished;
  };
  const dataset = await make(4);
  expect(dataset).toMatchObject({
    pictures: 200,
    sources: [{ kind: 'sample' }],
    licence: { name: 'OFL-1.1' },
    proposal: { sizePx: 28, channels: 1, labelMode: 'folders' },
  });
  expect(dataset.licence.attribution).toContain('Patrick Hand');
  expect(dataset.classes).toHaveLength(10);
  const before = await station.files('originals');
  await make(4);
  expect(await station.files('originals')).toEqual(before);
  await make(5);
  expect((await station.files('originals')).length).toBeGreaterThan(before.length);
});

test('an upload is imported and then cleared away', async () => {
  const folder = join(station.workspace.uploadsFolder, 'upload1');
  await mkdir(folder, { recursive: true });
  const zip = craftZip([
    { name: 'a.png', bytes: await pngOf(1) },
    { name: 'b.png', bytes: await pngOf(2) },
  ]);
  await writeFile(join(folder, 'set.zip'), zip);
  const source = { kind: 'upload', uploadId: 'upload1' } as const;
  const { finished } = await station.datasets.import(station.projectId, 'Uploaded', source);
  expect(await finished).toMatchObject({ pictures: 2, sources: [{ kind: 'upload', location: '' }] });
  expect(await station.files('uploads')).toEqual([]);
  await expect(station.datasets.import(station.projectId, 'Again', source)).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('names and licences can be changed', async () => {
  await station.put({ '1.png': await pngOf(1), '2.png': await pngOf(2), LICENSE: 'CC0 1.0 Universal' });
  const dataset = await station.import();
  expect(dataset.licence).toMatchObject({ name: 'CC0-1.0', attribution: '', demands: [], conflicts: [] });
  const [source] = dataset.sources;
  expect(source).toMatchObject({ rights: { licence: 'CC0-1.0' }, rightsFrom: 'licence-file' });
  const rights = { ...source!.rights, licence: 'cc-by-4.0', author: 'A. Painter' };
  expect(station.datasets.sources.setRights(source!.id, rights)).toMatchObject({
    licence: { name: 'CC-BY-4.0', attribution: 'A. Painter', demands: ['attribution'] },
    sources: [{ rightsFrom: 'person' }],
  });
  expect(station.datasets.rename(dataset.id, 'Better').name).toBe('Better');
  expect(() => station.datasets.get('dataset-none')).toThrow(expect.objectContaining({ code: 'not-found' }));
});

test('after a killed import the next start clears away what it left', async () => {
  await station.put({ '1.png': await pngOf(1), '2.png': await pngOf(2) });
  const kept = await station.import();
  // What a process leaves that ends in the middle: an unfinished row with pictures, and a file without a row.
  station.database
    .prepare("INSERT INTO dataset SELECT 'dataset-cut', project_id, 'Cut off', 1, proposal, 1 FROM dataset")
    .run();
  station.database
    .prepare(
      `INSERT INTO source (id, dataset_id, ordinal, kind, location, importing, added_at)
       VALUES ('source-cut', 'dataset-cut', 1, 'folder', '/gone', 1, 1)`,
    )
    .run();
  const sha256 = await station.workspace.putOriginal(await pngOf(7), 'png');
  station.database.prepare("INSERT INTO original VALUES (?, 'png', 1, 1)").run(sha256);
  station.database
    .prepare(
      `INSERT INTO picture (id, dataset_id, source_id, ordinal, name, original_sha256, width_px, height_px)
       VALUES ('picture-cut', 'dataset-cut', 'source-cut', 0, 'x.png', ?, 24, 24)`,
    )
    .run(sha256);
  await station.workspace.putOriginal(await pngOf(8), 'png');

  expect(await station.datasets.recover()).toEqual([expect.stringContaining('Cut off')]);
  expect(await reconcile(station.database, station.workspace)).toHaveLength(1);
  expect(station.datasets.list()).toEqual([kept]);
  expect(await station.files('originals')).toHaveLength(2);
  expect(await station.files('trash')).toHaveLength(1);
  expect(await station.datasets.recover()).toEqual([]);
  expect(await reconcile(station.database, station.workspace)).toEqual([]);
});
