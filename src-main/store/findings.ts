import type {
  Finding,
  FindingAction,
  FindingKind,
  FindingState,
  ReviewedPicture,
} from '../contract/domain/cleaning.ts';
import { failureSchema } from '../contract/errors.ts';
import type { Database } from './database.ts';

export interface NewFinding {
  kind: FindingKind;
  subject: string;
  pictureId: string | null;
  keptId: string | null;
  score: number;
  reason: Finding['reason'];
  action: FindingAction;
}

interface FindingRow {
  id: number;
  kind: FindingKind;
  subject: string;
  score: number;
  reason: string;
  action: FindingAction;
  state: FindingState;
  picture_id: string | null;
  name: string | null;
  label: string | null;
  width_px: number | null;
  height_px: number | null;
  exclusion: string | null;
  corrected: number;
  original_label: string | null;
  kept_id: string | null;
  kept_name: string | null;
  kept_label: string | null;
  kept_width_px: number | null;
  kept_height_px: number | null;
  kept_exclusion: string | null;
}

const toFinding = (row: FindingRow): Finding => {
  const picture: ReviewedPicture | null =
    row.picture_id === null
      ? null
      : {
          id: row.picture_id,
          name: row.name!,
          label: row.label,
          widthPx: row.width_px!,
          heightPx: row.height_px!,
          excluded: row.exclusion !== null,
          originalLabel: row.corrected === 1 ? row.original_label : row.label,
        };
  const kept: ReviewedPicture | null =
    row.kept_id === null
      ? null
      : {
          id: row.kept_id,
          name: row.kept_name!,
          label: row.kept_label,
          widthPx: row.kept_width_px!,
          heightPx: row.kept_height_px!,
          excluded: row.kept_exclusion !== null,
          originalLabel: row.kept_label,
        };
  const { failure, ...reason } = JSON.parse(row.reason) as Finding['reason'];
  return {
    id: row.id,
    kind: row.kind,
    name: picture?.name ?? row.subject,
    picture,
    kept,
    score: row.score,
    reason,
    failure: failure === undefined ? null : failureSchema.parse(JSON.parse(String(failure))),
    action: row.action,
    state: row.state,
  };
};

/** Queries of what a review found. */
export function findingQueries(database: Database) {
  const removeOpen = database.prepare(
    `DELETE FROM finding WHERE id IN (SELECT id FROM finding WHERE dataset_id = ? AND state = 'open' LIMIT ?)`,
  );
  const insertFinding = database.prepare(
    `INSERT INTO finding (dataset_id, kind, subject, picture_id, kept_id, rank, score, reason, action, state)
     VALUES (@datasetId, @kind, @subject, @pictureId, @keptId, @rank, @score, @reason, @action, 'open')
     ON CONFLICT (dataset_id, kind, subject) DO UPDATE SET kept_id = excluded.kept_id, rank = excluded.rank,
       score = excluded.score, reason = excluded.reason`,
  );
  const counts = database.prepare<[string], { kind: FindingKind; state: FindingState; n: number }>(
    'SELECT kind, state, count(*) AS n FROM finding WHERE dataset_id = ? GROUP BY kind, state',
  );
  const page = database.prepare<[string, string, string, number, number], FindingRow>(
    `SELECT f.id, f.kind, f.subject, f.score, f.reason, f.action, f.state,
       p.id AS picture_id, p.name, p.label, p.width_px, p.height_px, p.exclusion,
       c.picture_id IS NOT NULL AS corrected, c.original_label,
       k.id AS kept_id, k.name AS kept_name, k.label AS kept_label, k.width_px AS kept_width_px,
       k.height_px AS kept_height_px, k.exclusion AS kept_exclusion
     FROM finding f LEFT JOIN picture p ON p.id = f.picture_id LEFT JOIN picture k ON k.id = f.kept_id
       LEFT JOIN label_correction c ON c.picture_id = p.id
     WHERE f.id IN (
       SELECT id FROM finding WHERE dataset_id = ? AND kind = ? AND state = ? ORDER BY rank LIMIT ? OFFSET ?)
     ORDER BY f.rank`,
  );
  const pageTotal = database
    .prepare<[string, string, string], number>(
      'SELECT count(*) FROM finding WHERE dataset_id = ? AND kind = ? AND state = ?',
    )
    .pluck();

  const clearAlike = database.prepare(
    `DELETE FROM look_alike WHERE picture_id IN (SELECT picture_id FROM look_alike WHERE dataset_id = ? LIMIT ?)`,
  );
  const insertAlike = database.prepare(
    'INSERT OR REPLACE INTO look_alike (picture_id, dataset_id, set_number) VALUES (?, ?, ?)',
  );
  const alike = database.prepare<[string], { pictureId: string; number: number }>(
    `SELECT l.picture_id AS pictureId, l.set_number AS number FROM look_alike l
     WHERE l.dataset_id = ? ORDER BY l.set_number, l.picture_id`,
  );

  return {
    /** @returns whether there may be more */
    removeOpenFindings: (datasetId: string, most: number): boolean =>
      removeOpen.run(datasetId, most).changes === most,
    /** Findings that were decided before keep their state. */
    addFindings: database.transaction(
      (datasetId: string, findings: readonly NewFinding[], firstRank: number): void =>
        findings.forEach((finding, at) =>
          insertFinding.run({
            ...finding,
            datasetId,
            rank: firstRank + at,
            reason: JSON.stringify(finding.reason),
          }),
        ),
    ),
    findingCounts: (datasetId: string) => counts.all(datasetId),
    findings: (datasetId: string, kind: FindingKind, state: FindingState, offset: number, limit: number) => ({
      total: pageTotal.get(datasetId, kind, state) ?? 0,
      items: page.all(datasetId, kind, state, limit, offset).map(toFinding),
    }),

    /** @returns whether there may be more */
    clearAlike: (datasetId: string, most: number): boolean =>
      clearAlike.run(datasetId, most).changes === most,
    addAlike: database.transaction(
      (datasetId: string, sets: readonly (readonly string[])[], firstNumber: number): void =>
        sets.forEach((set, at) =>
          set.forEach((pictureId) => insertAlike.run(pictureId, datasetId, firstNumber + at)),
        ),
    ),
    /** Sets of pictures that look alike, as far as a review knows; a picture is in one of them at most. */
    alike(datasetId: string): string[][] {
      const sets = new Map<number, string[]>();
      for (const { pictureId, number } of alike.all(datasetId)) {
        const set = sets.get(number);
        if (set) set.push(pictureId);
        else sets.set(number, [pictureId]);
      }
      return [...sets.values()];
    },
  };
}
