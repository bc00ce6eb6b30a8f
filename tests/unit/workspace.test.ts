import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase, schemaVersion } from '../../src-main/store/database.ts';
import { first } from '../../src-main/store/migrations/0001-first.ts';
import { hashBytes, requireDiskSpace, writeFileAtomic } from '../../src-main/workspace/files.ts';
import { openWorkspace, type Workspace } from '../../src-main/workspace/workspace.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const opened: Workspace[] = [];
const open = async (path: string, create = true) => {
  const workspace = await openWorkspace(path, { create });
  opened.push(workspace);
  return workspace;
};
afterEach(async () => {
  for (const workspace of opened.splice(0)) await workspace.close();
});

describe('a workspace', () => {
  it('is made where its parent folder exists', async () => {
    const folder = join(temporaryFolder(), 'new');
    expect((await open(folder)).folder).toBe(folder);
    expect(existsSync(folder)).toBe(true);
  });

  it('is not made out of a slip of the keyboard', async () => {
    const folder = temporaryFolder();
    await expect(open(join(folder, 'misspelt'), false)).rejects.toMatchObject({ code: 'workspace-missing' });
    await expect(open(join(folder, 'no', 'such', 'parents'))).rejects.toMatchObject({
      code: 'workspace-missing',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is refused to a second process, with the first one’s number', async () => {
    const folder = temporaryFolder();
    await open(folder);
    const script = `
      import { openWorkspace } from ${JSON.stringify(new URL('../../src-main/workspace/workspace.ts', import.meta.url).href)};
      try { await openWorkspace(${JSON.stringify(folder)}, { create: true }); console.log('opened'); }
      catch (error) { console.log(JSON.stringify({ code: error.code, details: error.details })); }
    `;
    const answer = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(JSON.parse(answer)).toEqual({
      code: 'workspace-in-use',
      details: { path: folder, process: String(process.pid) },
    });
  });

  it('is free again after its process was killed', async () => {
    const folder = temporaryFolder();
    const script = `
      import { openWorkspace } from ${JSON.stringify(new URL('../../src-main/workspace/workspace.ts', import.meta.url).href)};
      await openWorkspace(${JSON.stringify(folder)}, { create: true });
      console.log('opened');
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await expect(open(folder)).rejects.toMatchObject({ code: 'workspace-in-use' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect(open(folder)).resolves.toBeDefined();
  });

  it.skipIf(process.getuid?.() === 0)(
    'that cannot be written says so (root can write anything: skipped)',
    async () => {
      const folder = temporaryFolder();
      chmodSync(folder, 0o500);
      await expect(open(folder)).rejects.toMatchObject({ code: 'workspace-read-only' });
    },
  );

  it('keeps an original once, under its hash', async () => {
    const workspace = await open(temporaryFolder());
    const bytes = Buffer.from('a picture');
    const sha256 = await workspace.putOriginal(bytes, 'png');
    expect(sha256).toBe(hashBytes(bytes));
    const path = workspace.originalPath(sha256, 'png');
    expect(path.endsWith(join(sha256.slice(0, 2), `${sha256}.png`))).toBe(true);
    await workspace.putOriginal(bytes, 'png');
    expect(readFileSync(path)).toEqual(bytes);
    expect(readdirSync(join(path, '..'))).toHaveLength(1);
  });

  it('moves things to the trash under a name of their own', async () => {
    const workspace = await open(temporaryFolder());
    const folder = workspace.runFolder('run-1');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.json'), '{}');
    const target = await workspace.moveToTrash(folder);
    expect(target && readdirSync(target)).toEqual(['config.json']);
    expect(await workspace.moveToTrash(folder)).toBeNull();
  });

  it('sweeps what an earlier process left half-made', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'staging', 'import-1'), { recursive: true });
    writeFileSync(join(folder, 'studio.db.1234.partial'), 'x');
    await open(folder);
    expect(readdirSync(folder).filter((name) => /staging|partial/.test(name))).toEqual([]);
  });
});

describe('files', () => {
  it('that fail half-way leave nothing behind', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'taken'));
    writeFileSync(join(folder, 'taken', 'file'), '');
    await expect(writeFileAtomic(join(folder, 'taken'), 'text')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  it('that cannot fit are refused with what is needed and what is free', async () => {
    await expect(requireDiskSpace(temporaryFolder(), 1e15)).rejects.toMatchObject({
      code: 'disk-full',
      details: { neededMb: expect.any(Number), freeMb: expect.any(Number) },
    });
  });
});

describe('the store', () => {
  it('opens again with its schema', () => {
    const file = join(temporaryFolder(), 'studio.db');
    openDatabase(file).close();
    const database = openDatabase(file);
    expect(database.pragma('user_version', { simple: true })).toBe(schemaVersion);
    expect(database.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    database.close();
  });

  it('of the first schema keeps its pictures and what was exported of them', () => {
    const file = join(temporaryFolder(), 'studio.db');
    const old = new SQLite(file);
    old.exec(first.sql);
    old.exec(`
      INSERT INTO project (id, name, created_at) VALUES ('p', 'P', 1);
      INSERT INTO dataset (id, project_id, name, source_kind, source_location, importing, proposal, created_at)
        VALUES ('d', 'p', 'D', 'folder', '/d', 0, '{}', 1);
      INSERT INTO dataset_version (dataset_id, version, recipe, images, classes, bytes, hash, created_at)
        VALUES ('d', 1, '{}', 1, '[]', 1, 'hash', 1);
      INSERT INTO run (id, project_id, name, dataset_id, dataset_version, preset_id, family, size_px, channels,
        seed, settings, stop, state, created_at)
        VALUES ('r', 'p', 'R', 'd', 1, 'dcgan-28', 'dcgan', 28, 1, 7, '{}', '{}', 'completed', 1);
      INSERT INTO image (id, ordinal, sha256, run_id, checkpoint_step, seed, width_px, height_px, bytes,
        provenance, starred, created_at) VALUES ('i', 1, 'hash', 'r', 20, 100, 28, 28, 1, '{}', 1, 1);
      INSERT INTO export (id, path, format, images, bytes, manifest_sha256, created_at)
        VALUES ('e', '/set', 'folder', 1, 1, 'hash', 1);
      INSERT INTO export_image VALUES ('e', 'i');
      PRAGMA user_version = 1;
    `);
    old.close();
    const database = openDatabase(file);
    expect(database.prepare('SELECT id, seed, label, starred FROM image').all()).toEqual([
      { id: 'i', seed: 100, label: '', starred: 1 },
    ]);
    expect(database.pragma('foreign_key_check')).toEqual([]);
    expect(database.prepare('SELECT * FROM export_image').all()).toEqual([{ export_id: 'e', image_id: 'i' }]);
    expect(database.pragma('user_version', { simple: true })).toBe(schemaVersion);
    database.close();
  });

  it('of a newer studio is left alone', () => {
    const file = join(temporaryFolder(), 'studio.db');
    const database = openDatabase(file);
    database.pragma(`user_version = ${schemaVersion + 1}`);
    database.close();
    expect(() => openDatabase(file)).toThrowError(
      expect.objectContaining({
        code: 'workspace-newer',
        details: expect.objectContaining({ known: schemaVersion }),
      }),
    );
  });

  it('that is no database is refused by name', () => {
    const file = join(temporaryFolder(), 'studio.db');
    writeFileSync(file, 'not a database, but long enough to be read as a header of one '.repeat(50));
    expect(() => openDatabase(file)).toThrowError(expect.objectContaining({ details: { path: file } }));
  });
});
