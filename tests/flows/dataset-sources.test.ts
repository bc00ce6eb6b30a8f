import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failureSchema } from '../../src-main/contract/errors.ts';
import { reconcile } from '../../src-main/studio/reconcile.ts';
import { openDatasetStation, type DatasetStation } from '../fixtures/dataset-station.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { craftTarGz } from '../fixtures/tar-bytes.ts';

let station: DatasetStation;
beforeEach(async () => {
  station = await openDatasetStation();
});
afterEach(() => station.close());

const at = (name: string) => join(station.incoming, name);
const importFrom = (name: string) => station.import(at(name));
const add = async (datasetId: string, name: string) => {
  const started = await station.datasets.sources.add(datasetId, { kind: 'path', path: at(name) });
  return started.finished;
};
const picturesOf = (id: string) => station.datasets.pictures(id, 0, 1000).items;
const putAside = (id: string) =>
  station.datasets.quarantined(id, 0, 100).items.map(({ name, reason }) => [name, reason.details.reason]);

async function expectAgreement(): Promise<void> {
  expect(await reconcile(station.database, station.workspace)).toEqual([]);
  expect(await station.files('staging')).toEqual([]);
}

describe('captions and labels', () => {
  test('come from sub-folders, side-cars and metadata.jsonl, the more exact before the other', async () => {
    await station.put({
      'set/cat/1.png': await pngOf(1),
      'set/cat/1.txt': ' a cat on a mat \n',
      'set/cat/2.png': await pngOf(2),
      'set/dog/3.png': await pngOf(3),
      'set/dog/3.txt': 'not this one',
      'set/stray.png': await pngOf(4),
      'set/readme.txt': 'about this set',
      'set/metadata.jsonl': [
        '{"file_name": "dog/3.png", "text": "a dog", "label": "hound", "licence": "CC-BY-4.0", "mood": "calm", "n": 3}',
        '{"file_name": "dog/none.png", "text": "nobody"}',
        '{"file_name": "../../outside.png"}',
        'no JSON at all',
        '',
      ].join('\r\n'),
    });
    const dataset = await importFrom('set');
    expect(picturesOf(dataset.id)).toMatchObject([
      { name: 'cat/1.png', label: 'cat', caption: 'a cat on a mat' },
      { name: 'cat/2.png', label: 'cat', caption: null },
      { name: 'dog/3.png', label: 'hound', caption: 'a dog' },
      { name: 'stray.png', label: null, caption: null },
    ]);
    expect(putAside(dataset.id)).toEqual([
      ['dog/none.png', 'not-in-source'],
      ['../../outside.png', 'outside'],
      ['metadata.jsonl, line 4', 'row'],
    ]);
    const { items } = station.datasets.quarantined(dataset.id, 0, 10);
    expect(items.map(({ reason }) => failureSchema.parse(reason).message)[0]).toBe(
      '“dog/none.png” cannot be taken in: there is no such file.',
    );
    expect(dataset).toMatchObject({ missing: { label: 1, caption: 2, licence: 3 }, ignored: 1 });
    const dog = picturesOf(dataset.id)[2]!;
    const choice = { kind: 'ids' as const, pictureIds: [dog.id] };
    expect(await station.pictures.facts(dataset.id, choice)).toMatchObject({
      single: { columns: { mood: 'calm', n: 3 } },
      fields: {
        licence: { value: 'CC-BY-4.0', origin: 'row' },
        mayTrain: { value: 'unknown', origin: 'nothing' },
      },
    });
  });

  test('come from a CSV as people write it: byte order mark, semicolons, quoted line breaks', async () => {
    const rows = [
      'File Name;Label;Caption;Author;May Train;Shelf',
      'b.png;;"two\r\nlines; and a ""quote""";Ann;no;7',
      'a.png;cat;;;yes;',
      'missing.png;dog;;;;',
      '..\\escape.png;dog;;;;',
    ];
    await station.put({
      'table/a.png': await pngOf(1),
      'table/b.png': await pngOf(2),
      'table/c.png': await pngOf(3),
      'table/list.csv': `\uFEFF${rows.join('\r\n')}`,
      'escape.png': await pngOf(4),
    });
    const dataset = await importFrom('table/list.csv');
    expect(picturesOf(dataset.id)).toMatchObject([
      { name: 'b.png', label: null, caption: 'two\r\nlines; and a "quote"' },
      { name: 'a.png', label: 'cat', caption: null },
    ]);
    expect(putAside(dataset.id)).toEqual([
      ['missing.png', 'not-in-source'],
      ['..\\escape.png', 'outside'],
    ]);
    expect(dataset.sources).toMatchObject([{ kind: 'manifest', location: at('table/list.csv') }]);
    expect(dataset.licence).toMatchObject({ attribution: 'Ann', mayTrain: { yes: 1, no: 1, unknown: 0 } });
  });

  test.each([
    ['a quote that is never closed', `file_name,caption\na.png,"${'x'.repeat(1_200_000)}`, 'line-too-long'],
    ['no pictures', 'name,age\nAnn,7\n', 'no-pictures'],
    ['nothing', '', 'no-pictures'],
  ])('are refused from a manifest with %s', async (_name, content, reason) => {
    await station.put({ 'table/list.csv': content, 'table/a.png': await pngOf(1) });
    await expect(importFrom('table/list.csv')).rejects.toMatchObject({
      code: 'manifest-invalid',
      details: { reason },
    });
    expect(station.rows('dataset')).toBe(0);
  });
});

