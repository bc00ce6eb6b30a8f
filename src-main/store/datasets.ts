import type {
  Dataset,
  Licence,
  Picture,
  PictureSelection,
  Quarantined,
} from '../contract/domain/datasets.ts';
import type { Database } from './database.ts';

interface DatasetRow {
  id: string;
  project_id: string;
  name: string;
  source_kind: Dataset['source']['kind'];
  source_location: string;
  licence_name: string;
  licence_attribution: string;
  importing: number;
  ignored: number;
  proposal: string;
  created_at: number;
  pictures: number;
  quarantined: number;
}

interface PictureRow {
  id: string;
  name: string;
  label: string | null;
  width_px: number;
  height_px: number;
  exclusion: string | null;
}

/** Everything of a dataset but its versions and classes, which have queries of their own. */
export type DatasetFacts = Omit<Dataset, 'versions' | 'currentVersion' | 'classes'>;

export interface NewPicture extends Omit<Picture, 'excluded'> {
  ordinal: number;
  originalSha256: string;
  originalIndex: number | null;
}

/** A picture together with where its bytes are. */
export interface StoredPicture extends Omit<Picture, 'excluded'> {
  originalSha256: string;
  /** Which picture of a container; null where the original is the picture. */
  originalIndex: number | null;
  extension: string;
  /** What is done to it before it enters a version; null for nothing. */
  repair: 'median' | null;
}

export interface Original {
  sha256: string;
  extension: string;
  bytes: number;
}

const toFacts = (row: DatasetRow): DatasetFacts => ({
  id: row.id,
  projectId: row.project_id,
  name: row.name,
  source: { kind: row.source_kind, location: row.source_location },
  licence: { name: row.licence_name, attribution: row.licence_attribution },
  importing: row.importing === 1,
  pictures: row.pictures,
  quarantined: row.quarantined,
  ignored: row.ignored,
  proposal: JSON.parse(row.proposal) as Dataset['proposal'],
  createdAt: row.created_at,
});

const toPicture = (row: PictureRow): Picture => ({
  id: row.id,
  name: row.name,
  label: row.label,
  widthPx: row.width_px,
  heightPx: row.height_px,
  excluded: row.exclusion !== null,
});

/** Conditions that the indices of the table answer. */
const selecting: Readonly<Record<PictureSelection, string>> = {
  all: '',
  kept: 'AND exclusion IS NULL',
  excluded: 'AND exclusion IS NOT NULL',
};

