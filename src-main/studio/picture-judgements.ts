import { cleaningQueries } from '../store/cleaning.ts';
import type { Database } from '../store/database.ts';
import { sourceQueries } from '../store/sources.ts';
import type { PictureJudgements } from './dataset-versions.ts';

/** What was decided about pictures, for the versions that are made of them. */
export function pictureJudgements(database: Database): PictureJudgements {
  const cleaning = cleaningQueries(database);
  const sources = sourceQueries(database);
  return {
    keptOut: (datasetId) =>
      new Map([
        ...cleaning.excluded(datasetId).map((id) => [id, 'excluded'] as const),
        ...sources.mayNotTrain(datasetId).map((id) => [id, 'may-not-train'] as const),
      ]),
    alike: (datasetId) => cleaning.alike(datasetId),
  };
}