describe('sources added one after another', () => {
  beforeEach(async () => {
    await station.put({
      'one/1.png': await pngOf(1),
      'one/2.png': await pngOf(2),
      'two/x/2.png': await pngOf(2),
      'two/y/9.png': await pngOf(9),
      'two/y/bad.png': 'text',
      'bad/bad.png': 'text',
    });
  });

  test('keep what is there, in a fixed order, and count for themselves', async () => {
    const first = await importFrom('one');
    expect(first.proposal.labelMode).toBe('none');
    const both = await add(first.id, 'two');
    expect(both).toMatchObject({
      pictures: 4,
      quarantined: 1,
      proposal: { labelMode: 'folders' },
      classes: [
        { name: 'x', pictures: 1 },
        { name: 'y', pictures: 1 },
      ],
      sources: [
        { ordinal: 1, location: at('one'), pictures: 2, quarantined: 0 },
        { ordinal: 2, location: at('two'), pictures: 2, quarantined: 1 },
      ],
    });
    expect(picturesOf(first.id).map(({ name }) => name)).toEqual(['1.png', '2.png', 'x/2.png', 'y/9.png']);
    // The same bytes are kept once.
    expect(station.rows('original')).toBe(3);
    await expectAgreement();
  });

  test('leave the dataset as it was when one brings nothing', async () => {
    const first = await importFrom('one');
    await expect(add(first.id, 'bad')).rejects.toMatchObject({ code: 'pictures-too-few' });
    expect(station.datasets.get(first.id)).toEqual(first);
    await expect(add(first.id, 'nowhere')).rejects.toMatchObject({ code: 'path-missing' });
    await expect(add('dataset-none', 'two')).rejects.toMatchObject({ code: 'not-found' });
    await expectAgreement();
  });

  test('leave the dataset as it was when one is cancelled in the middle', async () => {
    const [small, large] = [await pngOf(3, 24), await pngOf(4, 24)];
    for (let number = 0; number < 700; number += 1) {
      const bytes = Buffer.concat([number % 2 ? small : large, Buffer.from(String(number))]);
      await station.put({ [`many/${number}.png`]: bytes });
    }
    const first = await importFrom('one');
    const { job, finished } = await station.datasets.sources.add(first.id, {
      kind: 'path',
      path: at('many'),
    });
    await station.untilProgress(job.id, 250);
    expect(station.datasets.get(first.id).sources).toHaveLength(2);
    // What is still coming in takes part in nothing.
    const version = await station.datasets.buildVersion(first.id, first.proposal).finished;
    expect(version.images).toBe(2);
    station.jobs.cancel(job.id);
    await expect(finished).rejects.toMatchObject({ code: 'cancelled' });
    expect(station.datasets.get(first.id)).toMatchObject({ pictures: 2, sources: [{ ordinal: 1 }] });
    expect(await station.files('originals')).toHaveLength(2);
    await expectAgreement();
  });

  test('wait for one another', async () => {
    const first = await importFrom('one');
    const [a, b] = await Promise.all([
      station.datasets.sources.add(first.id, { kind: 'path', path: at('two') }),
      station.datasets.sources.add(first.id, { kind: 'path', path: at('one') }),
    ]);
    await Promise.all([a.finished, b.finished]);
    expect(station.datasets.get(first.id)).toMatchObject({ pictures: 6, quarantined: 1 });
    const ordinals = station.database.prepare('SELECT ordinal FROM picture ORDER BY ordinal').pluck().all();
    expect(new Set(ordinals).size).toBe(6);
  });

  test('can be archives, whose captions come with them', async () => {
    const first = await importFrom('one');
    await station.put({
      'more.tar.gz': craftTarGz([
        { name: 'z/5.png', bytes: await pngOf(5) },
        { name: 'z/5.txt', bytes: Buffer.from('five') },
        { name: 'a/4.png', bytes: await pngOf(4) },
        { name: 'LICENSE', bytes: Buffer.from('CC0 1.0 Universal') },
      ]),
      'cut.tgz': craftTarGz([{ name: 'z/5.png', bytes: await pngOf(5) }]).subarray(0, 200),
      'evil.tar.gz': craftTarGz([{ name: '../5.png', bytes: await pngOf(5) }]),
    });
    const both = await add(first.id, 'more.tar.gz');
    expect(both.sources[1]).toMatchObject({ kind: 'tar', pictures: 2, rights: { licence: 'CC0-1.0' } });
    expect(picturesOf(first.id).slice(2)).toMatchObject([
      { name: 'z/5.png', label: 'z', caption: 'five' },
      { name: 'a/4.png', label: 'a', caption: null },
    ]);
    await expect(add(first.id, 'cut.tgz')).rejects.toMatchObject({ code: 'archive-corrupt' });
    await expect(add(first.id, 'evil.tar.gz')).rejects.toMatchObject({ code: 'archive-unsafe-path' });
    expect(station.datasets.get(first.id)).toEqual(both);
  });
});

