import type { FindingKind, Verdict } from '../contract/domain/cleaning.ts';
import type { Database } from './database.ts';
import type { DecidedFact, DecidedFacts } from './decided-facts.ts';

interface ChangeRow {
  ordinal: number;
  what: DecidedFact;
  subject: string;
  before_value: string | null;
}

/** A transaction ends after so long, so that others can work in between. */
const stepMs = 8;
const rowsAtOnce = 250;
/**
 * Stands for the time of the undoing while a decision is being written or taken back. After a process that was
 * killed meanwhile it is what tells such a decision from one that stands.
 */
const underWay = 0;

/** Work in steps, each a transaction; yields how many items are done. */
export type Steps<Result> = Generator<number, Result>;

export type OpenDecision = ReturnType<ReturnType<typeof decisionChanges>['open']>;

/** What decisions changed, and what was there before: written and taken back in steps, each a transaction. */
export function decisionChanges(database: Database, facts: DecidedFacts) {
  const insert = database.prepare(
    `INSERT INTO decision (dataset_id, verdict, kind, items, at, undone_at)
     VALUES (?, ?, NULL, 0, ?, ${underWay})`,
  );
  const insertChange = database.prepare(
    `INSERT INTO decision_change (decision_id, ordinal, what, subject, before_value, after_value)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const changesOf = database.prepare<[number, number, number], ChangeRow>(
    `SELECT ordinal, what, subject, before_value FROM decision_change
     WHERE decision_id = ? AND ordinal < ? ORDER BY ordinal DESC LIMIT ?`,
  );
  const unfinished = database
    .prepare<[string | null], number>(
      `SELECT id FROM decision WHERE undone_at = ${underWay} AND dataset_id = coalesce(?, dataset_id) ORDER BY id DESC`,
    )
    .pluck();
  const markUndone = database.prepare('UPDATE decision SET undone_at = ? WHERE id = ?');
  const stand = database.prepare('UPDATE decision SET items = ?, kind = ?, undone_at = NULL WHERE id = ?');
  const removeDecision = database.prepare('DELETE FROM decision WHERE id = ?');

  const inTransaction = <Result>(work: () => Result): Result => database.transaction(work)();

  /** Does the items in transactions that each hold as many as there is time for. */
  function* inSteps<Item>(items: ArrayLike<Item>, work: (item: Item) => void): Steps<void> {
    for (let done = 0; done < items.length;) {
      inTransaction(() => {
        const endsAt = performance.now() + stepMs;
        do work(items[done++]!);
        while (done < items.length && performance.now() < endsAt);
      });
      yield done;
    }
  }

  /** What was written is written again when a process was killed on the way, which changes nothing. */
  function* takeBack(id: number, at: number): Steps<void> {
    markUndone.run(underWay, id);
    for (let before = Number.MAX_SAFE_INTEGER; ;) {
      const changes = changesOf.all(id, before, rowsAtOnce);
      yield* inSteps(changes, ({ what, subject, before_value }) => facts.write(what, subject, before_value));
      if (changes.length < rowsAtOnce) break;
      before = changes.at(-1)!.ordinal;
    }
    markUndone.run(at, id);
  }

  return {
    inSteps,
    takeBack,

    /** Keeps the changes of one decision in order, leaving out those that change nothing. */
    open(datasetId: string, verdict: Verdict, at: number) {
      const id = Number(insert.run(datasetId, verdict, at).lastInsertRowid);
      let ordinal = 0;
      return {
        change(what: DecidedFact, subject: string, before: string | null, after: string | null): void {
          if (before === after) return;
          insertChange.run(id, ordinal, what, subject, before, after);
          ordinal += 1;
          facts.write(what, subject, after);
        },
        /** From here on it stands; one that decided about nothing leaves no trace. */
        close(items: number, kind: FindingKind | null): void {
          if (items === 0) removeDecision.run(id);
          else stand.run(items, kind, id);
        },
      };
    },

    /** @param datasetId null for all datasets */
    unfinished: (datasetId: string | null): number[] => unfinished.all(datasetId),
  };
}
