import type { Decision, FindingAction, FindingKind, Verdict } from '../contract/domain/cleaning.ts';
import type { PictureEdits } from '../contract/domain/pictures.ts';
import type { Database } from './database.ts';
import { decidedFacts } from './decided-facts.ts';
import { decisionChanges, type OpenDecision, type Steps } from './decision-changes.ts';
import { pictureEditing } from './picture-editing.ts';

interface DecidedFinding {
  id: number;
  kind: FindingKind;
  pictureId: string | null;
  action: FindingAction;
  reason: string;
  state: string;
  /** The place of the picture in its dataset. */
  ordinal: number | null;
}

/** What an accepted finding does to its picture. */
interface Effect {
  pictureId: string;
  ordinal: number;
  kind: FindingKind;
  action: Exclude<FindingAction, 'acknowledge'>;
  reason: string;
}

const rowsAtOnce = 250;

/**
 * Effects in the order in which the pictures are stored, since neighbours are written much faster than what is strewn.
 * Sorted as bare numbers, place and index in one: comparing a hundred thousand objects is a long pause.
 *
 * @returns numbers whose remainder by the number of effects is the index of one
 */
function inPictureOrder(effects: readonly Effect[]): Float64Array {
  const keys = new Float64Array(effects.length);
  effects.forEach(({ ordinal }, at) => (keys[at] = ordinal * effects.length + at));
  return keys.sort();
}

/**
 * Decisions about findings and pictures, which remember what was there before. Each is written in steps, and stands only
 * with its last one.
 */
export function decisionQueries(database: Database) {
  const facts = decidedFacts(database);
  const changes = decisionChanges(database, facts);
  const editOne = pictureEditing(database, facts);
  const last = database.prepare<[string], Decision>(
    `SELECT id, verdict, kind, items, at FROM decision
     WHERE dataset_id = ? AND undone_at IS NULL ORDER BY id DESC LIMIT 1`,
  );
  const finding = `
    SELECT f.id, f.kind, f.picture_id AS pictureId, f.action, f.reason, f.state, p.ordinal
    FROM finding f LEFT JOIN picture p ON p.id = f.picture_id`;
  const findingById = database.prepare<[string, number], DecidedFinding>(
    `${finding} WHERE f.dataset_id = ? AND f.id = ?`,
  );
  const openOfKind = database.prepare<
    [string, string, number, number, number],
    DecidedFinding & { rank: number }
  >(
    `${finding.replace('f.state,', 'f.state, f.rank,')}
     WHERE f.dataset_id = ? AND f.kind = ? AND f.state = 'open' AND (f.rank, f.id) > (?, ?)
     ORDER BY f.rank, f.id LIMIT ?`,
  );
  const excludingOf = database
    .prepare<[string], number>(
      `SELECT id FROM finding WHERE picture_id = ? AND state = 'accepted' AND action = 'exclude'`,
    )
    .pluck();
  /** Those named, or all open ones of a kind in the order of their queue, some at a time. */
  function* someFindings(
    datasetId: string,
    which: { findingIds: readonly number[] } | { kind: FindingKind },
  ): Generator<DecidedFinding[]> {
    if ('findingIds' in which) {
      for (let first = 0; first < which.findingIds.length; first += rowsAtOnce) {
        const ids = [...new Set(which.findingIds.slice(first, first + rowsAtOnce))];
        const found = ids.map((id) => findingById.get(datasetId, id));
        yield found.filter((each) => each?.state === 'open').map((each) => each!);
      }
      return;
    }
    for (let after = { rank: -1, id: -1 }; ;) {
      const some = openOfKind.all(datasetId, which.kind, after.rank, after.id, rowsAtOnce);
      yield some;
      if (some.length < rowsAtOnce) return;
      after = some.at(-1)!;
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
    const decision = changes.open(datasetId, verdict, at);
    let items = 0;
    yield* changes.inSteps(pictureIds, (pictureId) => {
      if (change(decision, pictureId)) items += 1;
    });
    decision.close(items, null);
    return items;
  }

  return {
    last: (datasetId: string): Decision | null => last.get(datasetId) ?? null,

    /**
     * Takes back what was being written, or taken back, when that failed or the process ended.
     *
     * @param datasetId null for those of all datasets
     */
    takeBackUnfinished(datasetId: string | null, at: number): void {
      for (const id of changes.unfinished(datasetId)) {
        const steps = changes.takeBack(id, at);
        while (steps.next().done !== true);
      }
    },

    /**
     * Accepts or rejects findings: those named, or all open ones of a kind. What is decided already stays. First all
     * findings are written, then all pictures, each in the order in which they are stored.
     *
     * @returns how many were decided
     */
    *decide(
      datasetId: string,
      verdict: 'accept' | 'reject',
      which: { findingIds: readonly number[] } | { kind: FindingKind },
      at: number,
    ): Steps<number> {
      const decision = changes.open(datasetId, verdict, at);
      const kinds = new Set<FindingKind>();
      const effects: Effect[] = [];
      let items = 0;
      const decideOne = ({ id, kind, pictureId, ordinal, action, reason }: DecidedFinding): void => {
        decision.change('finding', String(id), 'open', verdict === 'accept' ? 'accepted' : 'rejected');
        kinds.add(kind);
        items += 1;
        if (verdict === 'reject' || action === 'acknowledge' || pictureId === null || ordinal === null)
          return;
        effects.push({ pictureId, ordinal, kind, action, reason });
      };
      const affect = ({ pictureId, kind, action, reason }: Effect): void => {
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
        }
      };
      for (const some of someFindings(datasetId, which)) yield* changes.inSteps(some, decideOne);
      const order = inPictureOrder(effects);
      yield items;
      yield* changes.inSteps(order, (key) => affect(effects[key % effects.length]!));
      const [onlyKind] = kinds;
      decision.close(items, kinds.size === 1 ? onlyKind! : null);
      return items;
    },

    /**
     * Keeps pictures out of versions, or takes them in again. A picture that is taken in again counts as the rejection
     * of what it had been kept out for.
     *
     * @returns how many pictures changed
     */
    *exclude(datasetId: string, pictureIds: readonly string[], excluded: boolean, at: number): Steps<number> {
      return yield* ofEach(
        datasetId,
        excluded ? 'exclude' : 'include',
        pictureIds,
        at,
        (decision, pictureId) => {
          const picture = facts.picture(datasetId, pictureId);
          if (!picture || (picture.exclusion !== null) === excluded) return false;
          decision.change('exclusion', pictureId, picture.exclusion, excluded ? 'chosen' : null);
          if (excluded) return true;
          for (const id of excludingOf.all(pictureId)) {
            decision.change('finding', String(id), 'accepted', 'rejected');
          }
          return true;
        },
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
      yield* changes.takeBack(decision.id, at);
      return decision;
    },
  };
}
