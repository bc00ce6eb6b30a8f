import type { FindingKind } from '../contract/domain/cleaning.ts';
import type { Database } from './database.ts';

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

/** Queries of what the engine learnt from a set itself. */
export function learntQueries(database: Database) {
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
  };
}
