import type { Database } from './database.ts';

export interface CheckpointRow {
  step: number;
  /** Relative to the run's folder. */
  file: string;
  sha256: string;
  bytes: number;
  /** Of the run, up to here. */
  trainedMs: number;
  createdAt: number;
  marked: boolean;
  good: boolean;
  score: number | null;
}

interface StoredRow extends Omit<CheckpointRow, 'marked' | 'good'> {
  marked: number;
  good: number;
}

/** Queries of `checkpoint`. */
export function checkpointQueries(database: Database) {
  const all = database.prepare<[string], StoredRow>(
    `SELECT step, file, sha256, bytes, trained_ms AS trainedMs, created_at AS createdAt, marked, good, score
     FROM checkpoint WHERE run_id = ? ORDER BY step`,
  );
  // A checkpoint that is written again after the run went back keeps its star and is judged anew.
  const put = database.prepare(
    `INSERT INTO checkpoint (run_id, step, file, sha256, bytes, trained_ms, created_at, score)
     VALUES (@run, @step, @file, @sha256, @bytes, @trainedMs, @createdAt, @score)
     ON CONFLICT (run_id, step) DO UPDATE SET file = excluded.file, sha256 = excluded.sha256,
       bytes = excluded.bytes, trained_ms = excluded.trained_ms, created_at = excluded.created_at,
       score = excluded.score, good = 1`,
  );
  const drop = database.prepare('DELETE FROM checkpoint WHERE run_id = ? AND step = ?');
  const mark = database.prepare('UPDATE checkpoint SET marked = ? WHERE run_id = ? AND step = ?');
  const distrust = database.prepare('UPDATE checkpoint SET good = 0 WHERE run_id = ? AND step >= ?');
  const used = database
    .prepare<[string], number>('SELECT DISTINCT checkpoint_step FROM image WHERE run_id = ?')
    .pluck();
  return {
    /** In the order of steps. */
    checkpoints: (id: string): CheckpointRow[] =>
      all.all(id).map((row) => ({ ...row, marked: row.marked === 1, good: row.good === 1 })),
    putCheckpoint: (id: string, row: Omit<CheckpointRow, 'marked' | 'good'>): void =>
      void put.run({ ...row, run: id }),
    dropCheckpoint: (id: string, step: number): void => void drop.run(id, step),
    markCheckpoint: (id: string, step: number, marked: boolean): void =>
      void mark.run(marked ? 1 : 0, id, step),
    /** Nothing goes on by itself from the checkpoints of `step` and after it any more. */
    distrustFrom: (id: string, step: number): void => void distrust.run(id, step),
    /** Steps of the checkpoints that generated pictures came from. */
    usedCheckpointSteps: (id: string): Set<number> => new Set(used.all(id)),
  };
}
