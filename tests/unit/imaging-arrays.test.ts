import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ArrayOptions } from '../../src-main/contract/domain/sources.ts';
import { openArrayContainer } from '../../src-main/imaging/array-pictures.ts';
import { describeArrays, openArrays } from '../../src-main/imaging/arrays.ts';
import type { SourceItem } from '../../src-main/imaging/source-picture.ts';
import { counting, floats, npyBytes, npzBytes } from '../fixtures/array-bytes.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

async function fileOf(bytes: Uint8Array, name = 'set.npy'): Promise<string> {
  const path = join(temporaryFolder(), name);
  await writeFile(path, bytes);
  return path;
}

/** Reads a file as an import does, and its pixels back as a version does. */
async function readBack(path: string, options: ArrayOptions = {}) {
  const source = await openArrays(path, options);
  const items: SourceItem[] = [];
  for await (const item of source.items(new AbortController().signal)) items.push(item);
  await source.close();
  if (source.container?.kind !== 'array') throw new Error('It is no array.');
  const container = await openArrayContainer(path, source.container, source.containers[0]!.name);
  const pixels = async (index: number) => [...(await container.pixels(index))];
  return { source, items, container, pixels, labels: items.map(({ label }) => label) };
}

describe('every layout gives the same pixels', () => {
  // Two pictures of 4 rows, 5 columns and 3 channels; the number says where it stands.
  const [n, h, w, c] = [2, 4, 5, 3];
  const value = (at: { N: number; H: number; W: number; C: number }) =>
    at.N * 100 + at.H * 20 + at.W * 3 + at.C;
  const sizes = { N: n, H: h, W: w, C: c };
  const wanted = Array.from({ length: h * w * c }, (_unused, at) =>
    value({ N: 1, H: Math.floor(at / (w * c)), W: Math.floor(at / c) % w, C: at % c }),
  );
  const laidOut = (axes: readonly ('N' | 'H' | 'W' | 'C')[]): Uint8Array => {
    const found: number[] = [];
    const visit = (axis: number, at: { N: number; H: number; W: number; C: number }): void => {
      const name = axes[axis];
      if (name === undefined) found.push(value(at));
      else for (let step = 0; step < sizes[name]; step += 1) visit(axis + 1, { ...at, [name]: step });
    };
    visit(0, { N: 0, H: 0, W: 0, C: 0 });
    return Uint8Array.from(found);
  };
  test.each([
    ['NHWC', ['N', 'H', 'W', 'C']],
    ['NCHW', ['N', 'C', 'H', 'W']],
    ['HWCN', ['H', 'W', 'C', 'N']],
  ] as const)('%s', async (layout, axes) => {
    const shape = axes.map((axis) => sizes[axis]);
    const path = await fileOf(npyBytes(laidOut(axes), shape));
    const { pixels, container } = await readBack(path, { layout, range: 'bytes' });
    expect(container).toMatchObject({ count: n, heightPx: h, widthPx: w, channels: c });
    expect(await pixels(1)).toEqual(wanted);
  });

  test('NHWC in Fortran’s order', async () => {
    const axes = ['N', 'H', 'W', 'C'] as const;
    const path = await fileOf(
      npyBytes(
        laidOut([...axes].reverse()),
        axes.map((axis) => sizes[axis]),
        { fortranOrder: true },
      ),
    );
    const { pixels } = await readBack(path, { layout: 'NHWC', range: 'bytes' });
    expect(await pixels(1)).toEqual(wanted);
  });

  test('tables of one picture per row, both ways', async () => {
    const square = Array.from({ length: 2 * 4 * 4 * 3 }, (_unused, at) => at);
    const path = await fileOf(npyBytes(Uint8Array.from(square), [2, 48]));
    await expect(openArrays(path)).rejects.toMatchObject({
      code: 'array-layout-needed',
      details: { file: 'set.npy', unclear: 'layout', choices: 'N(CHW), N(HWC)' },
    });
    const interleaved = await readBack(path, { layout: 'N(HWC)' });
    expect(await interleaved.pixels(1)).toEqual(square.slice(48));
    const planar = await readBack(path, { layout: 'N(CHW)' });
    expect((await planar.pixels(0)).slice(0, 6)).toEqual([0, 16, 32, 1, 17, 33]);
  });
});

