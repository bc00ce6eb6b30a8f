import type { DatasetVersion } from '../contract/domain/datasets.ts';
import type { FocusPoint, RecipeInput, VersionStatistics } from '../contract/domain/recipes.ts';
import { recipeSchema, recipeText } from '../contract/domain/recipes.ts';
import type { Database } from './database.ts';

interface VersionRow {
  dataset_id: string;
  version: number;
  recipe: string;
  images: number;
  held_out: number;
  paired: number;
  classes: string;
  bytes: number;
  hash: string;
  inputs_hash: string | null;
  statistics: string | null;
  created_at: number;
}

/** Which picture stands at a place of a version. */
export interface VersionPicture {
  position: number;
  pictureId: string;
  name: string;
  /** Of a pair made of two files. */
  inputPictureId: string | null;
}

const toVersion = (row: VersionRow): DatasetVersion => ({
  ...recipeSchema.parse(JSON.parse(row.recipe)),
  datasetId: row.dataset_id,
  version: row.version,
  images: row.images,
  heldOutImages: row.held_out,
  paired: row.paired === 1,
  classes: JSON.parse(row.classes) as DatasetVersion['classes'],
  bytes: row.bytes,
  hash: row.hash,
  statistics: row.statistics === null ? null : (JSON.parse(row.statistics) as VersionStatistics),
  createdAt: row.created_at,
});

/** Queries of dataset versions, which of them is current, and the focus points they are cropped by. */
export function versionQueries(database: Database) {
  const all = database.prepare<[string], VersionRow>(
    'SELECT * FROM dataset_version WHERE dataset_id = ? ORDER BY version',
  );
  const one = database.prepare<[string, number], VersionRow>(
    'SELECT * FROM dataset_version WHERE dataset_id = ? AND version = ?',
  );
  const sameRecipe = database.prepare<[string, string], VersionRow>(
    'SELECT * FROM dataset_version WHERE dataset_id = ? AND recipe = ? ORDER BY version',
  );
  const insert = database.prepare(
    `INSERT INTO dataset_version (dataset_id, version, recipe, images, held_out, paired, classes, bytes, hash,
       inputs_hash, statistics, created_at)
     VALUES (@datasetId, @version, @recipe, @images, @heldOut, @paired, @classes, @bytes, @hash, @inputsHash,
       @statistics, @createdAt)`,
  );
  const insertPicture = database.prepare(
    `INSERT INTO version_picture (dataset_id, version, position, picture_id, input_picture_id)
     VALUES (?, ?, ?, ?, ?)`,
  );
  const setStatistics = database.prepare(
    'UPDATE dataset_version SET statistics = ? WHERE dataset_id = ? AND version = ?',
  );
  const pictures = database.prepare<[string, number], VersionPicture>(
    `SELECT v.position, v.picture_id AS pictureId, p.name, v.input_picture_id AS inputPictureId
     FROM version_picture v JOIN picture p ON p.id = v.picture_id
     WHERE v.dataset_id = ? AND v.version = ? ORDER BY v.position`,
  );
  const pictureAt = database.prepare<[string, number, number], VersionPicture>(
    `SELECT v.position, v.picture_id AS pictureId, p.name, v.input_picture_id AS inputPictureId
     FROM version_picture v JOIN picture p ON p.id = v.picture_id
     WHERE v.dataset_id = ? AND v.version = ? AND v.position = ?`,
  );
  const focusPoint = database.prepare<[string], FocusPoint>(
    'SELECT x, y FROM focus_point WHERE picture_id = ?',
  );
  const choice = database
    .prepare<[string], number>('SELECT version FROM version_choice WHERE dataset_id = ?')
    .pluck();
  const choose = database.prepare(
    `INSERT INTO version_choice (dataset_id, version, chosen_at) VALUES (?, ?, ?)
     ON CONFLICT (dataset_id) DO UPDATE SET version = excluded.version, chosen_at = excluded.chosen_at`,
  );
  const unchoose = database.prepare('DELETE FROM version_choice WHERE dataset_id = ?');
  const focusPoints = database.prepare<[string], FocusPoint & { pictureId: string }>(
    `SELECT f.picture_id AS pictureId, f.x, f.y FROM focus_point f
     JOIN picture p ON p.id = f.picture_id WHERE p.dataset_id = ? ORDER BY p.ordinal`,
  );
  const setFocus = database.prepare(
    `INSERT INTO focus_point (picture_id, x, y, created_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (picture_id) DO UPDATE SET x = excluded.x, y = excluded.y, created_at = excluded.created_at`,
  );
  const removeFocus = database.prepare('DELETE FROM focus_point WHERE picture_id = ?');

  return {
    /** In the order in which they were made. */
    versions: (datasetId: string): DatasetVersion[] => all.all(datasetId).map(toVersion),
    version(datasetId: string, number: number): DatasetVersion | null {
      const row = one.get(datasetId, number);
      return row ? toVersion(row) : null;
    },
    /** Versions of one recipe; the inputs hash of those from before it was kept is null. */
    versionsOfRecipe: (
      datasetId: string,
      recipe: RecipeInput,
    ): { version: DatasetVersion; inputsHash: string | null }[] =>
      sameRecipe
        .all(datasetId, recipeText(recipe))
        .map((row) => ({ version: toVersion(row), inputsHash: row.inputs_hash })),
    /** The version and which pictures stand at each of its places; it becomes the current one. */
    insert: database.transaction(
      (
        made: DatasetVersion,
        inputsHash: string,
        places: readonly { pictureId: string; inputPictureId: string | null }[],
      ): void => {
        insert.run({
          datasetId: made.datasetId,
          version: made.version,
          recipe: recipeText(made),
          images: made.images,
          heldOut: made.heldOutImages,
          paired: made.paired ? 1 : 0,
          classes: JSON.stringify(made.classes),
          bytes: made.bytes,
          hash: made.hash,
          inputsHash,
          statistics: made.statistics && JSON.stringify(made.statistics),
          createdAt: made.createdAt,
        });
        places.forEach(({ pictureId, inputPictureId }, position) =>
          insertPicture.run(made.datasetId, made.version, position, pictureId, inputPictureId),
        );
        unchoose.run(made.datasetId);
      },
    ),
    setStatistics: (datasetId: string, version: number, statistics: VersionStatistics): void =>
      void setStatistics.run(JSON.stringify(statistics), datasetId, version),
    /** In the order of their places. */
    pictures: (datasetId: string, version: number): VersionPicture[] => pictures.all(datasetId, version),

    pictureAt: (datasetId: string, version: number, position: number): VersionPicture | null =>
      pictureAt.get(datasetId, version, position) ?? null,

    /** The version that was gone back to; null where the newest is the current one. */
    chosen: (datasetId: string): number | null => choice.get(datasetId) ?? null,
    /** Null makes the newest the current one again. */
    choose(datasetId: string, version: number | null): void {
      if (version === null) unchoose.run(datasetId);
      else choose.run(datasetId, version, Date.now());
    },

    focusPoint: (pictureId: string): FocusPoint | null => focusPoint.get(pictureId) ?? null,
    focusPoints: (datasetId: string) => focusPoints.all(datasetId),
    /** Null takes the point away again. */
    setFocus(pictureId: string, focus: FocusPoint | null): void {
      if (focus === null) removeFocus.run(pictureId);
      else setFocus.run(pictureId, focus.x, focus.y, Date.now());
    },
  };
}
