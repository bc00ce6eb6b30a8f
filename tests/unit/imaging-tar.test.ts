import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultArchiveLimits } from '../../src-main/imaging/archive-rules.ts';
import { openTar } from '../../src-main/imaging/tar.ts';
import { craftTar, craftTarGz, type TarredFile } from '../fixtures/tar-bytes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-tar-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const text = (content: string) => Buffer.from(content);
const nothing = () => false;

async function saved(bytes: Uint8Array, name = 'pictures.tar'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
const crafted = (...files: TarredFile[]) => saved(craftTar(files));
const good = { name: 'good.png', bytes: text('good') };

test.each([
  ['plain', craftTar],
  ['gzipped', craftTarGz],
])('a %s archive lists its files and hands each over, in its own order', async (_name, craft) => {
  const long = Buffer.alloc(700_000, 'many times the same. ');
  const path = await saved(
    craft([
      { name: './b/', type: '5' },
      { name: './b/2.png', bytes: text('two') },
      { name: 'b/2.txt', bytes: text('a caption') },
      { name: 'a/1.png', bytes: long },
    ]),
  );
  const archive = await openTar(path, ({ name }) => name.endsWith('.txt'));
  expect(archive.entries).toEqual([
    { name: 'b/2.png', bytes: 3 },
    { name: 'b/2.txt', bytes: 9 },
    { name: 'a/1.png', bytes: long.length },
  ]);
  expect(archive.texts.get('b/2.txt')!.toString()).toBe('a caption');
  const read: string[] = [];
  for await (const { name, content } of archive.read(({ name: wanted }) => wanted.endsWith('.png'), never)) {
    read.push(name);
    if (name === 'a/1.png') expect(content.equals(long)).toBe(true);
  }
  expect(read).toEqual(['b/2.png', 'a/1.png']);
});

test('reading can be left off in the middle, and stops when it is aborted', async () => {
  const files = Array.from({ length: 50 }, (_unused, at) => ({
    name: `${at}.png`,
    bytes: Buffer.alloc(100_000, at),
  }));
  const archive = await openTar(await crafted(...files), nothing);
  for await (const { name } of archive.read(() => true, never)) {
    expect(name).toBe('0.png');
    break;
  }
  const abort = new AbortController();
  const reading = async () => {
    for await (const { name } of archive.read(() => true, abort.signal))
      if (name === '3.png') abort.abort(new Error('enough'));
  };
  await expect(reading()).rejects.toThrow('enough');
});

describe('an archive is refused as a whole', () => {
  test.each(['../evil.png', 'a/../../evil.png', '/etc/evil.png', 'C:/evil.png', 'a\\..\\..\\evil.png'])(
    'for the name %s',
    async (name) => {
      const path = await crafted(good, { name });
      await expect(openTar(path, nothing)).rejects.toMatchObject({
        code: 'archive-unsafe-path',
        details: { path, entry: name.replaceAll('\\', '/') },
      });
    },
  );

  test.each(['1', '2'])('for a link of type %s', async (type) => {
    const path = await crafted(good, { name: 'link.png', type, linkTo: '/etc/passwd' });
    await expect(openTar(path, nothing)).rejects.toMatchObject({
      code: 'archive-symlink',
      details: { entry: 'link.png' },
    });
  });

  test('for a device', async () => {
    const path = await crafted(good, { name: 'null', type: '3' });
    await expect(openTar(path, nothing)).rejects.toMatchObject({ code: 'source-unsupported' });
  });

  test('for unpacking to more than the limit, before it is unpacked', async () => {
    const path = await saved(gzipSync(craftTar([{ name: 'a.png', bytes: new Uint8Array(3_000_000) }])));
    const limits = { ...defaultArchiveLimits, totalBytes: 1_000_000 };
    await expect(openTar(path, nothing, { limits })).rejects.toMatchObject({ code: 'archive-too-large' });
    const vast = await crafted({ name: 'a.png', declaredBytes: 8 * 1024 ** 3 - 1 });
    await expect(openTar(vast, nothing, { limits })).rejects.toMatchObject({ code: 'archive-too-large' });
  });

  test('for more files than the limit', async () => {
    const path = await crafted(good, { name: 'b.png' });
    const limits = { ...defaultArchiveLimits, entries: 1 };
    await expect(openTar(path, nothing, { limits })).rejects.toMatchObject({ code: 'archive-too-large' });
  });

  test('for a header that claims a name of megabytes', async () => {
    const path = await crafted({ name: 'pax', type: 'x', bytes: Buffer.alloc(2_000_000, 'a') }, good);
    await expect(openTar(path, nothing)).rejects.toMatchObject({ code: 'archive-corrupt' });
  });

  test('when it is cut short, damaged, or no archive at all', async () => {
    const noise = Buffer.from(Uint8Array.from({ length: 60_000 }, (_unused, at) => (at * at * 7919) >> 3));
    const packed = craftTarGz([{ name: 'a.png', bytes: noise }, good]);
    const damaged = Buffer.from(packed);
    damaged[Math.floor(damaged.length / 2)]! ^= 0xff;
    const plain = craftTar([{ name: 'a.png', bytes: noise }]);
    const all = [
      packed.subarray(0, packed.length >> 1),
      damaged,
      plain.subarray(0, 20_000),
      text('no archive'),
    ];
    for (const bytes of all) {
      await expect(openTar(await saved(bytes), nothing)).rejects.toMatchObject({ code: 'archive-corrupt' });
    }
  });
});
