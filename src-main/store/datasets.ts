import type { Dataset, Picture, PictureSelection, Quarantined } from '../contract/domain/datasets.ts';
import type { FileRights } from '../contract/domain/licences.ts';
import type { Database } from './database.ts';
import { captionValue } from './picture-values.ts';

interface DatasetRow {
  id: string;
  project_id: string;
  name: string;
  importing: number;
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
  caption: string | null;
  source_id: string;
}

/** Everything of a dataset but what has queries of its own: versions, classes, sources and their rights. */
export type DatasetFacts = Omit<
  Dataset,
  'versions' | 'currentVersion' | 'classes' | 'sources' | 'ignored' | 'licence' | 'missing'
>;

export interface NewPicture extends Omit<Picture, 'excluded' | 'sourceId'> {
  ordinal: number;
  originalSha256: string;
  originalIndex: number | null;
  rights: FileRights | null;
  /** Who says so: the picture's own file, or its row. */
  rightsFrom: { [Key in keyof FileRights]?: 'file' | 'row' } | null;
  columns: Readonly<Record<string, unknown>> | null;
}

/** A picture together with where its bytes are. */
export interface StoredPicture extends Omit<Picture, 'excluded' | 'caption'> {
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
  importing: row.importing === 1,
  pictures: row.pictures,
  quarantined: row.quarantined,
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
  caption: row.caption,
  sourceId: row.source_id,
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
  const identity = database.prepare<[string], { name: string; importing: number }>(
    'SELECT name, importing FROM dataset WHERE id = ?',
  );
  const unfinished = database.prepare<[], DatasetRow>(`${select} WHERE d.importing = 1`);
  const insert = database.prepare(
    `INSERT INTO dataset (id, project_id, name, importing, proposal, created_at)
     VALUES (@id, @projectId, @name, 1, @proposal, @createdAt)`,
  );
  const finish = database.prepare('UPDATE dataset SET importing = 0, proposal = ? WHERE id = ?');
  const rename = database.prepare('UPDATE dataset SET name = ? WHERE id = ?');
  const setProposal = database.prepare('UPDATE dataset SET proposal = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM dataset WHERE id = ?');
  const classes = database.prepare<[string], { name: string; pictures: number }>(
    `SELECT label AS name, count(*) AS pictures FROM picture
     WHERE dataset_id = ? AND label IS NOT NULL GROUP BY label`,
  );

  const insertOriginal = database.prepare(
    'INSERT OR IGNORE INTO original (sha256, extension, bytes, created_at) VALUES (?, ?, ?, ?)',
  );
  const insertPicture = database.prepare(
    `INSERT INTO picture (id, dataset_id, source_id, ordinal, name, label, caption, rights, rights_from, columns, may_train,
       original_sha256, original_index, width_px, height_px)
     VALUES (@id, @datasetId, @sourceId, @ordinal, @name, @label, @caption, @rights, @rightsFrom, @columns,
       coalesce(@mayTrain, (SELECT may_train FROM source WHERE id = @sourceId)),
       @originalSha256, @originalIndex, @widthPx, @heightPx)`,
  );
  const insertCompanion = database.prepare(
    'INSERT OR IGNORE INTO companion (dataset_id, source_id, original_sha256, name) VALUES (?, ?, ?, ?)',
  );
  const insertQuarantined = database.prepare(
    'INSERT INTO quarantine (dataset_id, source_id, ordinal, name, reason) VALUES (?, ?, ?, ?, ?)',
  );
  const isOriginal = database.prepare<[string], number>('SELECT 1 FROM original WHERE sha256 = ?').pluck();

  const pagesOf = (selection: PictureSelection, ofLabel: string) => {
    const condition = `dataset_id = ? ${ofLabel} ${selecting[selection]}`;
    return {
      count: database.prepare<string[], number>(`SELECT count(*) FROM picture WHERE ${condition}`).pluck(),
      // The places are found in an index alone; only the rows of the page are read.
      page: database.prepare<(string | number)[], PictureRow>(
        `SELECT id, name, label, ${captionValue} AS caption, source_id, width_px, height_px, exclusion
         FROM picture p WHERE id IN (
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
    SELECT p.id, p.source_id AS sourceId, p.name, p.label, p.width_px AS widthPx, p.height_px AS heightPx,
      p.original_sha256 AS originalSha256, p.original_index AS originalIndex, o.extension, p.repair
    FROM picture p JOIN original o ON o.sha256 = p.original_sha256`;
  const storedOne = database.prepare<[string], StoredPicture>(`${stored} WHERE p.id = ?`);
  const storedAll = database.prepare<[string], StoredPicture>(
    `${stored} JOIN source s ON s.id = p.source_id
     WHERE p.dataset_id = ? AND p.may_train <> 'no' AND s.importing = 0 ORDER BY p.ordinal`,
  );
  const nextOrdinal = database
    .prepare<[string, string], number>(
      `SELECT 1 + max(coalesce((SELECT max(ordinal) FROM picture WHERE dataset_id = ?), -1),
         coalesce((SELECT max(ordinal) FROM quarantine WHERE dataset_id = ?), -1))`,
    )
    .pluck();
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
    /** What is known of it without counting anything. */
    identity(id: string): { name: string; importing: boolean } | null {
      const row = identity.get(id);
      return row ? { name: row.name, importing: row.importing === 1 } : null;
    },
    /** Those whose import was cut off, or is still running. */
    unfinished: (): DatasetFacts[] => unfinished.all().map(toFacts),
    insert(dataset: Omit<DatasetFacts, 'importing' | 'pictures' | 'quarantined'>): void {
      insert.run({
        id: dataset.id,
        projectId: dataset.projectId,
        name: dataset.name,
        proposal: JSON.stringify(dataset.proposal),
        createdAt: dataset.createdAt,
      });
    },
    finish: (id: string, proposal: Dataset['proposal']): void =>
      void finish.run(JSON.stringify(proposal), id),
    rename: (id: string, name: string): void => void rename.run(name, id),
    setProposal: (id: string, proposal: Dataset['proposal']): void =>
      void setProposal.run(JSON.stringify(proposal), id),
    /** The place of the next picture, or of the next file that cannot be read: they are counted together. */
    nextOrdinal: (id: string): number => nextOrdinal.get(id, id) ?? 0,
    /** Labels in no particular order, with how many pictures bear each. */
    classes: (id: string) => classes.all(id),

    /** One batch of an import: all of it or none. */
    addBatch: inTransaction(
      (
        datasetId: string,
        sourceId: string,
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
        for (const { rights, rightsFrom, columns, ...picture } of batch.pictures) {
          insertPicture.run({
            ...picture,
            datasetId,
            sourceId,
            rights: rights && JSON.stringify(rights),
            rightsFrom: rightsFrom && JSON.stringify(rightsFrom),
            columns: columns && JSON.stringify(columns),
            mayTrain: rights?.mayTrain ?? null,
          });
        }
        for (const { sha256, name } of batch.companions ?? []) {
          insertCompanion.run(datasetId, sourceId, sha256, name);
        }
        for (const { ordinal, name, reason } of batch.quarantined) {
          insertQuarantined.run(datasetId, sourceId, ordinal, name, JSON.stringify(reason));
        }
      },
    ),
    /** A dataset whose sources were taken back. */
    remove: (id: string): void => void remove.run(id),
    isOriginal: (sha256: string): boolean => isOriginal.get(sha256) !== undefined,

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
    /** Those that may be trained on, as far as anybody said, of sources that are wholly in; in their order. */
    trainablePictures: (datasetId: string): StoredPicture[] => storedAll.all(datasetId),
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
