import type { PictureSelection } from '../contract/domain/datasets.ts';
import {
  pictureFields,
  type FieldFacts,
  type PictureFacts,
  type PictureField,
  type ValueOrigin,
} from '../contract/domain/pictures.ts';
import type { Database } from './database.ts';
import { fieldColumns } from './picture-values.ts';

/** Facts about some pictures of a choice; those of others can be joined to them. */
export type GatheredFacts = Omit<PictureFacts, 'single'>;

const selecting: Readonly<Record<PictureSelection, string>> = {
  all: '',
  kept: 'AND exclusion IS NULL',
  excluded: 'AND exclusion IS NOT NULL',
};

const columns = pictureFields.flatMap((field) => {
  const { value, origin, given, byHand } = fieldColumns[field];
  return [`${value} AS ${field}_value`, `${origin} AS ${field}_origin`, `${given} AS ${field}_given`].concat(
    `${byHand} AS ${field}_by_hand`,
  );
});
const sums = pictureFields.flatMap((field) => [
  ...(['value', 'origin', 'given'] as const).flatMap((part) => [
    `min(${field}_${part}) AS ${field}_${part}_least`,
    `max(${field}_${part}) AS ${field}_${part}_most`,
  ]),
  `coalesce(sum(${field}_by_hand), 0) AS ${field}_by_hand`,
]);

/** Queries of what is known of pictures beside their pixels, and where it is from. */
export function pictureFactQueries(database: Database) {
  const idsOf = (selection: PictureSelection) =>
    database.prepare<
      { id: string; label: string | null; sourceId: string | null; after: number; limit: number },
      { id: string; ordinal: number }
    >(
      `SELECT id, ordinal FROM picture
       WHERE dataset_id = @id AND ordinal > @after AND (@label IS NULL OR label = @label)
         AND (@sourceId IS NULL OR source_id = @sourceId) ${selecting[selection]}
       ORDER BY ordinal LIMIT @limit`,
    );
  const ids = { all: idsOf('all'), kept: idsOf('kept'), excluded: idsOf('excluded') };
  // A list of ids is looked up by the key, which the planner must not pass over for an index of the dataset.
  const gathered = database.prepare<[string, string], Record<string, string | number | null>>(
    `SELECT count(*) AS pictures, coalesce(sum(forbidden), 0) AS forbidden, ${sums.join(', ')} FROM (
       SELECT p.may_train = 'no' AS forbidden, ${columns.join(', ')}
       FROM picture p JOIN source s ON s.id = p.source_id LEFT JOIN label_correction c ON c.picture_id = p.id
       WHERE +p.dataset_id = ? AND p.id IN (SELECT value FROM json_each(?)))`,
  );
  const single = database.prepare<
    [string, string],
    { name: string; widthPx: number; heightPx: number; sourceId: string; columns: string | null }
  >(
    `SELECT name, width_px AS widthPx, height_px AS heightPx, source_id AS sourceId, columns FROM picture
     WHERE +dataset_id = ? AND id = ?`,
  );

  return {
    /** Ids in the dataset's order, a page at a time, from after an ordinal on. */
    ids: (
      id: string,
      {
        label,
        sourceId,
        selection,
      }: {
        label?: string | undefined;
        sourceId?: string | undefined;
        selection: PictureSelection;
      },
      after: number,
      limit: number,
    ) => ids[selection].all({ id, label: label ?? null, sourceId: sourceId ?? null, after, limit }),

    /** Of the named pictures that belong to the dataset. */
    gather(datasetId: string, pictureIds: readonly string[]): GatheredFacts {
      const row = gathered.get(datasetId, JSON.stringify(pictureIds))!;
      const same = (name: string): string | null => {
        const { [`${name}_least`]: least, [`${name}_most`]: most } = row;
        return least === most && typeof least === 'string' ? least : null;
      };
      const factsOf = (field: PictureField): FieldFacts => ({
        value: same(`${field}_value`),
        origin: same(`${field}_origin`) as ValueOrigin | null,
        given: same(`${field}_given`),
        byHand: Number(row[`${field}_by_hand`]),
      });
      return {
        pictures: Number(row['pictures']),
        mayNotTrain: Number(row['forbidden']),
        fields: Object.fromEntries(
          pictureFields.map((field) => [field, factsOf(field)]),
        ) as PictureFacts['fields'],
      };
    },

    single(datasetId: string, pictureId: string): PictureFacts['single'] {
      const row = single.get(datasetId, pictureId);
      if (!row) return null;
      const known = row.columns === null ? {} : (JSON.parse(row.columns) as Record<string, unknown>);
      return { pictureId, ...row, columns: known };
    },
  };
}
