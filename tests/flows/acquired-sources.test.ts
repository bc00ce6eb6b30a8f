import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ImportSource } from '../../src-main/contract/domain/sources.ts';
import { encodeIdx } from '../../src-main/imaging/idx.ts';
import { decodePlainPng } from '../../src-main/imaging/pure/png-decode.ts';
import { counting, floats, npyBytes, npzBytes } from '../fixtures/array-bytes.ts';
import { cifarBytes, cifarPixel } from '../fixtures/cifar-bytes.ts';
import { openDatasetStation, type DatasetStation } from '../fixtures/dataset-station.ts';
import { imageParquet } from '../fixtures/parquet-bytes.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { craftTar, craftTarGz } from '../fixtures/tar-bytes.ts';
import { craftZip } from '../fixtures/zip-bytes.ts';

let station: DatasetStation;
beforeEach(async () => {
  station = await openDatasetStation();
});
afterEach(() => station.close());

const fromPath = (name: string, of: Partial<Extract<ImportSource, { kind: 'path' }>> = {}) =>
  station.importFrom({ kind: 'path', path: join(station.incoming, name), ...of });

/** The pixels of a picture as the contact sheet shows it: exact, since a container's are sent as PNG. */
async function shown(pictureId: string): Promise<number[]> {
  const { bytes, contentType } = await station.datasets.pictureThumbnail(pictureId);
  expect(contentType).toBe('image/png');
  return [...decodePlainPng(bytes)!.pixels];
}

describe('containers are kept whole and give their pixels back exactly', () => {
  test('CIFAR-10', async () => {
    await station.put({
      'cifar/data_batch_1.bin': cifarBytes([[0], [1]]),
      'cifar/test_batch.bin': cifarBytes([[1]], 9),
      'cifar/batches.meta.txt': 'airplane\nautomobile\n',
    });
    const dataset = await fromPath('cifar');
    expect(dataset).toMatchObject({
      pictures: 3,
      quarantined: 0,
      proposal: { sizePx: 32, channels: 3, labelMode: 'folders' },
    });
    expect(dataset.sources).toMatchObject([{ kind: 'cifar', pictures: 3 }]);
    expect(station.labelled(dataset.id)).toEqual([
      ['data_batch_1.bin#0', 'airplane'],
      ['data_batch_1.bin#1', 'automobile'],
      ['test_batch.bin#0', 'automobile'],
    ]);
    expect(await station.files('originals')).toHaveLength(3);
    const { items } = station.datasets.pictures(dataset.id, 0, 3);
    expect((await shown(items[2]!.id)).slice(0, 3)).toEqual(cifarPixel(0, 0, 9));
    expect((await shown(items[1]!.id)).slice(-3)).toEqual(cifarPixel(1, 1023));
  });

  test('CIFAR-100 by its coarse labels', async () => {
    await station.put({
      'train.bin': cifarBytes([
        [1, 5],
        [0, 6],
      ]),
      'coarse_label_names.txt': 'fish\nflowers',
      'fine_label_names.txt': 'a\nb\nc\nd\ne\nf\ng',
    });
    const dataset = await fromPath('train.bin', { cifarLabels: 'coarse' });
    expect(station.labelled(dataset.id).map(([, label]) => label)).toEqual(['flowers', 'fish']);
  });

  test('a NumPy array of bytes', async () => {
    await station.put({ 'digits.npy': npyBytes(counting(4 * 28 * 28), [4, 28, 28]) });
    const dataset = await fromPath('digits.npy');
    expect(dataset).toMatchObject({ pictures: 4, proposal: { sizePx: 28, channels: 1 } });
    const { items } = station.datasets.pictures(dataset.id, 0, 4);
    expect(await shown(items[3]!.id)).toEqual([...counting(4 * 784)].slice(3 * 784));
  });

  test('an NPZ of floating point numbers, planes first, with labels, and one picture that is none', async () => {
    const values = Array.from({ length: 3 * 3 * 16 * 16 }, (_unused, at) => (at % 256) / 255);
    values[2 * 768] = Number.POSITIVE_INFINITY;
    await station.put({
      'set.npz': npzBytes(
        {
          images: npyBytes(floats(values), [3, 3, 16, 16], { dataType: '<f4' }),
          labels: npyBytes(Uint8Array.of(1, 0, 1), [3]),
        },
        true,
      ),
    });
    const dataset = await fromPath('set.npz', { arrays: { layout: 'NCHW' } });
    expect(dataset).toMatchObject({ pictures: 2, quarantined: 1 });
    expect(station.labelled(dataset.id)).toEqual([
      ['set.npz#0', '1'],
      ['set.npz#1', '0'],
    ]);
    expect(station.datasets.quarantined(dataset.id, 0, 5).items).toMatchObject([
      { name: 'set.npz#2', reason: { code: 'file-unreadable', details: { reason: 'numbers' } } },
    ]);
    const { items } = station.datasets.pictures(dataset.id, 0, 2);
    // The first pixel of each plane: 0, 256 mod 256, 512 mod 256.
    expect((await shown(items[0]!.id)).slice(0, 6)).toEqual([0, 0, 0, 1, 1, 1]);
    const version = await station.datasets.buildVersion(dataset.id, {
      sizePx: 32,
      channels: 3,
      background: '#ffffff',
      labelMode: 'folders',
    }).finished;
    expect(version.images).toBe(2);
  });

  test('what an array is can be asked before it is imported', async () => {
    await station.put({ 'cube.npy': npyBytes(counting(28 ** 3), [28, 28, 28]) });
    const path = join(station.incoming, 'cube.npy');
    const described = await station.datasets.describeArrays({ kind: 'path', path });
    expect(described).toMatchObject({ unclear: ['layout'], proposal: { layout: 'NHW', range: 'bytes' } });
    await expect(fromPath('cube.npy')).rejects.toMatchObject({ code: 'array-layout-needed' });
    expect(station.rows('dataset')).toBe(0);
    const dataset = await fromPath('cube.npy', { arrays: { layout: 'HWN' } });
    const [first] = station.datasets.pictures(dataset.id, 0, 1).items;
    expect((await shown(first!.id)).slice(0, 3)).toEqual([0, 28, 56]);
    await expect(
      station.datasets.describeArrays({ kind: 'path', path: join(station.incoming, 'none.npy') }),
    ).rejects.toMatchObject({ code: 'path-missing' });
  });
});

