import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { openParquet } from '../../src-main/imaging/parquet.ts';
import type { OpenedSource, SourceItem } from '../../src-main/imaging/source-picture.ts';
import { imageParquet } from '../fixtures/parquet-bytes.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

async function fileOf(bytes: Uint8Array, name = 'train-00000.parquet'): Promise<string> {
  const path = join(temporaryFolder(), name);
  await writeFile(path, bytes);
  return path;
}

const { signal } = new AbortController();

async function itemsOf(source: OpenedSource): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  for await (const item of source.items(signal)) items.push(item);
  return items;
}

const bytesIn = async ({ content }: SourceItem) => (content.kind === 'file' ? content.read(signal) : null);

test('pictures come with the names of their classes, their captions and their paths', async () => {
  const [first, second] = [await pngOf(1), await pngOf(2)];
  const source = await openParquet(
    await fileOf(
      imageParquet(
        [
          { bytes: first, path: 'a/1.png', label: 1, text: 'a dog' },
          { bytes: second, label: 0 },
          { bytes: first, label: -1 },
        ],
        { classes: ['cat', 'dog'] },
      ),
    ),
  );
  expect(source).toMatchObject({
    kind: 'parquet',
    total: 3,
    container: null,
    rights: { licence: 'cc-by-4.0' },
  });
  const items = await itemsOf(source);
  expect(items.map(({ name, label, caption }) => [name, label, caption])).toEqual([
    ['a/1.png', 'dog', 'a dog'],
    ['train-00000.parquet#1', 'cat', null],
    ['train-00000.parquet#2', null, null],
  ]);
  expect((await bytesIn(items[0]!))?.equals(first)).toBe(true);
  expect((await bytesIn(items[1]!))?.equals(second)).toBe(true);
});

test('without names of classes the numbers stay', async () => {
  const source = await openParquet(await fileOf(imageParquet([{ bytes: await pngOf(1), label: 7 }])));
  expect((await itemsOf(source))[0]).toMatchObject({ label: '7' });
});

test('all row groups of all shards of a folder are read, in the order of their names', async () => {
  const folder = join(temporaryFolder(), 'data');
  await mkdir(folder);
  const rows = await Promise.all(
    Array.from({ length: 12 }, async (_unused, at) => ({
      bytes: await pngOf(at),
      path: `${at}.png`,
      label: at % 3,
    })),
  );
  await writeFile(join(folder, 'train-2.parquet'), imageParquet(rows.slice(0, 5), { rowGroupSize: 2 }));
  await writeFile(join(folder, 'train-10.parquet'), imageParquet(rows.slice(5), { rowGroupSize: 3 }));
  await writeFile(join(folder, 'README.md'), 'hello');
  const source = await openParquet(folder);
  expect(source.total).toBe(12);
  expect((await itemsOf(source)).map(({ name }) => name)).toEqual(rows.map(({ path }) => path));
});

test('a plain column of bytes and further columns are taken as they are', async () => {
  const picture = await pngOf(1);
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: 'img', data: [picture, picture], type: 'BYTE_ARRAY' },
      { name: 'class', data: ['leaf', 'stem'], type: 'STRING' },
      { name: 'license', data: ['CC0-1.0', 'CC-BY-4.0'], type: 'STRING' },
      { name: 'height_m', data: [1.5, 2.5], type: 'DOUBLE' },
    ],
  });
  const items = await itemsOf(await openParquet(await fileOf(Buffer.from(bytes))));
  expect(items[1]).toMatchObject({
    label: 'stem',
    rights: { licence: 'CC-BY-4.0' },
    columns: { height_m: 2.5 },
    content: { kind: 'file' },
  });
});

test('a row without bytes is put aside and the others stay', async () => {
  const source = await openParquet(
    await fileOf(
      imageParquet([{ bytes: await pngOf(1) }, { bytes: null, path: 'gone.png' }, { bytes: await pngOf(2) }]),
    ),
  );
  const items = await itemsOf(source);
  expect(items.map(({ content }) => content.kind)).toEqual(['file', 'failed', 'file']);
  expect(items[1]!.content).toMatchObject({
    failure: { code: 'file-unreadable', details: { file: 'gone.png', reason: 'no-bytes' } },
  });
});

describe('refused by name', () => {
  test('a table without pictures says which columns it has', async () => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'title', data: ['a', 'b'], type: 'STRING' },
        { name: 'score', data: [1, 2], type: 'INT32' },
      ],
    });
    await expect(openParquet(await fileOf(Buffer.from(bytes)))).rejects.toMatchObject({
      code: 'container-without-pictures',
      details: { file: 'train-00000.parquet', known: 'title, score' },
    });
  });

  test('objects of Python or JSON are no pictures', async () => {
    const bytes = parquetWriteBuffer({
      columnData: [{ name: 'image', data: [{ a: 1 }, { b: 2 }], type: 'JSON' }],
    });
    await expect(openParquet(await fileOf(Buffer.from(bytes)))).rejects.toMatchObject({
      code: 'container-without-pictures',
    });
  });

  test.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['cut short', (bytes) => bytes.subarray(0, bytes.length - 20)],
    ['no Parquet file', () => Buffer.from('hello, this is text, and a long one')],
    ['empty', () => new Uint8Array(0)],
    [
      'with a footer of nonsense',
      (bytes) => {
        const broken = Buffer.from(bytes);
        broken.fill(0xff, broken.length - 60, broken.length - 8);
        return broken;
      },
    ],
  ])('%s', async (_name, damage) => {
    const whole = imageParquet([{ bytes: await pngOf(1) }, { bytes: await pngOf(2) }]);
    await expect(openParquet(await fileOf(damage(whole)))).rejects.toMatchObject({
      code: 'container-corrupt',
      details: { file: 'train-00000.parquet' },
    });
  });
});

test('a damaged row group costs its own rows alone, each of them named', async () => {
  const rows = await Promise.all(
    Array.from({ length: 9 }, async (_unused, at) => ({ bytes: await pngOf(at), path: `${at}.png` })),
  );
  const whole = imageParquet(rows, { rowGroupSize: 3 });
  const broken = Buffer.from(whole);
  const groups = parquetMetadata(Uint8Array.from(whole).buffer).row_groups;
  const start = Number(groups[1]!.columns[0]!.meta_data!.data_page_offset);
  broken.fill(0xff, start, start + 40);
  const items = await itemsOf(await openParquet(await fileOf(broken)));
  expect(items).toHaveLength(9);
  expect(items.map(({ content }) => content.kind)).toEqual([
    ...Array(3).fill('file'),
    ...Array(3).fill('failed'),
    ...Array(3).fill('file'),
  ]);
  expect(items[4]!.content).toMatchObject({
    failure: { details: { file: 'train-00000.parquet#4', reason: 'damaged' } },
  });
});
