import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresqlQuery, withoutPassword } from '../../src-main/imaging/postgresql-query.ts';
import type { OpenedSource, SourceItem } from '../../src-main/imaging/source-picture.ts';
import { openSqliteQuery } from '../../src-main/studio/sqlite-query.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { onServer, startPostgresql, type PostgresqlServer } from '../helpers/postgresql-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const signal = new AbortController().signal;

async function itemsOf(source: OpenedSource, until = signal): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  try {
    for await (const item of source.items(until)) items.push(item);
  } finally {
    await source.close();
  }
  return items;
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Never returns a row, and never ends. */
const endless =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS image FROM n WHERE i < 0';

describe('SQLite', () => {
  async function database(pictures = 3): Promise<string> {
    const path = join(temporaryFolder(), 'museum.db');
    const made = new SQLite(path);
    made.exec(
      'CREATE TABLE photo (id INTEGER, picture BLOB, kind TEXT, caption TEXT, licence TEXT, year INTEGER)',
    );
    const insert = made.prepare('INSERT INTO photo VALUES (?, ?, ?, ?, ?, ?)');
    for (let at = 0; at < pictures; at += 1) {
      insert.run(at, await pngOf(at), at % 2 === 0 ? 'cat' : 'dog', `number ${at}`, 'CC0-1.0', 1900 + at);
    }
    insert.run(99, 'text instead of bytes', 'cat', null, null, null);
    made.close();
    return path;
  }
  const open = (path: string, sql: string, timeoutSeconds = 60, until = signal) =>
    openSqliteQuery(
      { kind: 'sqlite', path, sql, timeoutSeconds },
      { cacheFolder: temporaryFolder(), newFolder: async () => temporaryFolder(), signal: until },
    );

  test('rows become pictures with labels, captions, licences and what else they hold', async () => {
    const path = await database();
    const before = hash(await readFile(path));
    const source = await open(
      path,
      "SELECT picture AS image, 'photo/' || id AS name, kind AS label, caption, licence, id AS inventory FROM photo ORDER BY id",
    );
    expect(source).toMatchObject({ kind: 'sqlite', location: path, total: null });
    const items = await itemsOf(source);
    expect(items.slice(0, 3)).toMatchObject([
      {
        name: 'photo/0',
        label: 'cat',
        caption: 'number 0',
        rights: { licence: 'CC0-1.0' },
        columns: { inventory: 0 },
      },
      { name: 'photo/1', label: 'dog', caption: 'number 1' },
      { name: 'photo/2', label: 'cat', caption: 'number 2' },
    ]);
    const [first] = items;
    const bytes = first?.content.kind === 'file' ? await first.content.read(signal) : null;
    expect(bytes?.equals(await pngOf(0))).toBe(true);
    expect(items[3]?.content).toMatchObject({
      kind: 'failed',
      failure: { code: 'file-unreadable', details: { file: 'photo/99', reason: 'no-bytes' } },
    });
    expect(hash(await readFile(path))).toBe(before);
  });

  test('more rows than are fetched at once all come, in their order', async () => {
    const path = await database(100);
    const items = await itemsOf(
      await open(path, 'SELECT picture, id AS name FROM photo WHERE id < 99 ORDER BY id'),
    );
    expect(items.map(({ name }) => name)).toEqual(Array.from({ length: 99 }, (_unused, at) => String(at)));
  });

  test.each<[string, string, string, object]>([
    ['that deletes', 'DELETE FROM photo', 'query-failed', { reason: 'not-a-select' }],
    [
      'that deletes behind a WITH',
      'WITH x AS (SELECT 1) DELETE FROM photo RETURNING *',
      'query-failed',
      { reason: 'not-a-select' },
    ],
    ['that is two', 'SELECT 1; DROP TABLE photo', 'query-failed', { reason: 'not-a-select' }],
    ['that attaches a file', "ATTACH 'other.db' AS other", 'query-failed', { reason: 'not-a-select' }],
    [
      'with a mistake in it',
      'SELECT picture FROM nowhere',
      'query-failed',
      { cause: 'no such table: nowhere' },
    ],
    [
      'without rows',
      'SELECT picture FROM photo WHERE id < 0',
      'query-without-pictures',
      { reason: 'no-rows' },
    ],
    ['without bytes', 'SELECT id, kind FROM photo', 'query-without-pictures', { known: 'id, kind' }],
  ])('a query %s is refused, and nothing is changed', async (_name, sql, code, details) => {
    const path = await database();
    const before = hash(await readFile(path));
    await expect(open(path, sql)).rejects.toMatchObject({ code, details });
    expect(hash(await readFile(path))).toBe(before);
  });

  test('a query that takes for ever ends at its time limit', async () => {
    await expect(open(await database(), endless, 1)).rejects.toMatchObject({
      code: 'query-too-slow',
      details: { seconds: 1 },
    });
  });

  test('a query that takes for ever can be cancelled', async () => {
    const abort = new AbortController();
    const reading = open(await database(), endless, 3600, abort.signal).then((source) =>
      itemsOf(source, abort.signal),
    );
    setTimeout(() => abort.abort(new Error('enough')), 300);
    await expect(reading).rejects.toThrow('enough');
  });

  test('a query that is slow at first goes on in the import, and is cancelled there', async () => {
    const source = await open(await database(), endless, 3600);
    const abort = new AbortController();
    const reading = itemsOf(source, abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 100);
    await expect(reading).rejects.toThrow('enough');
  });

  test('a file that is none, and no database', async () => {
    await expect(open('/nowhere/at-all.db', 'SELECT 1')).rejects.toMatchObject({ code: 'path-missing' });
    const text = join(temporaryFolder(), 'text.db');
    await writeFile(text, 'hello, this is text');
    await expect(open(text, 'SELECT 1')).rejects.toMatchObject({
      code: 'container-corrupt',
      details: { file: 'text.db' },
    });
  });
});