describe('what can be told is told, and the rest is asked', () => {
  test.each<[string, number[], string, string[]]>([
    ['grey pictures', [50, 28, 28], 'NHW', []],
    ['coloured pictures', [50, 32, 32, 3], 'NHWC', []],
    ['planes first', [50, 3, 32, 32], 'NCHW', []],
    ['MATLAB’s order', [32, 32, 3, 50], 'HWCN', []],
    ['rows of a table', [50, 784], 'N(HW)', []],
    ['a cube', [28, 28, 28], 'NHW', ['layout']],
    ['one picture or three', [3, 32, 32], 'NHW', ['layout']],
  ])('%s', async (_name, shape, layout, unclear) => {
    const items = shape.reduce((product, size) => product * size, 1);
    const described = await describeArrays(await fileOf(npyBytes(counting(items), shape)));
    expect(described.proposal).toMatchObject({ layout, range: 'bytes' });
    expect(described.unclear).toEqual(unclear);
  });

  test.each<[string, number[], string, string[]]>([
    ['from 0 to 1', [0, 0.25, 0.5, 1], 'unit', []],
    ['from −1 to 1', [-1, -0.5, 0, 1], 'signed', []],
    ['from 0 to 255', [0, 17, 200, 255], 'bytes', []],
    ['standardised', [-2.5, 0, 1, 3], 'unit', ['range']],
  ])('floating point numbers %s', async (_name, values, range, unclear) => {
    const path = await fileOf(
      npyBytes(floats(Array.from({ length: 32 }, (_unused, at) => values[at % 4]!)), [2, 4, 4], {
        dataType: '<f4',
      }),
    );
    const described = await describeArrays(path);
    expect(described.proposal.range).toBe(range);
    expect(described.unclear).toEqual(unclear);
  });

  test('bytes that are all 0 and 1 are a mask or nearly black', async () => {
    const mask = Uint8Array.from({ length: 32 }, (_unused, at) => at % 2);
    const path = await fileOf(npyBytes(mask, [2, 4, 4]));
    await expect(openArrays(path)).rejects.toMatchObject({
      code: 'array-layout-needed',
      details: { unclear: 'range', choices: 'bytes, unit' },
    });
    expect((await (await readBack(path, { range: 'unit' })).pixels(0)).slice(0, 3)).toEqual([0, 255, 0]);
  });
});

describe('numbers of every kind', () => {
  const unit = [0, 0.5, 1, 0.25];
  const values = Array.from({ length: 32 }, (_unused, at) => unit[at % 4]!);
  const halves = Uint16Array.from(
    values,
    (value) => ({ 0: 0, 0.25: 0x3400, 0.5: 0x3800, 1: 0x3c00 })[value]!,
  );
  const bigEndian = Buffer.alloc(32 * 8);
  values.forEach((value, at) => bigEndian.writeDoubleBE(value, at * 8));
  test.each<[string, Uint8Array]>([
    ['<f2', new Uint8Array(halves.buffer)],
    ['<f4', floats(values)],
    ['<f8', new Uint8Array(Float64Array.from(values).buffer)],
    ['>f8', bigEndian],
  ])('%s', async (dataType, data) => {
    const { pixels } = await readBack(await fileOf(npyBytes(data, [2, 4, 4], { dataType })));
    expect((await pixels(1)).slice(0, 4)).toEqual([0, 128, 255, 64]);
  });

  test('64-bit integers and headers of version 2', async () => {
    const data = new Uint8Array(BigInt64Array.from(counting(32), BigInt).buffer);
    const { pixels } = await readBack(
      await fileOf(npyBytes(data, [2, 4, 4], { dataType: '<i8', version: 2 })),
    );
    expect((await pixels(1)).slice(0, 3)).toEqual([16, 17, 18]);
  });

  test('a picture with numbers that are none is put aside, and the others stay', async () => {
    const broken = values.map((value, at) => (at === 20 ? Number.NaN : value));
    const { items } = await readBack(await fileOf(npyBytes(floats(broken), [2, 4, 4], { dataType: '<f4' })));
    expect(items.map(({ content }) => content.kind)).toEqual(['pixels', 'failed']);
    expect(items[1]!.content).toMatchObject({
      failure: { code: 'file-unreadable', details: { file: 'set.npy#1', reason: 'numbers' } },
    });
  });
});

