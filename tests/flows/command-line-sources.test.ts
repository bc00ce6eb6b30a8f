import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildIfStale } from '../../src-main/cli/build.ts';
import { counting, npyBytes } from '../fixtures/array-bytes.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { imago } from '../helpers/command-line.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

beforeAll(() => buildIfStale(['kernels']));

const common = (folder: string) => ['--name', 'Set', '--workspace', join(folder, 'workspace'), '--json'];

describe('imago import', () => {
  it('takes the rows of a SQLite query', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'photos.db');
    const made = new SQLite(file);
    made.exec('CREATE TABLE photo (image BLOB, label TEXT)');
    for (const at of [0, 1, 2]) {
      made.prepare('INSERT INTO photo VALUES (?, ?)').run(await pngOf(at), at === 0 ? 'cat' : 'dog');
    }
    made.close();
    const query = ['--sqlite', file, '--query', 'SELECT * FROM photo', '--time-limit', '30'];
    const imported = await imago('import', ...query, ...common(folder));
    expect(imported.json).toMatchObject({ images: 3, classes: 2, quarantined: 0 });
  });

  it('asks how an array is to be read, and then reads it so', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'cube.npy');
    writeFileSync(file, npyBytes(counting(28 ** 3), [28, 28, 28]));
    const asked = await imago('import', file, ...common(folder));
    expect(asked).toMatchObject({ exitCode: 2, json: { error: { code: 'array-layout-needed' } } });
    expect(asked.stderr).toContain('NHW, HWN');
    const imported = await imago('import', file, '--array-layout', 'NHW', ...common(folder));
    expect(imported.json).toMatchObject({ images: 28 });
  });

  it('downloads a list of addresses, and names what did not come', async () => {
    const pictures = [await pngOf(1), await pngOf(2)];
    const server = createServer((request, response) => {
      const picture = pictures[Number(request.url?.slice(1))];
      if (picture) response.end(picture);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    onTestFinished(() => void server.close());
    const address = server.address();
    const at = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    const folder = temporaryFolder();
    const list = join(folder, 'list.txt');
    writeFileSync(list, `${at}/0\n${at}/1\n${at}/2\n`);
    const imported = await imago('import', '--urls', list, '--allow-private', ...common(folder));
    expect(imported.json).toMatchObject({ images: 2, quarantined: 1 });
    expect(imported.stderr).toContain(
      `Put aside: ${at}/2. “${at}/2” cannot be read: the server answered 404.`,
    );
    const refused = await imago('import', '--urls', list, ...common(folder));
    expect(refused).toMatchObject({ exitCode: 1, json: { error: { code: 'pictures-too-few' } } });
  });

  it.each([
    [['--sqlite', 'a.db']],
    [['folder', '--urls', 'list.txt']],
    [['folder', '--query', 'SELECT 1']],
    [[]],
  ])('says what is missing of %j', async (words) => {
    const refused = await imago('import', ...words, ...common(temporaryFolder()));
    expect(refused).toMatchObject({ exitCode: 2, json: { error: { code: 'input-invalid' } } });
  });
});
