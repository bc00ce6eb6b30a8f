import type { Rescue, SettingChange } from '../contract/domain/run-history.ts';
import type { RunNote } from '../contract/domain/runs.ts';
import type { Failure } from '../contract/errors.ts';
import type { Settings, SettingValue } from '../contract/hyper-parameters.ts';
import type { Database } from './database.ts';

interface ChangeRow {
  at: number;
  step: number;
  key: string;
  from_value: string;
  to_value: string;
  cause: SettingChange['cause'];
  undone: number;
}

interface RescueRow {
  at: number;
  failed_step: number;
  failure: string;
  back_to_step: number;
  attempt: number;
  settings: string;
}

/** Queries of what happened to a run: `run_note`, `run_setting_change`, `run_rescue`. */
export function runHistoryQueries(database: Database) {
  const notes = database.prepare<[string], RunNote>(
    'SELECT at, step, kind, detail FROM run_note WHERE run_id = ? ORDER BY ordinal',
  );
  const putNote = database.prepare(
    `INSERT INTO run_note (run_id, ordinal, at, step, kind, detail)
     VALUES (@run, (SELECT coalesce(max(ordinal), 0) + 1 FROM run_note WHERE run_id = @run), @at, @step, @kind, @detail)`,
  );
  const changes = database.prepare<[string], ChangeRow>(
    `SELECT at, step, key, from_value, to_value, cause, undone FROM run_setting_change
     WHERE run_id = ? ORDER BY ordinal`,
  );
  const putChange = database.prepare(
    `INSERT INTO run_setting_change (run_id, ordinal, at, step, key, from_value, to_value, cause)
     VALUES (@run, (SELECT coalesce(max(ordinal), 0) + 1 FROM run_setting_change WHERE run_id = @run),
       @at, @step, @key, @from, @to, @cause)`,
  );
  const undoAll = database.prepare('UPDATE run_setting_change SET undone = 1 WHERE run_id = ? AND step > ?');
  const undoOne = database.prepare(
    'UPDATE run_setting_change SET undone = 1 WHERE run_id = ? AND step > ? AND key = ?',
  );
  const rescues = database.prepare<[string], RescueRow>(
    `SELECT at, failed_step, failure, back_to_step, attempt, settings FROM run_rescue
     WHERE run_id = ? ORDER BY ordinal`,
  );
  const putRescue = database.prepare(
    `INSERT INTO run_rescue (run_id, ordinal, at, failed_step, failure, back_to_step, attempt, settings)
     VALUES (@run, (SELECT coalesce(max(ordinal), 0) + 1 FROM run_rescue WHERE run_id = @run),
       @at, @failedStep, @failure, @backToStep, @attempt, @settings)`,
  );
  return {
    notes: (id: string): RunNote[] => notes.all(id),
    putNote: (id: string, note: RunNote): void => void putNote.run({ run: id, ...note }),
    /** In the order they were made. */
    changes: (id: string): SettingChange[] =>
      changes.all(id).map(({ from_value, to_value, undone, ...row }) => ({
        ...row,
        from: JSON.parse(from_value) as SettingValue,
        to: JSON.parse(to_value) as SettingValue,
        undone: undone === 1,
      })),
    /** Later changes of the same setting that were made before the run went back give way to it. */
    putChange: database.transaction((id: string, change: Omit<SettingChange, 'undone'>) => {
      undoOne.run(id, change.step, change.key);
      const { at, step, key, cause } = change;
      const [from, to] = [JSON.stringify(change.from), JSON.stringify(change.to)];
      putChange.run({ run: id, at, step, key, from, to, cause });
    }),
    /** What was changed after `step` no longer holds. */
    undoChangesAfter: (id: string, step: number): void => void undoAll.run(id, step),
    rescues: (id: string): Rescue[] =>
      rescues.all(id).map((row) => ({
        at: row.at,
        failedStep: row.failed_step,
        failure: JSON.parse(row.failure) as Failure,
        backToStep: row.back_to_step,
        attempt: row.attempt,
        settings: JSON.parse(row.settings) as Settings,
      })),
    putRescue: (id: string, rescue: Rescue): void =>
      void putRescue.run({
        ...rescue,
        run: id,
        failure: JSON.stringify(rescue.failure),
        settings: JSON.stringify(rescue.settings),
      }),
  };
}
