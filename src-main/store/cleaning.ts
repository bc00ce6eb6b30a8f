import type {
  CleaningThresholds,
  ColourMode,
  Finding,
  FindingAction,
  FindingKind,
  FindingState,
  ReviewedPicture,
} from '../contract/domain/cleaning.ts';
import { cleaningThresholdsSchema } from '../contract/domain/cleaning.ts';
import { failureSchema } from '../contract/errors.ts';
import type { Database } from './database.ts';

/** What was measured of a picture; the figures are those of `measurePicture`. */
export interface Measure {
  pictureId: string;
  perceptualHash: string | null;
  contentSha256: string;
  colourMode: ColourMode;
  sharpness: number;
  brightness: number;
  darkest: number;
  brightest: number;
  darkShare: number;
  brightShare: number;
  deviation: number;
  noise: number;
  colourfulness: number;
}

/** A measured picture as findings are made of it. */
export interface MeasuredPicture extends Measure {
  ordinal: number;
  name: string;
  label: string | null;
  widthPx: number;
  heightPx: number;
  exclusion: string | null;
}

export interface NewFinding {
  kind: FindingKind;
  subject: string;
  pictureId: string | null;
  keptId: string | null;
  score: number;
  reason: Finding['reason'];
  action: FindingAction;
}

export interface MapPoint {
  pictureId: string;
  pcaX: number;
  pcaY: number;
  remoteness: number;
}

/** A picture on the map, with what it can be coloured by. */
export interface PlacedPicture {
  ordinal: number;
  pictureId: string;
  name: string;
  label: string | null;
  excluded: number;
  finding: FindingKind | null;
  /** Where the source lies that it came from. */
  source: string | null;
  pcaX: number;
  pcaY: number;
  umapX: number | null;
  umapY: number | null;
}

