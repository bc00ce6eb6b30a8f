import type { Backend } from '../contract/domain/backends.ts';
import type { DatasetVersion } from '../contract/domain/datasets.ts';
import type {
  MetricPoint,
  ParameterCounts,
  Run,
  RunNote,
  RunState,
  SampleSheet,
  StopCondition,
} from '../contract/domain/runs.ts';
import type { Failure } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { families, type FamilyId } from '../contract/presets.ts';
import type { Database } from './database.ts';

/** What is fixed when a run is made. */
export interface NewRun {
  id: string;
  projectId: string;
  name: string;
  datasetId: string;
  datasetVersion: number;
  presetId: string;
  family: FamilyId;
  sizePx: number;
  channels: number;
  seed: number;
  settings: Settings;
  stop: StopCondition;
  createdAt: number;
}

/** What changes while it lives; absent keys are left alone. */
export interface RunChange {
  name?: string;
  state?: RunState;
  failure?: Failure | null;
  step?: number;
  trainedMs?: number;
  stepMs?: number | null;
  stop?: StopCondition;
  backend?: Backend;
  parameters?: ParameterCounts;
  startedAt?: number;
  endedAt?: number | null;
  trashedAt?: number | null;
}

export interface CheckpointRow {
  step: number;
  /** Relative to the run's folder. */
  file: string;
  sha256: string;
  bytes: number;
  trainedMs: number;
  createdAt: number;
}

interface RunRow {
  id: string;
  project_id: string;
  name: string;
  dataset_id: string;
  dataset_name: string;
  dataset_version: number;
  dataset_images: number;
  dataset_classes: string;
  preset_id: string;
  family: string;
  size_px: number;
  channels: number;
  seed: number;
  settings: string;
  stop: string;
  state: string;
  failure: string | null;
  step: number;
  trained_ms: number;
  step_ms: number | null;
  backend: string | null;
  parameters: string | null;
  latest_sample_step: number | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
}

const columns: Record<keyof RunChange, string> = {
  name: 'name',
  state: 'state',
  failure: 'failure',
  step: 'step',
  trainedMs: 'trained_ms',
  stepMs: 'step_ms',
  stop: 'stop',
  backend: 'backend',
  parameters: 'parameters',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  trashedAt: 'trashed_at',
};

/** The classes of a run that draws them: those of its dataset version, in the order of their numbers. */
function classesOf(row: RunRow): Pick<Run, 'classes'> {
  if (!families[row.family as FamilyId].needsClasses) return {};
  const classes = JSON.parse(row.dataset_classes) as DatasetVersion['classes'];
  return { classes: classes.map(({ name }) => name) };
}

/** How long a run still needs, from its own speed; null before it has one. */
export function remainingMs(run: {
  stop: StopCondition;
  step: number;
  stepMs: number | null;
  trainedMs: number;
}): number | null {
  if (run.stop.kind === 'minutes') return Math.max(0, run.stop.minutes * 60_000 - run.trainedMs);
  return run.stepMs === null ? null : Math.max(0, run.stop.steps - run.step) * run.stepMs;
}