describe('PostgreSQL', () => {
  let server: PostgresqlServer | null = null;
  beforeAll(async () => {
    server = await startPostgresql();
    if (!server) return;
    await onServer(server.connection, async (client) => {
      await client.query('CREATE TABLE photo (id int, picture bytea, kind text, caption text, licence text)');
      for (let at = 0; at < 70; at += 1) {
        await client.query('INSERT INTO photo VALUES ($1, $2, $3, $4, $5)', [
          at,
          await pngOf(at),
          at % 2 === 0 ? 'cat' : 'dog',
          `number ${at}`,
          'CC-BY-4.0',
        ]);
      }
    });
  });
  afterAll(() => server?.close());

  const open = (connection: string, sql: string, timeoutSeconds = 60, until = signal) =>
    openPostgresqlQuery(
      { kind: 'postgresql', connection, sql, timeoutSeconds },
      { cacheFolder: temporaryFolder(), newFolder: async () => temporaryFolder(), signal: until },
    );

  test('rows become pictures, and the password stays behind', async ({ skip }) => {
    if (!server) return skip('no PostgreSQL server here');
    const source = await open(
      server.connection,
      'SELECT picture AS image, kind AS label, caption, licence, id FROM photo ORDER BY id',
    );
    expect(source.location).toMatch(/^postgresql:\/\/keeper@127\.0\.0\.1:\d+\/postgres$/);
    const items = await itemsOf(source);
    expect(items).toHaveLength(70);
    expect(items[69]).toMatchObject({
      name: 'row 70',
      label: 'dog',
      caption: 'number 69',
      rights: { licence: 'CC-BY-4.0' },
      columns: { id: 69 },
    });
    const bytes = items[69]?.content.kind === 'file' ? await items[69].content.read(signal) : null;
    expect(bytes?.equals(await pngOf(69))).toBe(true);
  });

  test.for<[string, string, string, object]>([
    ['that deletes', 'DELETE FROM photo', 'query-failed', { reason: 'not-a-select' }],
    [
      'that deletes behind a WITH',
      'WITH x AS (DELETE FROM photo RETURNING *) SELECT * FROM x',
      'query-failed',
      { reason: 'not-a-select' },
    ],
    ['that is two', 'SELECT 1; DROP TABLE photo', 'query-failed', {}],
    [
      'with a mistake in it',
      'SELECT picture FROM nowhere',
      'query-failed',
      { cause: 'relation "nowhere" does not exist' },
    ],
    [
      'without rows',
      'SELECT picture FROM photo WHERE id < 0',
      'query-without-pictures',
      { reason: 'no-rows' },
    ],
    ['without bytes', 'SELECT id, kind FROM photo', 'query-without-pictures', { known: 'id, kind' }],
  ])('a query %s is refused, and nothing is changed', async ([, sql, code, details], { skip }) => {
    if (!server) return skip('no PostgreSQL server here');
    await expect(open(server.connection, sql)).rejects.toMatchObject({ code, details });
    await onServer(server.connection, async (client) => {
      expect((await client.query('SELECT count(*)::int AS n FROM photo')).rows).toEqual([{ n: 70 }]);
    });
  });

  test('a query that takes for ever ends at its time limit', async ({ skip }) => {
    if (!server) return skip('no PostgreSQL server here');
    await expect(
      open(server.connection, 'SELECT picture FROM photo, pg_sleep(600)', 1),
    ).rejects.toMatchObject({
      code: 'query-too-slow',
      details: { seconds: 1 },
    });
  });

  test('a cancelled query ends on the server too', async ({ skip }) => {
    if (!server) return skip('no PostgreSQL server here');
    const abort = new AbortController();
    const reading = open(
      server.connection,
      'SELECT picture FROM photo, pg_sleep(600)',
      3600,
      abort.signal,
    ).then((source) => itemsOf(source, abort.signal));
    reading.catch(() => undefined);
    const sleeping = `SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()`;
    await onServer(server.connection, async (client) => {
      const running = async () => (await client.query<{ n: number }>(sleeping)).rows[0]?.n;
      while ((await running()) !== 1) await new Promise((resolve) => setTimeout(resolve, 50));
      abort.abort(new Error('enough'));
      await expect(reading).rejects.toThrow('enough');
      while ((await running()) !== 0) await new Promise((resolve) => setTimeout(resolve, 50));
    });
  });

  test('a wrong password and a server that is not there say so, without the password', async ({ skip }) => {
    if (!server) return skip('no PostgreSQL server here');
    const wrong = server.connection.replace('secret%20word', 'guessed');
    const refused: unknown = await open(wrong, 'SELECT 1').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'connection-failed' });
    expect(JSON.stringify([refused, String(refused)])).not.toContain('guessed');
    await expect(open('postgresql://nobody:x@127.0.0.1:1/none', 'SELECT 1')).rejects.toMatchObject({
      code: 'connection-failed',
      details: { database: 'postgresql://nobody@127.0.0.1:1/none' },
    });
  });
});

test('an address of a database is shown without its password, wherever that stands', () => {
  expect(withoutPassword('postgres://me:secret@host:5433/pictures?sslmode=require&password=secret')).toBe(
    'postgresql://me@host:5433/pictures',
  );
  expect(() => withoutPassword('host=x password=secret')).toThrow(
    expect.objectContaining({ code: 'connection-failed', message: expect.not.stringContaining('secret') }),
  );
});