export interface LabelReview {
  pictureId: string;
  given: string;
  givenProbability: number;
  suggested: string;
  suggestedProbability: number;
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

/** Queries of what a review measured, learnt and found. */
export function cleaningQueries(database: Database) {
  const unmeasured = database.prepare<[string, number, number, number], { id: string; ordinal: number }>(
    `SELECT p.id, p.ordinal FROM picture p
     WHERE p.dataset_id = ? AND p.ordinal > ?
       AND NOT EXISTS (SELECT 1 FROM measure m WHERE m.picture_id = p.id AND m.revision = ?)
     ORDER BY p.ordinal LIMIT ?`,
  );
  const insertMeasure = database.prepare(
    `INSERT OR REPLACE INTO measure (picture_id, dataset_id, revision, perceptual_hash, content_sha256, colour_mode, sharpness,
       brightness, darkest, brightest, dark_share, bright_share, deviation, noise, colourfulness)
     VALUES (@pictureId, @datasetId, @revision, @perceptualHash, @contentSha256, @colourMode, @sharpness, @brightness,
       @darkest, @brightest, @darkShare, @brightShare, @deviation, @noise, @colourfulness)`,
  );
  const measured = database.prepare<[string, number, number], MeasuredPicture>(
    `SELECT p.id AS pictureId, p.ordinal, p.name, p.label, p.width_px AS widthPx, p.height_px AS heightPx, p.exclusion,
       m.perceptual_hash AS perceptualHash, m.content_sha256 AS contentSha256, m.colour_mode AS colourMode,
       m.sharpness, m.brightness, m.darkest, m.brightest, m.dark_share AS darkShare, m.bright_share AS brightShare,
       m.deviation, m.noise, m.colourfulness
     FROM picture p JOIN measure m ON m.picture_id = p.id
     WHERE p.dataset_id = ? AND p.ordinal > ? ORDER BY p.ordinal LIMIT ?`,
  );
  const counting = (from: string) =>
    database.prepare<[string], number>(`SELECT count(*) FROM ${from}`).pluck();
  const figures = {
    pictures: counting('picture WHERE dataset_id = ?'),
    measured: counting('measure WHERE dataset_id = ?'),
    embedded: counting('map_point WHERE dataset_id = ?'),
    mapped: counting('map_point WHERE dataset_id = ? AND umap_x IS NOT NULL'),
    labelsReviewed: counting('label_review WHERE dataset_id = ?'),
    excluded: counting('picture WHERE dataset_id = ? AND exclusion IS NOT NULL'),
    denoised: counting('picture WHERE dataset_id = ? AND repair IS NOT NULL'),
    relabelled: counting('label_correction c JOIN picture p ON p.id = c.picture_id WHERE p.dataset_id = ?'),
  };

  const setting = database.prepare<[string], { thresholds: string; complete: number }>(
    'SELECT thresholds, complete FROM cleaning_setting WHERE dataset_id = ?',
  );
  const writeSetting = database.prepare(
    `INSERT INTO cleaning_setting (dataset_id, thresholds, complete) VALUES (?, ?, ?)
     ON CONFLICT (dataset_id) DO UPDATE SET thresholds = excluded.thresholds, complete = excluded.complete`,
  );

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
  const excluded = database
    .prepare<[string], string>('SELECT id FROM picture WHERE dataset_id = ? AND exclusion IS NOT NULL')
    .pluck();
  const quarantined = database.prepare<[string], { name: string; reason: string }>(
    'SELECT name, reason FROM quarantine WHERE dataset_id = ? ORDER BY ordinal',
  );

  const insertPoint = database.prepare(
    `INSERT OR REPLACE INTO map_point (picture_id, dataset_id, pca_x, pca_y, umap_x, umap_y, remoteness)
     VALUES (@pictureId, @datasetId, @pcaX, @pcaY, NULL, NULL, @remoteness)`,
  );
  const placePoint = database.prepare('UPDATE map_point SET umap_x = ?, umap_y = ? WHERE picture_id = ?');
  const placed = database.prepare<[string, number, number], PlacedPicture>(
    `SELECT p.id AS pictureId, p.ordinal, p.name, p.label, p.exclusion IS NOT NULL AS excluded,
       (SELECT f.kind FROM finding f WHERE f.picture_id = p.id AND f.state = 'open' LIMIT 1) AS finding, s.location AS source,
       m.pca_x AS pcaX, m.pca_y AS pcaY, m.umap_x AS umapX, m.umap_y AS umapY
     FROM picture p JOIN map_point m ON m.picture_id = p.id
       LEFT JOIN source s ON s.id = p.source_id
     WHERE p.dataset_id = ? AND p.ordinal > ? ORDER BY p.ordinal LIMIT ?`,
  );
  const remoteness = database.prepare<[string], { pictureId: string; remoteness: number }>(
    'SELECT picture_id AS pictureId, remoteness FROM map_point WHERE dataset_id = ?',
  );
  const insertReview = database.prepare(
    `INSERT OR REPLACE INTO label_review (picture_id, dataset_id, given, given_probability, suggested, suggested_probability)
     VALUES (@pictureId, @datasetId, @given, @givenProbability, @suggested, @suggestedProbability)`,
  );
  const labelReviews = database.prepare<[string], LabelReview>(
    `SELECT picture_id AS pictureId, given, given_probability AS givenProbability, suggested,
       suggested_probability AS suggestedProbability
     FROM label_review WHERE dataset_id = ?`,
  );
  const clearReviews = database.prepare('DELETE FROM label_review WHERE dataset_id = ?');

  return {
    /** Pictures that were not measured this way yet, a page at a time, from after an ordinal on. */
    unmeasured: (datasetId: string, revision: number, after: number, limit: number) =>
      unmeasured.all(datasetId, after, revision, limit),
    addMeasures: database.transaction(
      (datasetId: string, revision: number, measures: readonly Measure[]): void => {
        for (const measure of measures) insertMeasure.run({ ...measure, datasetId, revision });
      },
    ),
    /** Measured pictures in the dataset's order, a page at a time, from after an ordinal on. */
    measured: (datasetId: string, after: number, limit: number): MeasuredPicture[] =>
      measured.all(datasetId, after, limit),

    thresholds(datasetId: string): CleaningThresholds {
      const row = setting.get(datasetId);
      return cleaningThresholdsSchema.parse(row ? JSON.parse(row.thresholds) : {});
    },
    isComplete: (datasetId: string): boolean => setting.get(datasetId)?.complete !== 0,
    setThresholds: (datasetId: string, thresholds: CleaningThresholds, complete: boolean): void =>
      void writeSetting.run(datasetId, JSON.stringify(thresholds), complete ? 1 : 0),

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
    quarantined: (datasetId: string) =>
      quarantined
        .all(datasetId)
        .map(({ name, reason }) => ({ name, failure: failureSchema.parse(JSON.parse(reason)) })),

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
    excluded: (datasetId: string): string[] => excluded.all(datasetId),

    addMapPoints: database.transaction((datasetId: string, points: readonly MapPoint[]): void => {
      for (const point of points) insertPoint.run({ ...point, datasetId });
    }),
    placeOnMap: database.transaction(
      (points: readonly { pictureId: string; x: number; y: number }[]): void => {
        for (const { pictureId, x, y } of points) placePoint.run(x, y, pictureId);
      },
    ),
    /** As `measured`. */
    placed: (datasetId: string, after: number, limit: number): PlacedPicture[] =>
      placed.all(datasetId, after, limit),
    remoteness: (datasetId: string) => remoteness.all(datasetId),
    /** Those of an earlier review go. */
    clearLabelReviews: (datasetId: string): void => void clearReviews.run(datasetId),
    addLabelReviews: database.transaction((datasetId: string, reviews: readonly LabelReview[]): void => {
      for (const review of reviews) insertReview.run({ ...review, datasetId });
    }),
    labelReviews: (datasetId: string): LabelReview[] => labelReviews.all(datasetId),

    figures: (datasetId: string): Record<keyof typeof figures, number> => ({
      pictures: figures.pictures.get(datasetId) ?? 0,
      measured: figures.measured.get(datasetId) ?? 0,
      embedded: figures.embedded.get(datasetId) ?? 0,
      mapped: figures.mapped.get(datasetId) ?? 0,
      labelsReviewed: figures.labelsReviewed.get(datasetId) ?? 0,
      excluded: figures.excluded.get(datasetId) ?? 0,
      relabelled: figures.relabelled.get(datasetId) ?? 0,
      denoised: figures.denoised.get(datasetId) ?? 0,
    }),
  };
}