/** Queries of `run` and of the tables that hang on it. */
export function runQueries(database: Database) {
  const select = `
    SELECT r.*, d.name AS dataset_name, v.images AS dataset_images, v.classes AS dataset_classes,
      (SELECT max(step) FROM sample_sheet s WHERE s.run_id = r.id) AS latest_sample_step
    FROM run r
    JOIN dataset d ON d.id = r.dataset_id
    JOIN dataset_version v ON v.dataset_id = r.dataset_id AND v.version = r.dataset_version`;
  const one = database.prepare<[string], RunRow>(`${select} WHERE r.id = ?`);
  const all = database.prepare<{ project: string | null }, RunRow>(
    `${select} JOIN project p ON p.id = r.project_id
     WHERE r.trashed_at IS NULL AND p.trashed_at IS NULL AND (@project IS NULL OR r.project_id = @project)
     ORDER BY r.created_at DESC, r.rowid DESC`,
  );
  const trashed = database
    .prepare<[string], number>('SELECT trashed_at IS NOT NULL FROM run WHERE id = ?')
    .pluck();
  const inState = database.prepare<[string], { id: string }>(
    'SELECT id FROM run WHERE state = ? AND trashed_at IS NULL ORDER BY created_at, rowid',
  );
  const insert = database.prepare(
    `INSERT INTO run (id, project_id, name, dataset_id, dataset_version, preset_id, family, size_px,
       channels, seed, settings, stop, state, created_at)
     VALUES (@id, @projectId, @name, @datasetId, @datasetVersion, @presetId, @family, @sizePx,
       @channels, @seed, @settings, @stop, 'queued', @createdAt)`,
  );
  const checkpoints = database.prepare<[string], CheckpointRow>(
    `SELECT step, file, sha256, bytes, trained_ms AS trainedMs, created_at AS createdAt
     FROM checkpoint WHERE run_id = ? ORDER BY step`,
  );
  const putCheckpoint = database.prepare(
    `INSERT OR REPLACE INTO checkpoint (run_id, step, file, sha256, bytes, trained_ms, created_at)
     VALUES (?, @step, @file, @sha256, @bytes, @trainedMs, @createdAt)`,
  );
  const dropCheckpoint = database.prepare('DELETE FROM checkpoint WHERE run_id = ? AND step = ?');
  const usedCheckpoints = database.prepare<[string], { step: number }>(
    'SELECT DISTINCT checkpoint_step AS step FROM image WHERE run_id = ?',
  );
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
  const notes = database.prepare<[string], RunNote>(
    'SELECT at, step, kind, detail FROM run_note WHERE run_id = ? ORDER BY ordinal',
  );
  const putNote = database.prepare(
    `INSERT INTO run_note (run_id, ordinal, at, step, kind, detail)
     VALUES (@run, (SELECT coalesce(max(ordinal), 0) + 1 FROM run_note WHERE run_id = @run), @at, @step, @kind, @detail)`,
  );
  const forget = ['checkpoint', 'sample_sheet', 'metric'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE run_id = ? AND step > ?`),
  );

  const toRun = (row: RunRow): Run => {
    const run = {
      id: row.id,
      projectId: row.project_id,
      name: row.name,
      datasetId: row.dataset_id,
      datasetName: row.dataset_name,
      datasetVersion: row.dataset_version,
      datasetImages: row.dataset_images,
      presetId: row.preset_id,
      family: row.family as Run['family'],
      sizePx: row.size_px as Run['sizePx'],
      channels: row.channels as Run['channels'],
      seed: row.seed,
      ...classesOf(row),
      settings: JSON.parse(row.settings) as Settings,
      stop: JSON.parse(row.stop) as StopCondition,
      state: row.state as RunState,
      failure: row.failure === null ? null : (JSON.parse(row.failure) as Failure),
      step: row.step,
      trainedMs: row.trained_ms,
      stepMs: row.step_ms,
      backend: row.backend === null ? null : (JSON.parse(row.backend) as Backend),
      parameters: row.parameters === null ? null : (JSON.parse(row.parameters) as Run['parameters']),
      latestSampleStep: row.latest_sample_step,
      checkpoints: checkpoints
        .all(row.id)
        .map(({ step, sha256, bytes, createdAt }) => ({ step, sha256, bytes, createdAt })),
      createdAt: row.created_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
    };
    return { ...run, remainingMs: remainingMs(run) };
  };

  return {
    get(id: string): Run | null {
      const row = one.get(id);
      return row ? toRun(row) : null;
    },
    isTrashed: (id: string): boolean => trashed.get(id) === 1,
    list: (projectId?: string): Run[] => all.all({ project: projectId ?? null }).map(toRun),
    /** Ids of the runs in a state, oldest first. */
    idsIn: (state: RunState): string[] => inState.all(state).map(({ id }) => id),
    insert(run: NewRun): void {
      insert.run({ ...run, settings: JSON.stringify(run.settings), stop: JSON.stringify(run.stop) });
    },
    change(id: string, change: RunChange): void {
      const entries = Object.entries(change) as [keyof RunChange, RunChange[keyof RunChange]][];
      if (entries.length === 0) return;
      const values = entries.map(([, value]) =>
        value !== null && typeof value === 'object' ? JSON.stringify(value) : value,
      );
      const assignments = entries.map(([key]) => `${columns[key]} = ?`).join(', ');
      database.prepare(`UPDATE run SET ${assignments} WHERE id = ?`).run(...values, id);
    },
    checkpoints: (id: string): CheckpointRow[] => checkpoints.all(id),
    putCheckpoint: (id: string, row: CheckpointRow): void => void putCheckpoint.run(id, row),
    dropCheckpoint: (id: string, step: number): void => void dropCheckpoint.run(id, step),
    /** Steps of the checkpoints that generated pictures came from. */
    usedCheckpointSteps: (id: string): Set<number> =>
      new Set(usedCheckpoints.all(id).map(({ step }) => step)),
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
    notes: (id: string): RunNote[] => notes.all(id),
    putNote: (id: string, note: RunNote): void => void putNote.run({ run: id, ...note }),
    /** Drops what the run recorded after `step`, which it is about to train again. */
    rewind: database.transaction((id: string, step: number) => {
      for (const statement of forget) statement.run(id, step);
    }),
  };
}

export type RunQueries = ReturnType<typeof runQueries>;
