import type { MetricPoint, SampleSheet } from '../contract/domain/runs.ts';
import type { Database } from './database.ts';

/** Queries of what a run records by step: `sample_sheet` and `metric`. */
export function runRecordQueries(database: Database) {
  const sheets = database.prepare<[string], SampleSheet & { file: string }>(
    `SELECT step, file, columns, rows, created_at AS createdAt FROM sample_sheet WHERE run_id = ? ORDER BY step`,
  );
  const sheet = database.prepare<[string, number], { file: string }>(
    'SELECT file FROM sample_sheet WHERE run_id = ? AND step = ?',
  );
  const putSheet = database.prepare(
    `INSERT OR REPLACE INTO sample_sheet (run_id, step, file, columns, rows, created_at)
     VALUES (?, @step, @file, @columns, @rows, @createdAt)`,
  );
  const metrics = database.prepare<[string, number], { step: number; trained_ms: number; scalars: string }>(
    'SELECT step, trained_ms, scalars FROM metric WHERE run_id = ? AND step > ? ORDER BY step',
  );
  const putMetric = database.prepare(
    'INSERT OR REPLACE INTO metric (run_id, step, trained_ms, scalars) VALUES (?, ?, ?, ?)',
  );
  const forget = ['sample_sheet', 'metric'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE run_id = ? AND step > ?`),
  );
  return {
    sheets: (id: string): SampleSheet[] =>
      sheets.all(id).map(({ step, columns, rows, createdAt }) => ({ step, columns, rows, createdAt })),
    sheetFile: (id: string, step: number): string | null => sheet.get(id, step)?.file ?? null,
    putSheet: (id: string, row: SampleSheet & { file: string }): void => void putSheet.run(id, row),
    metrics: (id: string, afterStep: number): MetricPoint[] =>
      metrics.all(id, afterStep).map((row) => ({
        step: row.step,
        trainedMs: row.trained_ms,
        values: JSON.parse(row.scalars) as Record<string, number>,
      })),
    putMetric: (id: string, point: MetricPoint): void =>
      void putMetric.run(id, point.step, point.trainedMs, JSON.stringify(point.values)),
    /** Drops what the run recorded after `step`, which it is about to train again. */
    rewind: database.transaction((id: string, step: number) => {
      for (const statement of forget) statement.run(id, step);
    }),
  };
}
