import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeIdx } from '../../src-main/imaging/idx.ts';
import { licenceOfText } from '../../src-main/imaging/licence-text.ts';
import { labelsOf } from '../../src-main/imaging/collection.ts';
import { compareNames } from '../../src-main/imaging/name-order.ts';
import type { OpenedSource, SourceItem } from '../../src-main/imaging/source-picture.ts';
import { openSource as open } from '../../src-main/imaging/sources.ts';
import { craftZip } from '../fixtures/zip-bytes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-source-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, name);
  }
}

const never = new AbortController().signal;

const openSource = (path = folder): Promise<OpenedSource> =>
  open(
    path,
    {
      cacheFolder: join(folder, '.cache'),
      newFolder: () => mkdtemp(join(tmpdir(), 'imago-unpacked-')),
      signal: never,
    },
    { fetcher: () => (url) => Promise.resolve(Buffer.from(url)) },
  );

async function openFiles(path = folder) {
  const source = await openSource(path);
  const pictures: (SourceItem & { read(): Promise<Buffer> })[] = [];
  for await (const item of source.items(never)) {
    const { content } = item;
    const read = (): Promise<Buffer> => {
      if (content.kind !== 'file') throw new Error(`“${item.name}” is no file.`);
      return content.read(never);
    };
    pictures.push({ ...item, read });
  }
  return { ...source, pictures, ignored: source.ignored() };
}

describe('a folder', () => {
  test('is read with its sub-folders, in natural order, without hidden and other files', async () => {
    await put('b/10.png', 'b/2.jpg', 'a/x.WEBP', 'a/.hidden.png', '.git/y.png', 'notes.txt', 'more.json');
    const source = await openFiles();
    expect(source.pictures.map(({ name, label }) => [name, label])).toEqual([
      ['a/x.WEBP', 'a'],
      ['b/2.jpg', 'b'],
      ['b/10.png', 'b'],
    ]);
    expect(source.ignored).toBe(2);
    expect((await source.pictures[1]!.read()).toString()).toBe('b/2.jpg');
  });

  test('follows no link that leaves it', async () => {
    await put('pictures/1.png', 'outside/secret.png');
    await symlink(join(folder, 'outside/secret.png'), join(folder, 'pictures/stolen.png'));
    await symlink(join(folder, 'outside'), join(folder, 'pictures/all'));
    await symlink(join(folder, 'pictures/1.png'), join(folder, 'pictures/again.png'));
    const source = await openFiles(join(folder, 'pictures'));
    expect(source.pictures.map(({ name }) => name)).toEqual(['1.png', 'again.png']);
  });

  test('says what its licence file says', async () => {
    await put('1.png', '2.png');
    await writeFile(join(folder, 'LICENSE'), '   Apache License\n   Version 2.0, January 2004');
    expect(await openFiles()).toMatchObject({
      rights: { licence: 'Apache-2.0' },
      rightsFrom: 'licence-file',
    });
    expect(licenceOfText('LICENSE.txt', 'Ask my aunt.')).toBe('see LICENSE.txt');
  });

  test('that is empty, or holds nothing but hidden files, is named as empty', async () => {
    await expect(openSource(folder)).rejects.toMatchObject({
      code: 'folder-empty',
      details: { path: folder },
    });
    await put('.DS_Store');
    await expect(openSource(folder)).rejects.toMatchObject({ code: 'folder-empty' });
  });

  test('without pictures is named as such', async () => {
    await put('a.txt', 'b/c.pdf');
    await expect(openSource(folder)).rejects.toMatchObject({
      code: 'folder-without-pictures',
      details: { path: folder, files: 2 },
    });
  });

  test('that holds an IDX pair is that pair', async () => {
    const images = encodeIdx({ dimensions: [1, 2, 2], data: new Uint8Array(4) });
    await writeFile(join(folder, 'x-images-idx3-ubyte'), images);
    await writeFile(
      join(folder, 'x-labels-idx1-ubyte'),
      encodeIdx({ dimensions: [1], data: new Uint8Array(1) }),
    );
    await put('README.md');
    expect(await openSource(folder)).toMatchObject({
      kind: 'idx',
      containers: [{ path: join(folder, 'x-images-idx3-ubyte') }],
      companions: [{ path: join(folder, 'x-labels-idx1-ubyte') }],
    });
  });

  test('that holds several IDX sets asks which', async () => {
    await put('train-images-idx3-ubyte', 't10k-images-idx3-ubyte');
    await expect(openSource(folder)).rejects.toMatchObject({ code: 'source-unsupported' });
  });

  test('picture that vanished is named; when all is gone, so is the source', async () => {
    await put('1.png', '2.png');
    const { pictures } = await openFiles();
    await rm(join(folder, '1.png'));
    await expect(pictures[0]!.read()).rejects.toMatchObject({
      code: 'file-unreadable',
      details: { file: '1.png' },
    });
    await rm(folder, { recursive: true });
    await expect(pictures[1]!.read()).rejects.toMatchObject({
      code: 'path-missing',
      details: { path: folder },
    });
  });
});

