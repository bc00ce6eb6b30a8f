import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src-main/store/database.ts';
import { openStudio, type Studio } from '../../src-main/studio/studio.ts';
import { randomFrom } from '../helpers/drawn-pictures.ts';

/** Real files that the pictures of a large dataset share. */
const sharedOriginals = 400;

export const openBenchStudio = (workspace: string): Promise<Studio> =>
  openStudio({
    ...{ workspace, create: true, version: '0.0.0-bench', queue: 'own' },
    host: { abilities: { face: 'command-line', nativeDialogs: false, showInFolder: false, upload: false } },
  });

/**
 * Makes a workspace with a dataset of very many pictures, measured, which share a few hundred real originals. A tenth of
 * them look alike, each like one other.
 *
 * @param source a folder of pictures
 */
export async function makeLargeDataset(
  workspace: string,
  source: string,
  count: number,
): Promise<{ projectId: string; datasetId: string }> {
  const some = `${workspace}-some`;
  mkdirSync(some, { recursive: true });
  const names = readdirSync(source).filter((name) => name.endsWith('.png'));
  for (const name of names.slice(0, sharedOriginals)) copyFileSync(join(source, name), join(some, name));
  const studio = await openBenchStudio(workspace);
  const project = studio.projects.create('Large');
  const started = await studio.datasets.import(project.id, 'Large', { kind: 'path', path: some });
  await started.finished;
  await studio.cleaning.start(started.datasetId, false).finished;
  await studio.close();
  const database = openDatabase(join(workspace, 'studio.db'));
  try {
    const columnsOf = (table: string) =>
      database.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table);
    const copied = (table: string, changed: Readonly<Record<string, string>>) =>
      `INSERT INTO ${table} (${columnsOf(table).join(', ')})
       SELECT ${columnsOf(table)
         .map((name) => changed[name] ?? `${table}.${name}`)
         .join(', ')} FROM ${table}`;
    const own = database.prepare<[], string>('SELECT id FROM picture ORDER BY ordinal').pluck().all();
    const copyPicture = database.prepare(
      `${copied('picture', { id: '@id', ordinal: '@ordinal', name: '@name', label: '@label' })} WHERE id = @from`,
    );
    const copyMeasure = database.prepare(
      `${copied('measure', { picture_id: '@id', perceptual_hash: '@hash', content_sha256: '@content', sharpness: '@sharpness' })}
       WHERE picture_id = @from`,
    );
    const random = randomFrom(5);
    const word = () =>
      Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    let hash = '';
    database.transaction(() => {
      for (let at = own.length; at < count; at += 1) {
        const id = `picture-${String(at).padStart(12, '0')}`;
        if (at % 10 !== 0) hash = word() + word();
        const from = own[at % own.length]!;
        copyPicture.run({ id, from, ordinal: at, name: `folder/${at}.png`, label: `class ${at % 10}` });
        const content = String(at).padStart(64, '0');
        copyMeasure.run({ id, from, hash, content, sharpness: random() * 60 });
      }
    })();
    database.prepare(`UPDATE cleaning_setting SET complete = 0 WHERE dataset_id = ?`).run(started.datasetId);
  } finally {
    database.close();
  }
  return { projectId: project.id, datasetId: started.datasetId };
}