describe('a watched folder', () => {
  test('offers new files and takes them in when it is told to, with the classes of their folders', async () => {
    await station.put({
      'w/cat/1.png': await pngOf(1),
      'w/dog/2.png': await pngOf(2),
      'w/dog/bad.png': 'text',
    });
    const dataset = await importFrom('w');
    const { id } = dataset.sources[0]!;
    const { sources } = station.datasets;
    expect(sources.setWatched(id, true).sources[0]!.watched).toBe(true);
    expect(await sources.newFiles(id)).toEqual({ count: 0, names: [] });
    await expect(sources.addNewFiles(id)).rejects.toMatchObject({ code: 'not-possible-now' });

    const abort = new AbortController();
    const told = sources.watch(abort.signal).next();
    await station.put({ 'w/dog/3.png': await pngOf(3), 'w/dog/3.txt': 'three', 'w/notes.md': 'x' });
    expect(await told).toMatchObject({ value: { datasetId: dataset.id, sourceId: id } });
    abort.abort();
    expect(await sources.newFiles(id)).toEqual({ count: 1, names: ['dog/3.png'] });
    // Offered, never added by itself.
    expect(station.datasets.get(dataset.id).pictures).toBe(2);

    const grown = await (await sources.addNewFiles(id)).finished;
    expect(grown).toMatchObject({
      pictures: 3,
      quarantined: 1,
      sources: [{ id, pictures: 3, quarantined: 1 }],
    });
    expect(picturesOf(dataset.id)[2]).toMatchObject({ name: 'dog/3.png', label: 'dog', caption: 'three' });
    expect(await sources.newFiles(id)).toEqual({ count: 0, names: [] });
    await rename(at('w'), at('away'));
    await expect(sources.newFiles(id)).rejects.toMatchObject({ code: 'path-missing' });
    await expectAgreement();
  });

  test('is a folder', async () => {
    await station.put({
      'a.tar.gz': craftTarGz([1, 2].map((n) => ({ name: `${n}.png`, bytes: Buffer.from('') }))),
    });
    const tar = craftTarGz([
      { name: '1.png', bytes: await pngOf(1) },
      { name: '2.png', bytes: await pngOf(2) },
    ]);
    await writeFile(at('a.tar.gz'), tar);
    const { sources } = await importFrom('a.tar.gz');
    expect(() => station.datasets.sources.setWatched(sources[0]!.id, true)).toThrow(
      expect.objectContaining({ code: 'not-possible-now' }),
    );
  });
});

test('a folder that changes while it is read is taken in as far as it can be', async () => {
  await station.put({
    'set/1.png': await pngOf(1),
    'set/2.png': await pngOf(2),
    'set/3.png': await pngOf(3),
  });
  const started = await station.datasets.import(station.projectId, 'Moving', {
    kind: 'path',
    path: at('set'),
  });
  await rm(at('set/2.png'));
  await mkdir(at('set/new'));
  await appendFile(at('set/new/4.png'), await pngOf(4));
  const dataset = await started.finished;
  expect(dataset.pictures + dataset.quarantined).toBe(3);
  await expectAgreement();
});