describe('classes', () => {
  test('are the first folders that tell pictures apart', () => {
    expect(labelsOf(['all/train/cat/1.png', 'all/train/cat/old/2.png', 'all/train/dog/1.png'])).toEqual([
      'cat',
      'cat',
      'dog',
    ]);
  });
  test('are none in a flat folder, or where all lie in one', () => {
    expect(labelsOf(['1.png', '2.png'])).toEqual([null, null]);
    expect(labelsOf(['a/b/1.png', 'a/b/2.png'])).toEqual([null, null]);
  });
  test('leave pictures beside the class folders without one', () => {
    expect(labelsOf(['cat/1.png', 'dog/1.png', 'stray.png'])).toEqual(['cat', 'dog', null]);
  });
  test('order naturally', () => {
    expect(['10', '9', '1', 'a2', 'a10'].sort(compareNames)).toEqual(['1', '9', '10', 'a2', 'a10']);
  });
});

describe('a ZIP', () => {
  const zipOf = async (...names: string[]) => {
    const path = join(folder, 'set.zip');
    await writeFile(path, craftZip(names.map((name) => ({ name, bytes: Buffer.from(name) }))));
    return path;
  };

  test('is read like a folder', async () => {
    const path = await zipOf(
      'set/b/2.png',
      'set/a/10.png',
      'set/a/9.png',
      '__MACOSX/set/a/._9.png',
      'set/info.json',
    );
    const source = await openFiles(path);
    expect(source.kind).toBe('zip');
    expect(source.pictures.map(({ name, label }) => [name, label])).toEqual([
      ['set/a/9.png', 'a'],
      ['set/a/10.png', 'a'],
      ['set/b/2.png', 'b'],
    ]);
    expect(source.ignored).toBe(1);
    expect((await source.pictures[0]!.read()).toString()).toBe('set/a/9.png');
    source.close();
  });

  test('that is empty or without pictures is refused like such a folder', async () => {
    await expect(openSource(await zipOf())).rejects.toMatchObject({ code: 'folder-empty' });
    await expect(openSource(await zipOf('a.txt'))).rejects.toMatchObject({ code: 'folder-without-pictures' });
  });

  test('by name that is none is named as damaged', async () => {
    await put('x.zip');
    await expect(openSource(join(folder, 'x.zip'))).rejects.toMatchObject({ code: 'archive-corrupt' });
  });
});

describe('a single file', () => {
  test('is an IDX container by its content', async () => {
    const path = join(folder, 'numbers.bin');
    await writeFile(path, encodeIdx({ dimensions: [1, 2, 2], data: new Uint8Array(4) }));
    expect(await openSource(path)).toMatchObject({
      kind: 'idx',
      containers: [{ path }],
      companions: [],
    });
  });

  test.each(['a.png', 'a.txt', 'a-labels-idx1-ubyte'])('such as %s is refused', async (name) => {
    await put(name);
    await expect(openSource(join(folder, name))).rejects.toMatchObject({
      code: 'source-unsupported',
      details: { path: join(folder, name) },
    });
  });
});

test('a path that does not exist is named', async () => {
  const path = join(folder, 'nowhere');
  await expect(openSource(path)).rejects.toMatchObject({ code: 'path-missing', details: { path } });
});
