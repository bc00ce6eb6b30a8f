import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultArchiveLimits } from '../../src-main/imaging/archive-rules.ts';
import { openZip, writeZip } from '../../src-main/imaging/zip.ts';
import { craftZip, type CraftedEntry } from '../fixtures/zip-bytes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-zip-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const saved = async (bytes: Uint8Array, name = 'pictures.zip') => {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
};
const crafted = (...entries: CraftedEntry[]) => saved(craftZip(entries));
const text = (content: string) => Buffer.from(content);

test('a good archive lists its files and reads each of them', async () => {
  const long = text('many times the same. '.repeat(500));
  const path = await crafted(
    { name: 'a/', bytes: new Uint8Array(0) },
    { name: 'a/stored.txt', bytes: text('one') },
    { name: 'a/ünï.txt', bytes: long, deflate: true },
  );
  const zip = await openZip(path);
  expect(zip.entries.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['a/stored.txt', 3],
    ['a/ünï.txt', long.length],
  ]);
  expect((await zip.entries[0]!.read()).toString()).toBe('one');
  expect((await zip.entries[1]!.read()).equals(long)).toBe(true);
  zip.close();
});

describe('an archive is refused as a whole', () => {
  const good = { name: 'good.png' };
  test.each(['../evil.png', 'a/../../evil.png', '/etc/evil.png', 'C:/evil.png', 'a\\..\\..\\evil.png'])(
    'for the name %s',
    async (name) => {
      const path = await crafted(good, { name });
      await expect(openZip(path)).rejects.toMatchObject({
        code: 'archive-unsafe-path',
        details: { path, entry: name.replaceAll('\\', '/') },
      });
    },
  );

  test('for a symbolic link', async () => {
    const path = await crafted(good, { name: 'link.png', mode: 0o120777, bytes: text('/etc/passwd') });
    await expect(openZip(path)).rejects.toMatchObject({
      code: 'archive-symlink',
      details: { entry: 'link.png' },
    });
  });

  test('for encryption', async () => {
    const path = await crafted(good, { name: 'secret.png', encrypted: true, deflate: true });
    await expect(openZip(path)).rejects.toMatchObject({ code: 'archive-encrypted', details: { path } });
  });

  test('for unpacking to more than the limit', async () => {
    const path = await crafted(
      { name: 'a.png', bytes: new Uint8Array(600_000), deflate: true },
      { name: 'b.png', bytes: new Uint8Array(600_000), deflate: true },
    );
    const limits = { ...defaultArchiveLimits, totalBytes: 1_000_000 };
    await expect(openZip(path, limits)).rejects.toMatchObject({ code: 'archive-too-large' });
    (await openZip(path)).close();
  });

  test('for more files than the limit', async () => {
    const path = await crafted(good, { name: 'b.png' });
    await expect(openZip(path, { ...defaultArchiveLimits, entries: 1 })).rejects.toMatchObject({
      code: 'archive-too-large',
    });
  });

  test('for a way of packing that is not known here', async () => {
    const path = await crafted({ name: 'a.png', method: 12, declaredBytes: 99 });
    await expect(openZip(path)).rejects.toMatchObject({ code: 'source-unsupported' });
  });

  test('when it is cut short, or no archive at all', async () => {
    const whole = craftZip([good, { name: 'b.png' }]);
    for (const bytes of [whole.subarray(0, 60), text('PK and nothing else'), new Uint8Array(0)]) {
      await expect(openZip(await saved(bytes))).rejects.toMatchObject({ code: 'archive-corrupt' });
    }
  });

  test('when its entries share their bytes to unpack to a vast amount', async () => {
    const bytes = craftZip([{ name: 'a.png', bytes: new Uint8Array(1000) }]);
    const start = bytes.indexOf('PK\x01\x02');
    const central = bytes.subarray(start, bytes.length - 22);
    const end = Buffer.from(bytes.subarray(bytes.length - 22));
    end.writeUInt16LE(5, 8);
    end.writeUInt16LE(5, 10);
    end.writeUInt32LE(central.length * 5, 12);
    const path = await saved(
      Buffer.concat([bytes.subarray(0, start), ...Array<Buffer>(5).fill(central), end]),
    );
    await expect(openZip(path)).rejects.toMatchObject({ code: 'archive-corrupt' });
  });
});

test.each<[string, CraftedEntry]>([
  [
    'unpacks to more than it declares',
    { name: 'a.png', bytes: new Uint8Array(5000), deflate: true, declaredBytes: 10 },
  ],
  ['has a wrong checksum', { name: 'a.png', bytes: text('abc'), checksum: 1 }],
])('an entry that %s is named when it is read', async (_name, entry) => {
  const zip = await openZip(await crafted(entry));
  await expect(zip.entries[0]!.read()).rejects.toMatchObject({
    code: 'archive-corrupt',
    details: { entry: 'a.png' },
  });
  zip.close();
});

describe('writing', () => {
  const entries = Array.from({ length: 300 }, (_unused, at) => ({
    name: `set/${at}.bin`,
    bytes: Buffer.alloc(50_000, at % 256),
  }));

  test('what was written reads back, stored as it is', async () => {
    const path = join(folder, 'out.zip');
    const bytes = await writeZip(path, entries);
    expect((await readFile(path)).length).toBe(bytes);
    const zip = await openZip(path);
    expect(zip.entries.map(({ name }) => name)).toEqual(entries.map(({ name }) => name));
    expect((await zip.entries[299]!.read()).equals(entries[299]!.bytes)).toBe(true);
    zip.close();
  });

  test('the same entries give the same bytes', async () => {
    await writeZip(join(folder, '1.zip'), entries);
    await writeZip(join(folder, '2.zip'), entries);
    expect((await readFile(join(folder, '1.zip'))).equals(await readFile(join(folder, '2.zip')))).toBe(true);
  });

  test('a file that is there is never overwritten', async () => {
    const path = await saved(text('mine'), 'taken.zip');
    await expect(writeZip(path, entries)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  test('a failure of what feeds it comes through', async () => {
    async function* failing() {
      yield entries[0]!;
      throw new Error('no more');
    }
    await expect(writeZip(join(folder, 'f.zip'), failing())).rejects.toThrow('no more');
  });
});
