import type { Decision, FindingAction, FindingKind, Verdict } from '../contract/domain/cleaning.ts';
import type { Database } from './database.ts';

/** A fact that a decision may change. */
type Changed = 'finding' | 'exclusion' | 'label' | 'repair';

interface ChangeRow {
  what: Changed;
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

/** Decisions about findings and pictures: each is one transaction that remembers what was there before. */
export function decisionQueries(database: Database) {
  const insert = database.prepare(
    'INSERT INTO decision (dataset_id, verdict, kind, items, at) VALUES (?, ?, ?, ?, ?)',
  );
  const insertChange = database.prepare(
    `INSERT INTO decision_change (decision_id, ordinal, what, subject, before_value, after_value)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const changesOf = database.prepare<[number], ChangeRow>(
    'SELECT what, subject, before_value FROM decision_change WHERE decision_id = ? ORDER BY ordinal DESC',
  );
  const last = database.prepare<[string], Decision>(
    `SELECT id, verdict, kind, items, at FROM decision
     WHERE dataset_id = ? AND undone_at IS NULL ORDER BY id DESC LIMIT 1`,
  );
  const markUndone = database.prepare('UPDATE decision SET undone_at = ? WHERE id = ?');

  const findingColumns = 'id, kind, picture_id AS pictureId, action, reason, state';
  const findingById = database.prepare<[string, number], DecidedFinding>(
    `SELECT ${findingColumns} FROM finding WHERE dataset_id = ? AND id = ?`,
  );
  const openOfKind = database.prepare<[string, string], DecidedFinding>(
    `SELECT ${findingColumns} FROM finding WHERE dataset_id = ? AND kind = ? AND state = 'open' ORDER BY rank`,
  );
  const excludingOf = database.prepare<[string], DecidedFinding>(
    `SELECT ${findingColumns} FROM finding WHERE picture_id = ? AND state = 'accepted' AND action = 'exclude'`,
  );
  const setState = database.prepare('UPDATE finding SET state = ? WHERE id = ?');
  const pictureFacts = database.prepare<
    [string, string],
    { label: string | null; exclusion: string | null; repair: string | null }
  >('SELECT label, exclusion, repair FROM picture WHERE dataset_id = ? AND id = ?');
  const setExclusion = database.prepare('UPDATE picture SET exclusion = ? WHERE id = ?');
  const setRepair = database.prepare('UPDATE picture SET repair = ? WHERE id = ?');
  const setLabel = database.prepare('UPDATE picture SET label = ? WHERE id = ?');
  const currentLabel = database
    .prepare<[string], string | null>('SELECT label FROM picture WHERE id = ?')
    .pluck();
  const correction = database.prepare<[string], { original_label: string | null }>(
    'SELECT original_label FROM label_correction WHERE picture_id = ?',
  );
  const insertCorrection = database.prepare(
    'INSERT INTO label_correction (picture_id, original_label) VALUES (?, ?)',
  );
  const removeCorrection = database.prepare('DELETE FROM label_correction WHERE picture_id = ?');

  /** The label that it came with is kept for as long as another one stands in its place. */
  const writeLabel = (pictureId: string, label: string | null) => {
    const known = correction.get(pictureId);
    const original = known ? known.original_label : (currentLabel.get(pictureId) ?? null);
    if (label === original) removeCorrection.run(pictureId);
    else if (!known) insertCorrection.run(pictureId, original);
    setLabel.run(label, pictureId);
  };

  const write = (what: Changed, subject: string, value: string | null): void => {
    switch (what) {
      case 'finding':
        setState.run(value, Number(subject));
        break;
      case 'exclusion':
        setExclusion.run(value, subject);
        break;
      case 'repair':
        setRepair.run(value, subject);
        break;
      case 'label':
        writeLabel(subject, value);
        break;
    }
  };

  /** Keeps the changes of one decision in order, leaving out those that change nothing. */
  const openDecision = (datasetId: string, verdict: Verdict, kind: FindingKind | null, at: number) => {
    const id = Number(insert.run(datasetId, verdict, kind, 0, at).lastInsertRowid);
    let ordinal = 0;
    return {
      id,
      change(what: Changed, subject: string, before: string | null, after: string | null): void {
        if (before === after) return;
        insertChange.run(id, ordinal, what, subject, before, after);
        ordinal += 1;
        write(what, subject, after);
      },
    };
  };
  const setItems = database.prepare('UPDATE decision SET items = ? WHERE id = ?');
  const removeDecision = database.prepare('DELETE FROM decision WHERE id = ?');
  const close = (id: number, items: number): number => {
    if (items === 0) removeDecision.run(id);
    else setItems.run(items, id);
    return items;
  };

  return {
    last: (datasetId: string): Decision | null => last.get(datasetId) ?? null,

    /**
     * Accepts or rejects findings: those named, or all open ones of a kind. What is decided already stays.
     *
     * @returns how many were decided
     */
    decide: database.transaction(
      (
        datasetId: string,
        verdict: 'accept' | 'reject',
        which: { findingIds: readonly number[] } | { kind: FindingKind },
        at: number,
      ): number => {
        const found =
          'kind' in which
            ? openOfKind.all(datasetId, which.kind)
            : which.findingIds.flatMap((id) => findingById.all(datasetId, id));
        const open = found.filter(({ state }) => state === 'open');
        const kinds = new Set(open.map(({ kind }) => kind));
        const [onlyKind] = kinds;
        const decision = openDecision(datasetId, verdict, kinds.size === 1 ? onlyKind! : null, at);
        for (const { id, kind, pictureId, action, reason } of open) {
          decision.change('finding', String(id), 'open', verdict === 'accept' ? 'accepted' : 'rejected');
          if (verdict === 'reject' || pictureId === null) continue;
          const facts = pictureFacts.get(datasetId, pictureId);
          if (!facts) continue;
          switch (action) {
            case 'exclude':
              if (facts.exclusion === null) decision.change('exclusion', pictureId, null, kind);
              break;
            case 'relabel': {
              const { suggested } = JSON.parse(reason) as { suggested: string };
              decision.change('label', pictureId, facts.label, suggested);
              break;
            }
            case 'denoise':
              decision.change('repair', pictureId, facts.repair, 'median');
              break;
            case 'acknowledge':
              break;
          }
        }
        return close(decision.id, open.length);
      },
    ),

    /**
     * Keeps pictures out of versions, or takes them in again. A picture that is taken in again counts as the rejection
     * of what it had been kept out for.
     *
     * @returns how many pictures changed
     */
    exclude: database.transaction(
      (datasetId: string, pictureIds: readonly string[], excluded: boolean, at: number): number => {
        const decision = openDecision(datasetId, excluded ? 'exclude' : 'include', null, at);
        let items = 0;
        for (const pictureId of pictureIds) {
          const facts = pictureFacts.get(datasetId, pictureId);
          if (!facts || (facts.exclusion !== null) === excluded) continue;
          items += 1;
          decision.change('exclusion', pictureId, facts.exclusion, excluded ? 'chosen' : null);
          if (excluded) continue;
          for (const { id } of excludingOf.all(pictureId)) {
            decision.change('finding', String(id), 'accepted', 'rejected');
          }
        }
        return close(decision.id, items);
      },
    ),

    /**
     * Takes the last decision back.
     *
     * @returns the decision; null when there is none
     */
    undo: database.transaction((datasetId: string, at: number): Decision | null => {
      const decision = last.get(datasetId);
      if (!decision) return null;
      for (const { what, subject, before_value } of changesOf.all(decision.id)) {
        write(what, subject, before_value);
      }
      markUndone.run(at, decision.id);
      return decision;
    }),
  };
}