describe('NPZ', () => {
  const pictures = npyBytes(counting(3 * 16), [3, 4, 4]);
  const labels = npyBytes(new Uint8Array(BigInt64Array.from([7n, 0n, 9n]).buffer), [3], { dataType: '<i8' });

  test.each([
    ['stored', false],
    ['compressed', true],
  ])('%s, with the labels that belong to it', async (_name, deflate) => {
    const path = await fileOf(npzBytes({ x: pictures, y: labels }, deflate), 'set.npz');
    const { pixels, labels: found, source } = await readBack(path);
    expect(found).toEqual(['7', '0', '9']);
    expect(await pixels(2)).toEqual([...counting(48).slice(32)]);
    expect(source).toMatchObject({
      kind: 'array',
      total: 3,
      containers: [{ name: 'set.npz', extension: 'npz' }],
    });
  });

  test('labels in words', async () => {
    const words = Buffer.alloc(3 * 4 * 4);
    ['cat', 'dog', '猫'].forEach((word, at) =>
      [...word].forEach((letter, place) => words.writeUInt32LE(letter.codePointAt(0)!, at * 16 + place * 4)),
    );
    const text = npyBytes(words, [3], { dataType: '<U4' });
    const path = await fileOf(npzBytes({ images: pictures, labels: text }), 'set.npz');
    expect((await readBack(path)).labels).toEqual(['cat', 'dog', '猫']);
  });

  test('of several arrays of pictures the wanted one is asked for, and its own labels are found', async () => {
    const two = npyBytes(counting(2 * 16), [2, 4, 4]);
    const twoLabels = npyBytes(Uint8Array.of(4, 5), [2]);
    const path = await fileOf(
      npzBytes({ x_train: pictures, y_train: labels, x_test: two, y_test: twoLabels }),
      'set.npz',
    );
    await expect(openArrays(path)).rejects.toMatchObject({
      code: 'array-layout-needed',
      details: { unclear: 'pictures', choices: 'x_train, x_test' },
    });
    expect((await readBack(path, { pictures: 'x_test' })).labels).toEqual(['4', '5']);
    expect((await readBack(path, { pictures: 'x_train' })).labels).toEqual(['7', '0', '9']);
    await expect(openArrays(path, { pictures: 'x_test', labels: 'y_train' })).rejects.toMatchObject({
      code: 'array-unusable',
      details: { reason: 'labels-differ', pictures: 2, labels: 3 },
    });
    await expect(openArrays(path, { pictures: 'x_other' })).rejects.toMatchObject({
      details: { reason: 'member-missing', known: 'x_train, x_test' },
    });
  });

  test('an array of Python objects is refused, and the others beside it are read', async () => {
    const objects = npyBytes(Buffer.from('\x80\x04]'), [3], { dataType: '|O' });
    const path = await fileOf(npzBytes({ x: pictures, y: labels, meta: objects }), 'set.npz');
    expect((await readBack(path)).items).toHaveLength(3);
    await expect(openArrays(await fileOf(npzBytes({ x: objects }), 'objects.npz'))).rejects.toMatchObject({
      code: 'array-unusable',
      details: { file: 'objects.npz', array: 'x', reason: 'objects' },
    });
  });

  test('a damaged ZIP is named', async () => {
    const bytes = npzBytes({ x: pictures });
    await expect(
      openArrays(await fileOf(bytes.subarray(0, bytes.length - 30), 'cut.npz')),
    ).rejects.toMatchObject({
      code: 'archive-corrupt',
    });
  });
});

describe('files that lie or are damaged are refused by name', () => {
  const whole = npyBytes(counting(32), [2, 4, 4]);
  test.each<[string, Uint8Array, string]>([
    ['cut short', whole.subarray(0, whole.length - 1), 'cut-short'],
    ['cut in its header', whole.subarray(0, 40), 'cut-short'],
    ['empty', new Uint8Array(0), 'cut-short'],
    ['with bytes to spare', Buffer.concat([whole, Buffer.of(1)]), 'size-differs'],
    ['no NumPy file', Buffer.from('hello, this is text'), 'no-header'],
    ['of Python objects', npyBytes(counting(2), [2], { dataType: '|O' }), 'objects'],
    [
      'of records',
      npyBytes(counting(2), [2], {
        header: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
      }),
      'records',
    ],
    ['of complex numbers', npyBytes(counting(32), [2, 2], { dataType: '<c8' }), 'data-type'],
    ['of a single axis', npyBytes(counting(32), [32]), 'shape'],
    ['of two channels', npyBytes(counting(5 * 6 * 7 * 2), [5, 6, 7, 2]), 'shape'],
    ['with a giant shape', npyBytes(counting(4), [2 ** 31, 2 ** 31, 3]), 'header-unreadable'],
    ['that says more than it holds', npyBytes(counting(4), [1_000_000, 64, 64, 3]), 'cut-short'],
    [
      'without a shape',
      npyBytes(counting(4), [4], { header: "{'descr': '|u1', 'fortran_order': False}" }),
      'header-unreadable',
    ],
    [
      'with code for a header',
      npyBytes(counting(4), [4], { header: '__import__("os").system("x")' }),
      'header-unreadable',
    ],
    [
      'with a header of another age',
      Buffer.concat([Buffer.from('\x93NUMPY\x09\x00', 'latin1'), counting(64)]),
      'header-unreadable',
    ],
  ])('%s', async (_name, bytes, reason) => {
    await expect(openArrays(await fileOf(bytes))).rejects.toMatchObject({
      code: 'array-unusable',
      details: { file: 'set.npy', reason },
    });
  });

  test('a layout that the shape does not allow', async () => {
    await expect(openArrays(await fileOf(whole), { layout: 'NHWC' })).rejects.toMatchObject({
      code: 'array-unusable',
      details: { reason: 'layout-impossible', layout: 'NHWC' },
    });
  });
});
