import { cleaningQueries } from '../store/cleaning.ts';
import type { Database } from '../store/database.ts';
import type { PictureJudgements } from './dataset-versions.ts';

/** What was decided about pictures, for the versions that are made of them. */
export function pictureJudgements(database: Database): PictureJudgements {
  const cleaning = cleaningQueries(database);
  return {
    keptOut: (datasetId) => new Map(cleaning.excluded(datasetId).map((id) => [id, 'excluded'])),
    alike: (datasetId) => cleaning.alike(datasetId),
  };
}
