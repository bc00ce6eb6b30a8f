import type { CleaningThresholds } from '../contract/domain/cleaning.ts';
import { cleaningThresholdsSchema } from '../contract/domain/cleaning.ts';
import { failureSchema } from '../contract/errors.ts';
import type { Database } from './database.ts';
import { findingQueries } from './findings.ts';
import { learntQueries } from './learnt.ts';
import { measureQueries } from './measures.ts';

/** Queries of what a review measured, learnt and found. */
export function cleaningQueries(database: Database) {
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
    relabelled: counting(
      'label_correction c CROSS JOIN picture p ON p.id = c.picture_id WHERE p.dataset_id = ?',
    ),
  };

  const setting = database.prepare<[string], { thresholds: string; complete: number }>(
    'SELECT thresholds, complete FROM cleaning_setting WHERE dataset_id = ?',
  );
  const writeSetting = database.prepare(
    `INSERT INTO cleaning_setting (dataset_id, thresholds, complete) VALUES (?, ?, ?)
     ON CONFLICT (dataset_id) DO UPDATE SET thresholds = excluded.thresholds, complete = excluded.complete`,
  );

  const excluded = database
    .prepare<[string], string>('SELECT id FROM picture WHERE dataset_id = ? AND exclusion IS NOT NULL')
    .pluck();
  const quarantined = database.prepare<[string], { name: string; reason: string }>(
    'SELECT name, reason FROM quarantine WHERE dataset_id = ? ORDER BY ordinal',
  );

  return {
    ...measureQueries(database),
    ...findingQueries(database),
    ...learntQueries(database),

    thresholds(datasetId: string): CleaningThresholds {
      const row = setting.get(datasetId);
      return cleaningThresholdsSchema.parse(row ? JSON.parse(row.thresholds) : {});
    },
    isComplete: (datasetId: string): boolean => setting.get(datasetId)?.complete !== 0,
    setThresholds: (datasetId: string, thresholds: CleaningThresholds, complete: boolean): void =>
      void writeSetting.run(datasetId, JSON.stringify(thresholds), complete ? 1 : 0),

    quarantined: (datasetId: string) =>
      quarantined
        .all(datasetId)
        .map(({ name, reason }) => ({ name, failure: failureSchema.parse(JSON.parse(reason)) })),

    excluded: (datasetId: string): string[] => excluded.all(datasetId),

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
