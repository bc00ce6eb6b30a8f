import type { ColourMode } from '../contract/domain/cleaning.ts';
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

/** Queries of what a review measured. */
export function measureQueries(database: Database) {
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
  };
}