describe('containers in an archive, as sets are published', () => {
  const imagesOf = (count: number) => encodeIdx({ dimensions: [count, 28, 28], data: counting(count * 784) });
  const labels = encodeIdx({ dimensions: [3], data: Uint8Array.from([7, 2, 1]) });
  const folder = 'cifar-10-batches-bin';
  const cifar10 = [
    { name: `${folder}/readme.html`, bytes: Buffer.from('<p>CIFAR-10</p>') },
    { name: `${folder}/test_batch.bin`, bytes: cifarBytes([[1]], 9) },
    { name: `${folder}/batches.meta.txt`, bytes: Buffer.from('airplane\nautomobile\n') },
    { name: `${folder}/data_batch_1.bin`, bytes: cifarBytes([[0], [1]]) },
  ];
  const cifar100 = [
    {
      name: 'cifar-100-binary/train.bin',
      bytes: cifarBytes([
        [1, 0],
        [0, 1],
      ]),
    },
    { name: 'cifar-100-binary/fine_label_names.txt', bytes: Buffer.from('apple\nbear\n') },
    { name: 'cifar-100-binary/coarse_label_names.txt', bytes: Buffer.from('mammals\nfruit\n') },
  ];
  const idx = [
    { name: 'mnist/t10k-images-idx3-ubyte.gz', bytes: gzipSync(imagesOf(3)) },
    { name: 'mnist/t10k-labels-idx1-ubyte', bytes: labels },
  ];
  test.each([
    ['cifar-10-binary.tar.gz', craftTarGz(cifar10), 'cifar', ['airplane', 'automobile', 'automobile']],
    ['cifar-10-binary.zip', craftZip(cifar10), 'cifar', ['airplane', 'automobile', 'automobile']],
    ['cifar-100-binary.tar.gz', craftTarGz(cifar100), 'cifar', ['apple', 'bear']],
    ['mnist.tar', craftTar(idx), 'idx', ['7', '2', '1']],
    [
      'arrays.zip',
      craftZip([{ name: 'a/x.npz', bytes: npzBytes({ x: npyBytes(counting(5 * 784), [5, 28, 28]) }) }]),
      'array',
      [null, null, null, null, null],
    ],
  ])('%s', async (name, bytes, kind, classes) => {
    await station.put({ [name]: bytes });
    const dataset = await fromPath(name);
    expect(dataset.sources).toMatchObject([{ kind, location: join(station.incoming, name) }]);
    expect(station.labelled(dataset.id).map(([, label]) => label)).toEqual(classes);
    const [first] = station.datasets.pictures(dataset.id, 0, 1).items;
    if (kind === 'cifar') expect((await shown(first!.id)).slice(0, 3)).toEqual(cifarPixel(0, 0));
    expect((await station.datasets.buildVersion(dataset.id, dataset.proposal).finished).images).toBe(
      classes.length,
    );
    expect(await station.files('staging')).toEqual([]);
  });

  test('Parquet, whose rows are pictures of their own', async () => {
    const rows = await Promise.all([1, 2].map(async (at) => ({ bytes: await pngOf(at), path: `${at}.png` })));
    const shard = { name: 'data/train.parquet', bytes: imageParquet(rows) };
    await station.put({ 'set.tar.gz': craftTarGz([shard]) });
    const dataset = await fromPath('set.tar.gz');
    expect(dataset).toMatchObject({ pictures: 2, sources: [{ kind: 'parquet' }] });
    expect(await station.files('staging')).toEqual([]);
  });

  test('are refused where they are cut short, and nothing is left', async () => {
    const cut = [{ name: 'data_batch_1.bin', bytes: cifarBytes([[0]]).subarray(0, 3000) }];
    await station.put({ 'cut.tar.gz': craftTarGz(cut), 'half.tar.gz': craftTarGz(cifar10).subarray(0, 300) });
    await expect(fromPath('cut.tar.gz')).rejects.toMatchObject({ code: 'container-corrupt' });
    // A failure names what a person chose, not where it was unpacked.
    const two = ['a.npy', 'b.npy'].map((name) => ({ name, bytes: npyBytes(counting(3920), [5, 28, 28]) }));
    await station.put({ 'two.zip': craftZip(two) });
    const path = join(station.incoming, 'two.zip');
    await expect(fromPath('two.zip')).rejects.toMatchObject({
      code: 'source-unsupported',
      message: expect.stringContaining(`“${path}” cannot be imported`) as string,
      details: { path },
    });
    await expect(fromPath('half.tar.gz')).rejects.toMatchObject({ code: 'archive-corrupt' });
    expect(await station.files('staging')).toEqual([]);
    expect(await station.files('originals')).toEqual([]);
  });
});

describe('bad files are refused before anything is stored', () => {
  test.each<[string, Uint8Array, string]>([
    ['objects.npy', npyBytes(Buffer.from('\x80\x04]'), [3], { dataType: '|O' }), 'array-unusable'],
    [
      'objects.npz',
      npzBytes({ x: npyBytes(Buffer.from('\x80\x04]'), [3], { dataType: '|O' }) }),
      'array-unusable',
    ],
    ['cut.npy', npyBytes(counting(100), [4, 28, 28]), 'array-unusable'],
    ['data_batch_1.bin', cifarBytes([[0]]).subarray(0, 3000), 'container-corrupt'],
    ['cut.parquet', Buffer.from('PAR1 and then nothing'), 'container-corrupt'],
  ])('%s', async (name, bytes, code) => {
    await station.put({ [name]: bytes });
    await expect(fromPath(name)).rejects.toMatchObject({ code });
    expect(station.rows('dataset')).toBe(0);
    expect(await station.files('originals')).toEqual([]);
  });
});
