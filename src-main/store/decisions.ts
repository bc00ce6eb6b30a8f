import type { Decision, FindingAction, FindingKind, Verdict } from '../contract/domain/cleaning.ts';
import type { PictureEdits } from '../contract/domain/pictures.ts';
import type { Database } from './database.ts';
import { decidedFacts, type DecidedFact } from './decided-facts.ts';
import { pictureEditing } from './picture-editing.ts';

interface ChangeRow {
  ordinal: number;
  what: DecidedFact;
  subject: string;
  before_value: string | null;
}

interface DecidedFinding {
  id: number;
  kind: FindingKind;
  pictureId: string | null;
  action: FindingAction;
  reason: string;
  state: string;
}

/** A transaction ends after so long, so that others can work in between. */
const stepMs = 8;
const rowsAtOnce = 500;
/**
 * Stands for the time of the undoing while a decision is being written or taken back. After a process that was
 * killed meanwhile it is what tells such a decision from one that stands.
 */
const underWay = 0;

/** Work in steps, each a transaction; yields how many items are done. */
type Steps<Result> = Generator<number, Result>;

/**
 * Decisions about findings and pictures, which remember what was there before. Each is written in steps, and stands only
 * with its last one.
 */
export function decisionQueries(database: Database) {
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
  const last = database.prepare<[string], Decision>(
    `SELECT id, verdict, kind, items, at FROM decision
     WHERE dataset_id = ? AND undone_at IS NULL ORDER BY id DESC LIMIT 1`,
  );
  const markUndone = database.prepare('UPDATE decision SET undone_at = ? WHERE id = ?');

  const findingColumns = 'id, kind, picture_id AS pictureId, action, reason, state';
  const findingById = database.prepare<[string, number], DecidedFinding>(
    `SELECT ${findingColumns} FROM finding WHERE dataset_id = ? AND id = ?`,
  );
  const openOfKind = database.prepare<
    [string, string, number, number, number],
    { id: number; rank: number; ordinal: number | null }
  >(
    `SELECT f.id, f.rank, p.ordinal FROM finding f LEFT JOIN picture p ON p.id = f.picture_id
     WHERE f.dataset_id = ? AND f.kind = ? AND f.state = 'open' AND (f.rank, f.id) > (?, ?)
     ORDER BY f.rank, f.id LIMIT ?`,
  );
  const excludingOf = database.prepare<[string], DecidedFinding>(
    `SELECT ${findingColumns} FROM finding WHERE picture_id = ? AND state = 'accepted' AND action = 'exclude'`,
  );
  const facts = decidedFacts(database);
  const editOne = pictureEditing(database, facts);

  /** Keeps the changes of one decision in order, leaving out those that change nothing. */
  const openDecision = (datasetId: string, verdict: Verdict, at: number) => {
    const id = Number(insert.run(datasetId, verdict, at).lastInsertRowid);
    let ordinal = 0;
    return {
      id,
      change(what: DecidedFact, subject: string, before: string | null, after: string | null): void {
        if (before === after) return;
        insertChange.run(id, ordinal, what, subject, before, after);
        ordinal += 1;
        facts.write(what, subject, after);
      },
    };
  };
  type OpenDecision = ReturnType<typeof openDecision>;
  const stand = database.prepare('UPDATE decision SET items = ?, kind = ?, undone_at = NULL WHERE id = ?');
  const removeDecision = database.prepare('DELETE FROM decision WHERE id = ?');
  const close = (id: number, items: number, kind: FindingKind | null): void => {
    if (items === 0) removeDecision.run(id);
    else stand.run(items, kind, id);
  };

  const decideAbout = (
    decision: OpenDecision,
    datasetId: string,
    verdict: 'accept' | 'reject',
    { id, kind, pictureId, action, reason }: DecidedFinding,
  ): void => {
    decision.change('finding', String(id), 'open', verdict === 'accept' ? 'accepted' : 'rejected');
    if (verdict === 'reject' || pictureId === null) return;
    const picture = facts.picture(datasetId, pictureId);
    if (!picture) return;
    switch (action) {
      case 'exclude':
        if (picture.exclusion === null) decision.change('exclusion', pictureId, null, kind);
        break;
      case 'relabel': {
        const { suggested } = JSON.parse(reason) as { suggested: string };
        decision.change('label', pictureId, picture.label, suggested);
        break;
      }
      case 'denoise':
        decision.change('repair', pictureId, picture.repair, 'median');
        break;
      case 'acknowledge':
        break;
    }
  };
  const excludeOne = (
    decision: OpenDecision,
    datasetId: string,
    pictureId: string,
    excluded: boolean,
  ): boolean => {
    const picture = facts.picture(datasetId, pictureId);
    if (!picture || (picture.exclusion !== null) === excluded) return false;
    decision.change('exclusion', pictureId, picture.exclusion, excluded ? 'chosen' : null);
    if (excluded) return true;
    for (const { id } of excludingOf.all(pictureId)) {
      decision.change('finding', String(id), 'accepted', 'rejected');
    }
    return true;
  };

  const inTransaction = <Result>(work: () => Result): Result => database.transaction(work)();
  /** Does some of the items in one transaction, as many as there is time for; returns how many are done then. */
  const doSome = <Item>(
    items: readonly Item[],
    first: number,
    work: (item: Item) => void,
    atTheEnd: () => void,
  ): number =>
    inTransaction(() => {
      const endsAt = performance.now() + stepMs;
      let done = first;
      while (done < items.length && (done === first || performance.now() < endsAt)) work(items[done++]!);
      if (done === items.length) atTheEnd();
      return done;
    });

  /** What was written is written again when a process was killed on the way, which changes nothing. */
  function* takeBack(id: number, at: number): Steps<void> {
    markUndone.run(underWay, id);
    for (let before = Number.MAX_SAFE_INTEGER; ;) {
      const changes = changesOf.all(id, before, rowsAtOnce);
      const isLast = changes.length < rowsAtOnce;
      for (let done = 0; done < changes.length || (isLast && done === 0);) {
        done = doSome(
          changes,
          done,
          ({ what, subject, before_value }) => facts.write(what, subject, before_value),
          () => {
            if (isLast) markUndone.run(at, id);
          },
        );
        if (changes.length === 0) return;
        yield done;
      }
      if (isLast) return;
      before = changes.at(-1)!.ordinal;
    }
  }

  /** One decision about many pictures; returns how many it changed. */
  function* ofEach(
    datasetId: string,
    verdict: Verdict,
    pictureIds: readonly string[],
    at: number,
    change: (decision: OpenDecision, pictureId: string) => boolean,
  ): Steps<number> {
    if (pictureIds.length === 0) return 0;
    const decision = openDecision(datasetId, verdict, at);
    let items = 0;
    const changeNext = (pictureId: string): void => {
      if (change(decision, pictureId)) items += 1;
    };
    for (let done = 0; done < pictureIds.length;) {
      done = doSome(pictureIds, done, changeNext, () => close(decision.id, items, null));
      yield done;
    }
    return items;
  }

  /** In the order in which the pictures are stored, since neighbours are written much faster than what is strewn. */
  function* openFindings(datasetId: string, kind: FindingKind): Steps<number[]> {
    const found: { id: number; rank: number; ordinal: number | null }[] = [];
    for (;;) {
      const { rank, id } = found.at(-1) ?? { rank: -1, id: -1 };
      const some = openOfKind.all(datasetId, kind, rank, id, rowsAtOnce);
      found.push(...some);
      if (some.length < rowsAtOnce) break;
      yield 0;
    }
    const ordinals = new Map(found.map(({ id, ordinal }) => [id, ordinal ?? -1]));
    yield 0;
    return [...ordinals.keys()].sort((one, other) => ordinals.get(one)! - ordinals.get(other)!);
  }

  return {
    last: (datasetId: string): Decision | null => last.get(datasetId) ?? null,

    /**
     * Takes back what was being written, or taken back, when that failed or the process ended.
     *
     * @param datasetId null for those of all datasets
     */
    takeBackUnfinished(datasetId: string | null, at: number): void {
      for (const id of unfinished.all(datasetId)) {
        const steps = takeBack(id, at);
        while (steps.next().done !== true);
      }
    },

    /**
     * Accepts or rejects findings: those named, or all open ones of a kind. What is decided already stays.
     *
     * @returns how many were decided
     */
    *decide(
      datasetId: string,
      verdict: 'accept' | 'reject',
      which: { findingIds: readonly number[] } | { kind: FindingKind },
      at: number,
    ): Steps<number> {
      const findingIds = 'kind' in which ? yield* openFindings(datasetId, which.kind) : which.findingIds;
      if (findingIds.length === 0) return 0;
      const decision = openDecision(datasetId, verdict, at);
      const kinds = new Set<FindingKind>();
      let items = 0;
      const decideOne = (id: number): void => {
        const finding = findingById.get(datasetId, id);
        if (finding?.state !== 'open') return;
        decideAbout(decision, datasetId, verdict, finding);
        kinds.add(finding.kind);
        items += 1;
      };
      const end = () => {
        const [onlyKind] = kinds;
        close(decision.id, items, kinds.size === 1 ? onlyKind! : null);
      };
      for (let done = 0; done < findingIds.length;) {
        done = doSome(findingIds, done, decideOne, end);
        yield done;
      }
      return items;
    },

    /**
     * Keeps pictures out of versions, or takes them in again. A picture that is taken in again counts as the rejection
     * of what it had been kept out for.
     *
     * @returns how many pictures changed
     */
    *exclude(datasetId: string, pictureIds: readonly string[], excluded: boolean, at: number): Steps<number> {
      const verdict = excluded ? 'exclude' : 'include';
      return yield* ofEach(datasetId, verdict, pictureIds, at, (decision, pictureId) =>
        excludeOne(decision, datasetId, pictureId, excluded),
      );
    },

    /**
     * Sets what is known of pictures by hand, or gives it back to what came with them.
     *
     * @returns how many pictures changed
     */
    *edit(datasetId: string, pictureIds: readonly string[], edits: PictureEdits, at: number): Steps<number> {
      return yield* ofEach(datasetId, 'edit', pictureIds, at, (decision, pictureId) =>
        editOne(decision.change, datasetId, pictureId, edits),
      );
    },

    /**
     * Takes the last decision back.
     *
     * @returns the decision; null when there is none
     */
    *undo(datasetId: string, at: number): Steps<Decision | null> {
      const decision = last.get(datasetId);
      if (!decision) return null;
      yield* takeBack(decision.id, at);
      return decision;
    },
  };
}
