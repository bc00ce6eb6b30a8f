import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleaningQueries } from '../../src-main/store/cleaning.ts';
import { openDatabase } from '../../src-main/store/database.ts';
import { datasetQueries } from '../../src-main/store/datasets.ts';
import type { DatasetFigure } from './dataset-figure.ts';

/** Queries of the grid and the queue over a hundred thousand pictures, the slowest of each kind. */
export function benchGridQueries(): DatasetFigure[] {
  const count = 100_000;
  const folder = mkdtempSync(join(tmpdir(), 'imago-bench-grid-'));
  const database = openDatabase(join(folder, 'studio.db'));
  try {
    database.exec(`
      INSERT INTO project (id, name, created_at) VALUES ('project-1', 'Bench', 1);
      INSERT INTO original (sha256, extension, bytes, created_at) VALUES ('${'a'.repeat(64)}', 'idx', 1, 1);`);
    const columns = database.prepare<
      [],
      { name: string; type: string; notnull: number; dflt_value: string | null }
    >('SELECT name, type, "notnull", dflt_value FROM pragma_table_info(\'dataset\')');
    const known: Readonly<Record<string, string>> = {
      id: "'dataset-1'",
      project_id: "'project-1'",
      name: "'Bench'",
    };
    const needed = columns
      .all()
      .filter(({ name, notnull, dflt_value }) => name in known || (notnull === 1 && dflt_value === null));
    database.exec(
      `INSERT INTO dataset (${needed.map(({ name }) => name).join(', ')})
       VALUES (${needed.map(({ name, type }) => known[name] ?? (type === 'INTEGER' ? '0' : "'{}'")).join(', ')})`,
    );
    const insert = database.prepare(
      `INSERT INTO picture (id, dataset_id, ordinal, name, label, original_sha256, original_index, width_px,
         height_px, exclusion) VALUES (?, 'dataset-1', ?, ?, ?, '${'a'.repeat(64)}', ?, 28, 28, ?)`,
    );
    database.transaction(() => {
      for (let at = 0; at < count; at += 1) {
        const id = `picture-${at.toString(36).padStart(12, '0')}`;
        insert.run(id, at, `folder/picture-${at}.png`, String(at % 10), at, at % 20 === 0 ? 'blurred' : null);
      }
    })();
    const cleaning = cleaningQueries(database);
    for (let first = 0; first < count; first += 500) {
      cleaning.addFindings(
        'dataset-1',
        Array.from({ length: 500 }, (_, at) => {
          const id = `picture-${(first + at).toString(36).padStart(12, '0')}`;
          return {
            ...{ kind: 'blurred' as const, subject: id, pictureId: id, keptId: null, score: 1 },
            ...{ reason: { sharpness: 1 }, action: 'exclude' as const },
          };
        }),
        first,
      );
    }
    const queries = datasetQueries(database);
    const slowest = (work: readonly (() => unknown)[]): string => {
      const times = work.map((each) => {
        const beganAt = performance.now();
        each();
        return performance.now() - beganAt;
      });
      return `${Math.max(...times).toFixed(0)} ms`;
    };
    const offsets = [0, 2000, 40_000, 90_000];
    const selections = ['all', 'kept', 'excluded'] as const;
    return [
      {
        what: 'a page of the grid, any filter and place, of 100 000 pictures',
        found: slowest(
          selections.flatMap((selection) =>
            [null, '3'].flatMap((label) =>
              offsets.map((offset) => () => queries.pictures('dataset-1', offset, 200, label, selection)),
            ),
          ),
        ),
        aim: '≤ 100 ms',
      },
      {
        what: 'a page of the queue, of 100 000 findings',
        found: slowest(
          offsets.map((offset) => () => cleaning.findings('dataset-1', 'blurred', 'open', offset, 100)),
        ),
        aim: '≤ 100 ms',
      },
      {
        what: 'the counts of a review, of the same',
        found: slowest([() => cleaning.findingCounts('dataset-1'), () => cleaning.figures('dataset-1')]),
        aim: '≤ 100 ms',
      },
    ];
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
