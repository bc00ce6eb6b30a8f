import type { Backend, BackendId } from '../contract/domain/backends.ts';
import type { DatasetVersion } from '../contract/domain/datasets.ts';
import { settingsAt, type RunParent } from '../contract/domain/run-history.ts';
import type { ParameterCounts, Run, RunState, StopCondition } from '../contract/domain/runs.ts';
import type { Failure } from '../contract/errors.ts';
import { resolveSettings, type Settings } from '../contract/hyper-parameters.ts';
import { families, learnsClasses, type FamilyId } from '../contract/presets.ts';
import { checkpointQueries } from './checkpoints.ts';
import type { Database } from './database.ts';
import { runHistoryQueries } from './run-history.ts';
import { runRecordQueries } from './run-records.ts';

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
  parent: RunParent | null;
  wantedBackend: BackendId | null;
  createdAt: number;
}

/** What the store knows of a run; the studio adds what only holds while it is open. */
export type StoredRun = Omit<Run, 'warnings' | 'waiting'>;

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
  wantedBackend?: BackendId | null;
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
  trashed_at: number | null;
  parent: string | null;
  wanted_backend: string | null;
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
  wantedBackend: 'wanted_backend',
};

/** The settings a run began with; what its family has learned to ask for since has its default. */
function settingsOf({ family, settings }: RunRow): Settings {
  const stored = JSON.parse(settings) as Settings;
  try {
    return resolveSettings(families[family as FamilyId].parameters, stored);
  } catch {
    // Its family has forgotten one of them, and the engine will say so by name.
    return stored;
  }
}

/** The classes of a run that draws them: those of its dataset version, in the order of their numbers. */
function classesOf(row: RunRow): Pick<Run, 'classes'> {
  if (!learnsClasses(row.family as FamilyId, JSON.parse(row.settings) as Settings)) return {};
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
  const inState = database.prepare<[string], { id: string }>(
    'SELECT id FROM run WHERE state = ? AND trashed_at IS NULL ORDER BY created_at, rowid',
  );
  const insert = database.prepare(
    `INSERT INTO run (id, project_id, name, dataset_id, dataset_version, preset_id, family, size_px,
       channels, seed, settings, stop, state, parent, wanted_backend, created_at)
     VALUES (@id, @projectId, @name, @datasetId, @datasetVersion, @presetId, @family, @sizePx,
       @channels, @seed, @settings, @stop, 'queued', @parent, @wantedBackend, @createdAt)`,
  );
  const children = database.prepare<[string], { id: string; name: string; step: number }>(
    `SELECT id, name, json_extract(parent, '$.step') AS step FROM run
     WHERE json_extract(parent, '$.runId') = ? AND trashed_at IS NULL ORDER BY created_at, rowid`,
  );
  const checkpoints = checkpointQueries(database);
  const history = runHistoryQueries(database);

  const toRun = (row: RunRow): StoredRun => {
    const changes = history.changes(row.id);
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
      settings: settingsAt(settingsOf(row), changes, Infinity),
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
        .checkpoints(row.id)
        .map(({ step, sha256, bytes, createdAt, marked, good, score }) => ({
          ...{ step, sha256, bytes, createdAt, marked, good, score },
        })),
      parent: row.parent === null ? null : (JSON.parse(row.parent) as RunParent),
      changes,
      rescues: history.rescues(row.id),
      wantedBackend: row.wanted_backend as BackendId | null,
      createdAt: row.created_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      trashedAt: row.trashed_at,
    };
    return { ...run, remainingMs: remainingMs(run) };
  };

  return {
    ...checkpoints,
    ...history,
    ...runRecordQueries(database),
    get(id: string): StoredRun | null {
      const row = one.get(id);
      return row ? toRun(row) : null;
    },
    list: (projectId?: string): StoredRun[] => all.all({ project: projectId ?? null }).map(toRun),
    /** Ids of the runs in a state, oldest first. */
    idsIn: (state: RunState): string[] => inState.all(state).map(({ id }) => id),
    insert(run: NewRun): void {
      insert.run({
        ...run,
        settings: JSON.stringify(run.settings),
        stop: JSON.stringify(run.stop),
        parent: run.parent && JSON.stringify(run.parent),
      });
    },
    /** The settings it began with, without the changes since. */
    initialSettings(id: string): Settings {
      const row = one.get(id);
      return row ? settingsOf(row) : {};
    },
    /** Runs that branched off this one, and at which step. */
    children: (id: string) => children.all(id),
    change(id: string, change: RunChange): void {
      const entries = Object.entries(change) as [keyof RunChange, RunChange[keyof RunChange]][];
      if (entries.length === 0) return;
      const values = entries.map(([, value]) =>
        value !== null && typeof value === 'object' ? JSON.stringify(value) : value,
      );
      const assignments = entries.map(([key]) => `${columns[key]} = ?`).join(', ');
      database.prepare(`UPDATE run SET ${assignments} WHERE id = ?`).run(...values, id);
    },
  };
}

export type RunQueries = ReturnType<typeof runQueries>;
