import type { MayTrain, Rights } from '../contract/domain/licences.ts';
import type { ContainerFormat, ImportSource, Source } from '../contract/domain/sources.ts';
import { containerFormatSchema, importSourceSchema } from '../contract/domain/sources.ts';
import type { Database } from './database.ts';
import type { Original } from './datasets.ts';
import { captionValue, rightsValue } from './picture-values.ts';

interface SourceRow {
  id: string;
  dataset_id: string;
  ordinal: number;
  kind: Source['kind'];
  location: string;
  request: string | null;
  container: string | null;
  licence: string;
  author: string;
  url: string;
  date: string;
  may_train: MayTrain;
  rights_from: Source['rightsFrom'];
  importing: number;
  watched: number;
  ignored: number;
  added_at: number;
  pictures: number;
  quarantined: number;
}

export interface NewSource extends Omit<Source, 'importing' | 'pictures' | 'quarantined' | 'watched'> {
  request: ImportSource | null;
  container: ContainerFormat | null;
}

/** How many pictures of a dataset, or of a version, share their terms. */
export interface RightsCount {
  licence: string;
  author: string;
  mayTrain: MayTrain;
  pictures: number;
}

const toSource = (row: SourceRow): Source => ({
  id: row.id,
  datasetId: row.dataset_id,
  ordinal: row.ordinal,
  kind: row.kind,
  location: row.location,
  rights: { licence: row.licence, author: row.author, url: row.url, date: row.date, mayTrain: row.may_train },
  rightsFrom: row.rights_from,
  importing: row.importing === 1,
  watched: row.watched === 1,
  pictures: row.pictures,
  quarantined: row.quarantined,
  ignored: row.ignored,
  addedAt: row.added_at,
});

const rightsColumns = `
  ${rightsValue('licence')} AS licence, ${rightsValue('author')} AS author, ${rightsValue('mayTrain')} AS mayTrain`;

/** Pictures that may say of themselves what their source does not: in the words of the indices that count them. */
const ownRights = '(p.rights IS NOT NULL OR p.edits IS NOT NULL)';
const ownCaption = '(p.caption IS NOT NULL OR p.edits IS NOT NULL)';

