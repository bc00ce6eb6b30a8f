import { createServer } from 'node:http';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { downloadOptionsSchema, type ImportSource } from '../../src-main/contract/domain/sources.ts';
import { openDatasetStation, type DatasetStation } from '../fixtures/dataset-station.ts';
import { imageParquet } from '../fixtures/parquet-bytes.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { onServer, startPostgresql } from '../helpers/postgresql-server.ts';

let station: DatasetStation;
beforeEach(async () => {
  station = await openDatasetStation();
});
afterEach(() => station.close());

const fromPath = (name: string, of: Partial<Extract<ImportSource, { kind: 'path' }>> = {}) =>
  station.importFrom({ kind: 'path', path: join(station.incoming, name), ...of });

describe('tables', () => {
  test('Parquet with captions, classes, a licence, and rows that are no pictures', async () => {
    const rows = [
      { bytes: await pngOf(1), path: '1.png', label: 0, text: 'a cat' },
      { bytes: Buffer.from('not a picture'), path: 'text.png', label: 1 },
      { bytes: null, path: 'none.png', label: 1 },
      { bytes: await pngOf(2), path: '2.png', label: 1 },
    ];
    await station.put({ 'train.parquet': imageParquet(rows, { classes: ['cat', 'dog'] }) });
    const dataset = await fromPath('train.parquet');
    expect(dataset).toMatchObject({ pictures: 2, quarantined: 2 });
    expect(dataset.sources).toMatchObject([{ kind: 'parquet', rightsFrom: 'manifest' }]);
    expect(station.labelled(dataset.id)).toEqual([
      ['1.png', 'cat'],
      ['2.png', 'dog'],
    ]);
    const [first] = station.datasets.pictures(dataset.id, 0, 1).items;
    expect(await station.valuesOf(dataset.id, first!.id)).toMatchObject({ caption: 'a cat' });
    expect(
      station.datasets
        .quarantined(dataset.id, 0, 5)
        .items.map(({ name, reason }) => [name, reason.details.reason]),
    ).toEqual([
      ['text.png', 'text'],
      ['none.png', 'no-bytes'],
    ]);
  });

  test('a SQLite query', async () => {
    const path = join(station.incoming, 'photos.db');
    const made = new SQLite(path);
    made.exec('CREATE TABLE photo (image BLOB, label TEXT, caption TEXT, licence TEXT)');
    for (const at of [0, 1, 2]) {
      const row = [await pngOf(at), at === 0 ? null : 'leaf', `no ${at}`, 'CC0-1.0'];
      made.prepare('INSERT INTO photo VALUES (?, ?, ?, ?)').run(...row);
    }
    made.close();
    const dataset = await station.importFrom({
      kind: 'sqlite',
      path,
      sql: 'SELECT * FROM photo ORDER BY rowid',
      timeoutSeconds: 60,
    });
    expect(station.labelled(dataset.id)).toEqual([
      ['row 1', null],
      ['row 2', 'leaf'],
      ['row 3', 'leaf'],
    ]);
    expect(dataset.sources).toMatchObject([{ kind: 'sqlite', location: path, pictures: 3 }]);
    const [first] = station.datasets.pictures(dataset.id, 0, 1).items;
    expect(await station.valuesOf(dataset.id, first!.id)).toMatchObject({
      caption: 'no 0',
      licence: 'CC0-1.0',
    });
  });

  test('a query that takes for ever is cancelled like any import, and nothing is left', async () => {
    const path = join(station.incoming, 'empty.db');
    const made = new SQLite(path);
    made.exec('CREATE TABLE shelf (x)');
    made.close();
    const sql =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS image FROM n WHERE i < 0';
    const { job, finished } = await station.datasets.import(station.projectId, 'Slow', {
      kind: 'sqlite',
      path,
      sql,
      timeoutSeconds: 3600,
    });
    station.jobs.cancel(job.id);
    await expect(finished).rejects.toMatchObject({ code: 'cancelled' });
    expect(station.rows('dataset')).toBe(0);
  });

  test('a PostgreSQL query, whose password is kept nowhere', async ({ skip }) => {
    const server = await startPostgresql();
    if (!server) return skip('no PostgreSQL server here');
    onTestFinished(server.close);
    await onServer(server.connection, async (client) => {
      await client.query('CREATE TABLE photo (image bytea, label text)');
      for (const at of [0, 1])
        await client.query('INSERT INTO photo VALUES ($1, $2)', [await pngOf(at), `kind ${at}`]);
    });
    const dataset = await station.importFrom({
      kind: 'postgresql',
      connection: server.connection,
      sql: 'SELECT * FROM photo ORDER BY label',
      timeoutSeconds: 60,
    });
    expect(station.labelled(dataset.id)).toEqual([
      ['row 1', 'kind 0'],
      ['row 2', 'kind 1'],
    ]);
    expect(dataset.sources[0]!.location).toMatch(/^postgresql:\/\/keeper@127/);
    const dump = station.database.serialize().toString('latin1');
    expect(dump).toContain('keeper@127');
    expect(dump).not.toContain('secret');
  });
});

test('a list of addresses: what comes is stored, what does not is put aside by name', async () => {
  const picture = await pngOf(1);
  const other = await pngOf(2);
  const server = createServer((request, response) => {
    if (request.url === '/1.png') response.end(picture);
    else if (request.url === '/2.png') response.end(other);
    else if (request.url === '/inside')
      response.writeHead(302, { location: 'http://10.0.0.1/secret.png' }).end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => void server.close());
  const address = server.address();
  const at = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const source = (allowPrivate: boolean): ImportSource => ({
    kind: 'urls',
    urls: `# list\n${at}/1.png\n${at}/gone.png\nfile:///etc/passwd\n${at}/2.png\n`,
    download: downloadOptionsSchema.parse({ allowPrivate, retries: 0 }),
  });
  const dataset = await station.importFrom(source(true));
  expect(station.labelled(dataset.id)).toEqual([
    [`${at}/1.png`, null],
    [`${at}/2.png`, null],
  ]);
  expect(
    station.datasets
      .quarantined(dataset.id, 0, 5)
      .items.map(({ name, reason }) => [name, reason.details.reason]),
  ).toEqual([
    [`${at}/gone.png`, 'http-status'],
    ['file:///etc/passwd', 'address-scheme'],
  ]);
  const [first] = station.datasets.pictures(dataset.id, 0, 1).items;
  expect(await station.valuesOf(dataset.id, first!.id)).toMatchObject({ url: `${at}/1.png` });
  expect(await station.files('cache/downloads')).toEqual([]);
  await expect(station.importFrom(source(false))).rejects.toMatchObject({ code: 'pictures-too-few' });
});
