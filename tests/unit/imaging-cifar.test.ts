import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isCifar, openCifar, openCifarContainer } from '../../src-main/imaging/cifar.ts';
import type { OpenedSource, SourceItem } from '../../src-main/imaging/source-picture.ts';
import { cifarBytes, cifarPixel } from '../fixtures/cifar-bytes.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

async function folderOf(files: Record<string, Uint8Array | string>): Promise<string> {
  const folder = join(temporaryFolder(), 'cifar');
  await mkdir(folder);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}

async function itemsOf(source: OpenedSource): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  for await (const item of source.items(new AbortController().signal)) items.push(item);
  return items;
}

test('the folder of CIFAR-10 gives all batches, training before test, with the names of its classes', async () => {
  const folder = await folderOf({
    'data_batch_1.bin': cifarBytes([[0], [1]]),
    'data_batch_2.bin': cifarBytes([[2]], 50),
    'test_batch.bin': cifarBytes([[1]], 99),
    'batches.meta.txt': 'airplane\nautomobile\nbird\n\n',
    'readme.html': 'hello',
  });
  const source = await openCifar(folder);
  expect(source).toMatchObject({ kind: 'cifar', total: 4, container: { kind: 'cifar', classes: 10 } });
  expect(source.companions.map(({ name }) => name)).toEqual(['batches.meta.txt']);
  const items = await itemsOf(source);
  expect(items.map(({ name, label, content }) => [name, label, content])).toEqual([
    ['data_batch_1.bin#0', 'airplane', { kind: 'pixels', container: 0, index: 0 }],
    ['data_batch_1.bin#1', 'automobile', { kind: 'pixels', container: 0, index: 1 }],
    ['data_batch_2.bin#0', 'bird', { kind: 'pixels', container: 1, index: 0 }],
    ['test_batch.bin#0', 'automobile', { kind: 'pixels', container: 2, index: 0 }],
  ]);
});

test('pixels come back with their colours side by side', async () => {
  const folder = await folderOf({ 'data_batch_1.bin': cifarBytes([[3], [4]]) });
  const path = join(folder, 'data_batch_1.bin');
  const container = await openCifarContainer(path, { kind: 'cifar', classes: 10 }, 'data_batch_1.bin');
  expect(container).toMatchObject({ count: 2, widthPx: 32, heightPx: 32, channels: 3 });
  const pixels = await container.pixels(1);
  for (const at of [0, 31, 32, 1023]) {
    expect([...pixels.subarray(at * 3, at * 3 + 3)]).toEqual(cifarPixel(1, at));
  }
});

test('CIFAR-100 is read by its fine labels or its coarse ones', async () => {
  const folder = await folderOf({
    'train.bin': cifarBytes([
      [1, 2],
      [0, 3],
    ]),
    'fine_label_names.txt': 'apple\nbaby\nbear\nbed',
    'coarse_label_names.txt': 'fruit\r\nanimals\r\n',
  });
  const labels = async (which: 'fine' | 'coarse') =>
    (await itemsOf(await openCifar(join(folder, 'train.bin'), which))).map(({ label }) => label);
  expect(await labels('fine')).toEqual(['bear', 'bed']);
  expect(await labels('coarse')).toEqual(['animals', 'fruit']);
});

test('a single batch of any name is known by its size, and labels without names are numbers', async () => {
  const folder = await folderOf({ 'mine.bin': cifarBytes([[7]]) });
  expect(isCifar('mine.bin', 3073)).toBe(10);
  expect(isCifar('mine.bin', 3074 * 5)).toBe(100);
  expect(isCifar('mine.bin', 3075)).toBeNull();
  expect(isCifar('mine.dat', 3073)).toBeNull();
  expect((await itemsOf(await openCifar(join(folder, 'mine.bin'))))[0]).toMatchObject({ label: '7' });
});

describe('damaged files are named', () => {
  test.each<[string, Uint8Array]>([
    ['cut short', cifarBytes([[0], [1]]).subarray(0, 5000)],
    ['empty', new Uint8Array(0)],
  ])('%s', async (_name, bytes) => {
    const folder = await folderOf({ 'data_batch_1.bin': bytes });
    await expect(openCifar(folder)).rejects.toMatchObject({
      code: 'container-corrupt',
      details: { file: 'data_batch_1.bin' },
    });
  });

  test('a stored batch that was cut', async () => {
    const folder = await folderOf({ 'b.bin': cifarBytes([[0]]).subarray(0, 100) });
    await expect(
      openCifarContainer(join(folder, 'b.bin'), { kind: 'cifar', classes: 10 }, 'b.bin'),
    ).rejects.toMatchObject({ code: 'container-corrupt' });
  });
});