/** Queries of datasets, their pictures and originals. */
export function datasetQueries(database: Database) {
  const select = `
    SELECT d.*,
      (SELECT count(*) FROM picture p WHERE p.dataset_id = d.id) AS pictures,
      (SELECT count(*) FROM quarantine q WHERE q.dataset_id = d.id) AS quarantined
    FROM dataset d JOIN project ON project.id = d.project_id`;
  const order = 'ORDER BY d.created_at DESC, d.rowid DESC';
  const all = database.prepare<[], DatasetRow>(`${select} WHERE project.trashed_at IS NULL ${order}`);
  const ofProject = database.prepare<[string], DatasetRow>(`${select} WHERE d.project_id = ? ${order}`);
  const one = database.prepare<[string], DatasetRow>(`${select} WHERE d.id = ?`);
  const unfinished = database.prepare<[], DatasetRow>(`${select} WHERE d.importing = 1`);
  const insert = database.prepare(
    `INSERT INTO dataset (id, project_id, name, source_kind, source_location, licence_name,
       licence_attribution, importing, ignored, proposal, created_at)
     VALUES (@id, @projectId, @name, @sourceKind, @sourceLocation, @licenceName, @licenceAttribution, 1,
       @ignored, @proposal, @createdAt)`,
  );
  const finish = database.prepare('UPDATE dataset SET importing = 0, proposal = ? WHERE id = ?');
  const rename = database.prepare('UPDATE dataset SET name = ? WHERE id = ?');
  const setLicence = database.prepare(
    'UPDATE dataset SET licence_name = ?, licence_attribution = ? WHERE id = ?',
  );
  const remove = database.prepare('DELETE FROM dataset WHERE id = ?');
  const classes = database.prepare<[string], { name: string; pictures: number }>(
    `SELECT label AS name, count(*) AS pictures FROM picture
     WHERE dataset_id = ? AND label IS NOT NULL GROUP BY label`,
  );

  const insertOriginal = database.prepare(
    'INSERT OR IGNORE INTO original (sha256, extension, bytes, created_at) VALUES (?, ?, ?, ?)',
  );
  const insertPicture = database.prepare(
    `INSERT INTO picture (id, dataset_id, ordinal, name, label, original_sha256, original_index, width_px,
       height_px)
     VALUES (@id, @datasetId, @ordinal, @name, @label, @originalSha256, @originalIndex, @widthPx, @heightPx)`,
  );
  const insertCompanion = database.prepare(
    'INSERT OR IGNORE INTO companion (dataset_id, original_sha256, name) VALUES (?, ?, ?)',
  );
  const insertQuarantined = database.prepare(
    'INSERT INTO quarantine (dataset_id, ordinal, name, reason) VALUES (?, ?, ?, ?)',
  );
  const originalsOf = database.prepare<[string, string], { sha256: string }>(
    `SELECT original_sha256 AS sha256 FROM picture WHERE dataset_id = ?
     UNION SELECT original_sha256 FROM companion WHERE dataset_id = ?`,
  );
  const allOriginals = database.prepare<[], Original>('SELECT sha256, extension, bytes FROM original');
  const removeUnused = database.prepare<[string], Original>(
    `DELETE FROM original WHERE sha256 = ?
       AND NOT EXISTS (SELECT 1 FROM picture WHERE original_sha256 = original.sha256)
       AND NOT EXISTS (SELECT 1 FROM companion WHERE original_sha256 = original.sha256)
     RETURNING sha256, extension, bytes`,
  );

  const pagesOf = (selection: PictureSelection, ofLabel: string) => {
    const condition = `dataset_id = ? ${ofLabel} ${selecting[selection]}`;
    return {
      count: database.prepare<string[], number>(`SELECT count(*) FROM picture WHERE ${condition}`).pluck(),
      // The places are found in an index alone; only the rows of the page are read.
      page: database.prepare<(string | number)[], PictureRow>(
        `SELECT id, name, label, width_px, height_px, exclusion FROM picture WHERE id IN (
           SELECT id FROM picture WHERE ${condition} ORDER BY ordinal LIMIT ? OFFSET ?)
         ORDER BY ordinal`,
      ),
    };
  };
  const pages = new Map(
    (['all', 'kept', 'excluded'] as const).flatMap((selection) => [
      [selection as string, pagesOf(selection, '')] as const,
      [`${selection} of label`, pagesOf(selection, 'AND label = ?')] as const,
    ]),
  );
  const stored = `
    SELECT p.id, p.name, p.label, p.width_px AS widthPx, p.height_px AS heightPx,
      p.original_sha256 AS originalSha256, p.original_index AS originalIndex, o.extension, p.repair
    FROM picture p JOIN original o ON o.sha256 = p.original_sha256`;
  const storedOne = database.prepare<[string], StoredPicture>(`${stored} WHERE p.id = ?`);
  const storedAll = database.prepare<[string], StoredPicture>(
    `${stored} WHERE p.dataset_id = ? ORDER BY p.ordinal`,
  );
  const quarantineCount = database.prepare<[string], { n: number }>(
    'SELECT count(*) AS n FROM quarantine WHERE dataset_id = ?',
  );
  const quarantinePage = database.prepare<[string, number, number], { name: string; reason: string }>(
    'SELECT name, reason FROM quarantine WHERE dataset_id = ? ORDER BY ordinal LIMIT ? OFFSET ?',
  );

  const inTransaction = <Arguments extends unknown[], Result>(work: (...of: Arguments) => Result) =>
    database.transaction(work);

  return {
    list: (projectId?: string): DatasetFacts[] =>
      (projectId === undefined ? all.all() : ofProject.all(projectId)).map(toFacts),
    get(id: string): DatasetFacts | null {
      const row = one.get(id);
      return row ? toFacts(row) : null;
    },
    /** Those whose import was cut off, or is still running. */
    unfinished: (): DatasetFacts[] => unfinished.all().map(toFacts),
    insert(dataset: Omit<DatasetFacts, 'importing' | 'pictures' | 'quarantined'>): void {
      insert.run({
        id: dataset.id,
        projectId: dataset.projectId,
        name: dataset.name,
        sourceKind: dataset.source.kind,
        sourceLocation: dataset.source.location,
        licenceName: dataset.licence.name,
        licenceAttribution: dataset.licence.attribution,
        ignored: dataset.ignored,
        proposal: JSON.stringify(dataset.proposal),
        createdAt: dataset.createdAt,
      });
    },
    finish: (id: string, proposal: Dataset['proposal']): void =>
      void finish.run(JSON.stringify(proposal), id),
    rename: (id: string, name: string): void => void rename.run(name, id),
    setLicence: (id: string, { name, attribution }: Licence): void =>
      void setLicence.run(name, attribution, id),
    /** Labels in no particular order, with how many pictures bear each. */
    classes: (id: string) => classes.all(id),

    /** One batch of an import: all of it or none. */
    addBatch: inTransaction(
      (
        datasetId: string,
        batch: {
          originals: readonly Original[];
          pictures: readonly NewPicture[];
          quarantined: readonly (Quarantined & { ordinal: number })[];
          companions?: readonly { sha256: string; name: string }[];
          createdAt: number;
        },
      ): void => {
        for (const { sha256, extension, bytes } of batch.originals) {
          insertOriginal.run(sha256, extension, bytes, batch.createdAt);
        }
        for (const picture of batch.pictures) insertPicture.run({ ...picture, datasetId });
        for (const { sha256, name } of batch.companions ?? []) insertCompanion.run(datasetId, sha256, name);
        for (const { ordinal, name, reason } of batch.quarantined) {
          insertQuarantined.run(datasetId, ordinal, name, JSON.stringify(reason));
        }
      },
    ),
    /**
     * Takes an unfinished import out of the store.
     *
     * @param keep originals that another import is about to refer to
     * @returns the originals that nothing refers to any more; their files are the caller's to remove
     */
    removeUnfinished: inTransaction((datasetId: string, keep: (sha256: string) => boolean): Original[] => {
      const candidates = originalsOf.all(datasetId, datasetId);
      remove.run(datasetId);
      return candidates.flatMap(({ sha256 }) => (keep(sha256) ? [] : removeUnused.all(sha256)));
    }),
    originals: (): Original[] => allOriginals.all(),

    pictures(
      id: string,
      offset: number,
      limit: number,
      label: string | null,
      selection: PictureSelection = 'all',
    ): { total: number; items: Picture[] } {
      const { count, page } = pages.get(label === null ? selection : `${selection} of label`)!;
      const of = label === null ? [id] : [id, label];
      return { total: count.get(...of) ?? 0, items: page.all(...of, limit, offset).map(toPicture) };
    },
    picture: (pictureId: string): StoredPicture | null => storedOne.get(pictureId) ?? null,
    allPictures: (datasetId: string): StoredPicture[] => storedAll.all(datasetId),
    quarantined(id: string, offset: number, limit: number): { total: number; items: Quarantined[] } {
      const items = quarantinePage.all(id, limit, offset);
      return {
        total: quarantineCount.get(id)!.n,
        items: items.map(({ name, reason }) => ({
          name,
          reason: JSON.parse(reason) as Quarantined['reason'],
        })),
      };
    },
  };
}
