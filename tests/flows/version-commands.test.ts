import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pngOf } from '../fixtures/pictures.ts';
import { imago } from '../helpers/command-line.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

test('versions are prepared, compared and gone back to from the command line', async () => {
  const folder = temporaryFolder();
  const workspace = ['--workspace', join(folder, 'workspace'), '--json'];
  for (let at = 0; at < 20; at += 1) {
    const label = at < 14 ? 'many' : 'few';
    await mkdir(join(folder, 'pictures', label), { recursive: true });
    await writeFile(join(folder, 'pictures', label, `${at}.png`), await pngOf(at, 40));
  }
  await imago('import', join(folder, 'pictures'), '--name', 'Set', '--size', '32', ...workspace);

  const choices = ['--size', '32', '--rgb', '--crop', 'smart', '--held-out', '0.1', '--balance', 'under'];
  const planned = await imago('prepare', 'Set', ...choices, '--pair', 'blur:3', '--dry-run', ...workspace);
  expect(planned.json).toMatchObject({ images: 10, heldOutImages: 2, existing: null });
  const made = await imago('prepare', 'Set', ...choices, '--pair', 'blur:3', ...workspace);
  expect(made.json).toMatchObject({
    version: 2,
    crop: 'smart',
    balance: 'undersample',
    pairing: { kind: 'blur', sigmaPx: 3 },
    paired: true,
    images: 10,
    heldOutImages: 2,
  });
  const again = await imago('prepare', 'Set', ...choices, '--pair', 'blur:3', ...workspace);
  expect(again.json).toMatchObject({ version: 2, hash: made.json!.hash });

  const compared = await imago('compare', 'Set', '1', '2', '--list', ...workspace);
  expect(compared.json).toMatchObject({ added: 0, removed: 8, changed: 12, unchanged: 0 });
  expect(compared.json!.differences).toHaveLength(20);

  const current = async (...more: string[]) =>
    (await imago('versions', 'Set', ...more, ...workspace)).json!.currentVersion;
  expect(await current()).toEqual({ version: 2, isChosen: false });
  expect(await current('--use', '1')).toEqual({ version: 1, isChosen: true });

  for (const wrong of [
    ['--held-out', '0.9'],
    ['--pair', 'nonsense'],
    ['--balance', 'sideways'],
    ['--size', '33'],
  ]) {
    expect((await imago('prepare', 'Set', ...wrong, ...workspace)).exitCode).toBe(2);
  }
  const impossible = await imago('prepare', 'Set', '--labels', 'none', '--balance', 'over', ...workspace);
  expect(impossible.exitCode).toBe(1);
  expect(impossible.stderr).toMatch(/at least two/);
});
