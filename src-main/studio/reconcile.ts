import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Database } from '../store/database.ts';
import type { Workspace } from '../workspace/workspace.ts';

const listOf = async (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/** Files of a content-addressed folder: `<kind>/ab/<sha256>.<extension>`. */
async function contentFiles(root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const prefix of await listOf(root)) {
    for (const name of await listOf(join(root, prefix))) {
      files.set(name.split('.')[0], join(root, prefix, name));
    }
  }
  return files;
}

/**
 * Compares the store with the disk, both ways: what the store knows and the disk has not is reported; what
 * the disk has and the store does not know (a crash came between the file and its row) goes to the trash.
 *
 * @returns one English sentence for each kind of finding; empty when all is well
 */
export async function reconcile(database: Database, workspace: Workspace): Promise<string[]> {
  const notices: string[] = [];
  const known = (sql: string): string[] => database.prepare<[], string>(sql).pluck().all();
  const compare = async (
    what: string,
    rows: readonly string[],
    files: Map<string, string>,
    remedy: string,
  ): Promise<void> => {
    const rowSet = new Set(rows);
    const missing = rows.filter((row) => !files.has(row));
    if (missing.length > 0) {
      notices.push(`${missing.length} ${what} missing on the disk, first: ${missing[0]}. ${remedy}`);
    }
    const strays = [...files].filter(([name]) => !rowSet.has(name));
    for (const [, path] of strays) await workspace.moveToTrash(path);
    if (strays.length > 0) {
      notices.push(
        `${strays.length} ${what} on the disk that no record knows went to the trash, first: ${basename(strays[0][1])}.`,
      );
    }
  };
  const folders = async (kind: string) =>
    new Map(
      (await listOf(join(workspace.folder, kind))).map((name) => [name, join(workspace.folder, kind, name)]),
    );

  await compare(
    'original pictures',
    known('SELECT sha256 FROM original'),
    await contentFiles(join(workspace.folder, 'originals')),
    'Import their source again to bring them back.',
  );
  await compare(
    'generated pictures',
    known('SELECT DISTINCT sha256 FROM image'),
    await contentFiles(join(workspace.folder, 'images')),
    'Generate the same seeds again to bring them back.',
  );
  await compare(
    'inputs of repaired pictures',
    known(
      "SELECT input_sha256 FROM image WHERE input_sha256 <> '' UNION SELECT mask_sha256 FROM image WHERE mask_sha256 <> ''",
    ),
    await contentFiles(join(workspace.folder, 'inputs')),
    'Repair the same pictures again to bring them back.',
  );
  await compare(
    'run folders',
    known('SELECT id FROM run'),
    await folders('runs'),
    'Their checkpoints are gone; restore the folder from a backup.',
  );

  const versions = known("SELECT dataset_id || '/v' || version FROM dataset_version");
  const versionFolders = new Map<string, string>();
  for (const [datasetId, path] of await folders('datasets')) {
    for (const name of await listOf(path)) versionFolders.set(`${datasetId}/${name}`, join(path, name));
  }
  await compare('dataset versions', versions, versionFolders, 'Make the version again from its recipe.');
  return notices;
}