/** Queries of the sources that datasets are put together from. */
export function sourceQueries(database: Database) {
  const select = `
    SELECT s.*,
      (SELECT count(*) FROM picture p WHERE p.source_id = s.id) AS pictures,
      (SELECT count(*) FROM quarantine q WHERE q.source_id = s.id) AS quarantined
    FROM source s`;
  const ofDataset = database.prepare<[string], SourceRow>(
    `${select} WHERE s.dataset_id = ? ORDER BY s.ordinal`,
  );
  const one = database.prepare<[string], SourceRow>(`${select} WHERE s.id = ?`);
  const unfinished = database.prepare<[], SourceRow>(`${select} WHERE s.importing = 1`);
  const insert = database.prepare(
    `INSERT INTO source (id, dataset_id, ordinal, kind, location, request, container, licence, author, url, date,
       may_train, rights_from, importing, ignored, added_at)
     VALUES (@id, @datasetId, @ordinal, @kind, @location, @request, @container, @licence, @author, @url, @date,
       @mayTrain, @rightsFrom, 1, @ignored, @addedAt)`,
  );
  const lastOrdinal = database
    .prepare<[string], number | null>('SELECT max(ordinal) FROM source WHERE dataset_id = ?')
    .pluck();
  const finish = database.prepare('UPDATE source SET importing = 0, ignored = ? WHERE id = ?');
  const setRights = database.prepare(
    `UPDATE source SET licence = @licence, author = @author, url = @url, date = @date, may_train = @mayTrain,
       rights_from = 'person' WHERE id = @id`,
  );
  const inheritMayTrain = database.prepare(
    `UPDATE picture SET may_train = @mayTrain WHERE source_id = @id AND may_train <> @mayTrain
       AND json_extract(edits, '$.mayTrain') IS NULL AND json_extract(rights, '$.mayTrain') IS NULL`,
  );
  const setWatched = database.prepare('UPDATE source SET watched = ? WHERE id = ?');
  const watched = database.prepare<[], SourceRow>(`${select} WHERE s.watched = 1 AND s.importing = 0`);
  const request = database
    .prepare<[string], string | null>('SELECT request FROM source WHERE id = ?')
    .pluck();
  const container = database
    .prepare<[string], string | null>('SELECT container FROM source WHERE id = ?')
    .pluck();
  const names = database
    .prepare<[string, string], string>(
      'SELECT name FROM picture WHERE source_id = ? UNION ALL SELECT name FROM quarantine WHERE source_id = ?',
    )
    .pluck();
  const forbidden = database
    .prepare<[string], string>("SELECT id FROM picture WHERE dataset_id = ? AND may_train = 'no'")
    .pluck();
  // By place: the names are those of columns of a source, too.
  const grouped = 'GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2';
  // A picture without rights of its own is under those of its source: such are counted, not read.
  const rightsOfDataset = database.prepare<[string, string], RightsCount>(
    `SELECT licence, author, mayTrain, sum(pictures) AS pictures FROM (
       SELECT s.licence, s.author, s.may_train AS mayTrain,
         (SELECT count(*) FROM picture p WHERE p.source_id = s.id)
           - (SELECT count(*) FROM picture p WHERE p.source_id = s.id AND ${ownRights}) AS pictures
       FROM source s WHERE s.dataset_id = ? AND s.importing = 0
       UNION ALL
       SELECT ${rightsColumns}, 1 FROM source s JOIN picture p ON p.source_id = s.id AND ${ownRights}
       WHERE s.dataset_id = ? AND s.importing = 0)
     WHERE pictures > 0 ${grouped}`,
  );
  // A picture may stand at several places of a version, and as another picture's input too.
  const rightsOfVersion = database.prepare<[string, number, string, number], RightsCount>(
    `SELECT ${rightsColumns}, count(*) AS pictures FROM picture p JOIN source s ON s.id = p.source_id
     WHERE p.id IN (
       SELECT picture_id FROM version_picture WHERE dataset_id = ? AND version = ?
       UNION SELECT input_picture_id FROM version_picture
         WHERE dataset_id = ? AND version = ? AND input_picture_id IS NOT NULL)
     ${grouped}`,
  );
  const rightsOfPicture = database.prepare<[string], Omit<RightsCount, 'pictures'>>(
    `SELECT ${rightsColumns} FROM picture p JOIN source s ON s.id = p.source_id WHERE p.id = ?`,
  );
  const countOf = (condition: string) =>
    `(SELECT count(*) FROM picture p WHERE p.source_id = s.id ${condition})`;
  const missing = database.prepare<[string], { label: number; caption: number; licence: number }>(
    `SELECT coalesce(sum(${countOf('AND p.label IS NULL')}), 0) AS label,
       coalesce(sum(${countOf('')} - ${countOf(`AND ${ownCaption} AND ${captionValue} IS NOT NULL`)}), 0) AS caption,
       coalesce(sum(CASE s.licence WHEN '' THEN ${countOf('')} - ${countOf(`AND ${ownRights}`)} ELSE 0 END
         + ${countOf(`AND ${ownRights} AND ${rightsValue('licence')} = ''`)}), 0) AS licence
     FROM source s WHERE s.dataset_id = ? AND s.importing = 0`,
  );

  const originalsOf = database.prepare<[string, string], { sha256: string }>(
    `SELECT original_sha256 AS sha256 FROM picture WHERE source_id = ?
     UNION SELECT original_sha256 FROM companion WHERE source_id = ?`,
  );
  const inheritAgain = database.prepare(
    `UPDATE picture SET may_train = coalesce(json_extract(edits, '$.mayTrain'), json_extract(rights, '$.mayTrain'),
       (SELECT may_train FROM source WHERE id = @to))
     WHERE source_id = @from
       AND (SELECT may_train FROM source WHERE id = @from) <> (SELECT may_train FROM source WHERE id = @to)`,
  );
  const move = ['picture', 'quarantine', 'companion'].map((table) =>
    database.prepare(`UPDATE ${table} SET source_id = ? WHERE source_id = ?`),
  );
  const removePictures = database.prepare('DELETE FROM picture WHERE source_id = ?');
  const removeQuarantined = database.prepare('DELETE FROM quarantine WHERE source_id = ?');
  const removeCompanions = database.prepare('DELETE FROM companion WHERE source_id = ?');
  const removeSource = database.prepare('DELETE FROM source WHERE id = ?');
  const removeUnused = database.prepare<[string], Original>(
    `DELETE FROM original WHERE sha256 = ?
       AND NOT EXISTS (SELECT 1 FROM picture WHERE original_sha256 = original.sha256)
       AND NOT EXISTS (SELECT 1 FROM companion WHERE original_sha256 = original.sha256)
     RETURNING sha256, extension, bytes`,
  );

  return {
    /** In the order in which they were added. */
    list: (datasetId: string): Source[] => ofDataset.all(datasetId).map(toSource),
    get(id: string): Source | null {
      const row = one.get(id);
      return row ? toSource(row) : null;
    },
    /** Those whose import was cut off, or is still running. */
    unfinished: (): Source[] => unfinished.all().map(toSource),
    watched: (): Source[] => watched.all().map(toSource),
    nextOrdinal: (datasetId: string): number => (lastOrdinal.get(datasetId) ?? 0) + 1,
    insert({ rights, request: asked, container: format, ...source }: NewSource): void {
      insert.run({
        ...source,
        ...rights,
        request: asked === null ? null : JSON.stringify(asked),
        container: format === null ? null : JSON.stringify(format),
      });
    },
    /** What was asked for when it was added; null where that was not kept. */
    request(id: string): ImportSource | null {
      const text = request.get(id);
      return text ? (importSourceSchema.safeParse(JSON.parse(text)).data ?? null) : null;
    },
    container(id: string): ContainerFormat | null {
      const text = container.get(id);
      return text ? containerFormatSchema.parse(JSON.parse(text)) : null;
    },
    finish: (id: string, ignored: number): void => void finish.run(ignored, id),
    /** Every picture that says nothing of its own follows. */
    setRights: database.transaction((id: string, rights: Rights): void => {
      setRights.run({ id, ...rights });
      inheritMayTrain.run({ id, mayTrain: rights.mayTrain });
    }),
    setWatched: (id: string, isWatched: boolean): void => void setWatched.run(isWatched ? 1 : 0, id),
    /** Names of its pictures and of what was put aside. */
    names: (id: string): IterableIterator<string> => names.iterate(id, id),
    /** Pictures that must not enter a version, as somebody says that they may not be trained on. */
    mayNotTrain: (datasetId: string): string[] => forbidden.all(datasetId),
    /** How many pictures are under which terms; of a version, those that it is made of. */
    rightsCounts: (datasetId: string, version?: number): RightsCount[] =>
      version === undefined
        ? rightsOfDataset.all(datasetId, datasetId)
        : rightsOfVersion.all(datasetId, version, datasetId, version),
    /** The terms of one picture, those of its source among them; null where there is none of that id. */
    rightsOfPicture: (pictureId: string) => rightsOfPicture.get(pictureId) ?? null,
    missing: (datasetId: string) => missing.get(datasetId)!,
    /** What a source brought becomes another's, as when new files of its folder are in; that one's rights hold then. */
    mergeInto: database.transaction((id: string, targetId: string): void => {
      inheritAgain.run({ from: id, to: targetId });
      for (const statement of move) statement.run(targetId, id);
      removeSource.run(id);
    }),
    /**
     * Takes back all that a source brought.
     *
     * @param keep originals that another import is about to refer to
     * @returns the originals that nothing refers to any more; their files are the caller's to remove
     */
    remove: database.transaction((id: string, keep: (sha256: string) => boolean): Original[] => {
      const candidates = originalsOf.all(id, id);
      removePictures.run(id);
      removeQuarantined.run(id);
      removeCompanions.run(id);
      removeSource.run(id);
      return candidates.flatMap(({ sha256 }) => (keep(sha256) ? [] : removeUnused.all(sha256)));
    }),
  };
}
