import type { Export } from '../contract/domain/exports.ts';
import type { GalleryFilter, Image, Provenance } from '../contract/domain/images.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import type { Database } from './database.ts';

interface ImageRow {
  id: string;
  sha256: string;
  run_id: string;
  checkpoint_step: number;
  seed: number;
  label: string;
  sampling: string;
  input_sha256: string;
  mask_sha256: string;
  width_px: number;
  height_px: number;
  bytes: number;
  starred: number;
  trashed_at: number | null;
  created_at: number;
}

const toImage = (row: ImageRow): Image => ({
  id: row.id,
  sha256: row.sha256,
  runId: row.run_id,
  checkpointStep: row.checkpoint_step,
  seed: row.seed,
  ...(row.label === '' ? {} : { label: row.label }),
  ...(row.sampling === '' ? {} : { sampling: JSON.parse(row.sampling) as Settings }),
  ...(row.input_sha256 === ''
    ? {}
    : {
        repair: {
          inputSha256: row.input_sha256,
          ...(row.mask_sha256 === '' ? {} : { maskSha256: row.mask_sha256 }),
        },
      }),
  widthPx: row.width_px,
  heightPx: row.height_px,
  bytes: row.bytes,
  starred: row.starred === 1,
  trashedAt: row.trashed_at,
  createdAt: row.created_at,
});

/** One text for the same choices, in whatever order they come; empty for none. */
function samplingText(sampling: Readonly<Settings> = {}): string {
  const entries = Object.entries(sampling).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '' : JSON.stringify(Object.fromEntries(entries));
}

/** Queries of the generated images. */
export function imageQueries(database: Database) {
  const plain = `i.id, i.sha256, i.run_id, i.checkpoint_step, i.seed, i.label, i.sampling, i.input_sha256,
    i.mask_sha256, i.width_px, i.height_px, i.bytes, i.starred, i.trashed_at, i.created_at`;
  const insert = database.prepare(
    `INSERT INTO image (id, ordinal, sha256, run_id, checkpoint_step, seed, label, sampling, input_sha256,
       mask_sha256, width_px, height_px, bytes, provenance, created_at)
     VALUES (@id, (SELECT coalesce(max(ordinal), 0) + 1 FROM image), @sha256, @runId, @checkpointStep, @seed,
       @label, @sampling, @inputSha256, @maskSha256, @widthPx, @heightPx, @bytes, @provenance, @createdAt)`,
  );
  const bySeed = database.prepare<[string, number, number, string, string, string, string], ImageRow>(
    `SELECT ${plain} FROM image i
     WHERE i.run_id = ? AND i.checkpoint_step = ? AND i.seed = ? AND i.label = ? AND i.sampling = ?
       AND i.input_sha256 = ? AND i.mask_sha256 = ?`,
  );
  const replace = database.prepare(
    `UPDATE image SET sha256 = @sha256, bytes = @bytes, provenance = @provenance, trashed_at = NULL
     WHERE id = @id`,
  );
  const one = database.prepare<[string], ImageRow & { provenance: string }>(
    'SELECT * FROM image WHERE id = ?',
  );
  const star = database.prepare('UPDATE image SET starred = ? WHERE id = ?');
  const trash = database.prepare('UPDATE image SET trashed_at = ? WHERE id = ?');
  const count = database.prepare<[], { n: number }>(
    'SELECT count(*) AS n FROM image WHERE trashed_at IS NULL',
  );

  const isInput = database
    .prepare<[string, string], number>(
      `SELECT 1 FROM image WHERE input_sha256 = ? AND input_sha256 <> ''
       UNION ALL SELECT 1 FROM image WHERE mask_sha256 = ? AND mask_sha256 <> '' LIMIT 1`,
    )
    .pluck();

  const where = (filter: GalleryFilter) => {
    const conditions = [filter.trashed ? 'i.trashed_at IS NOT NULL' : 'i.trashed_at IS NULL'];
    const values: (string | number)[] = [];
    if (filter.runId !== undefined) {
      conditions.push('i.run_id = ?');
      values.push(filter.runId);
    }
    if (filter.projectId !== undefined) {
      conditions.push('i.run_id IN (SELECT id FROM run WHERE project_id = ?)');
      values.push(filter.projectId);
    }
    if (filter.inputSha256 !== undefined) {
      conditions.push("i.input_sha256 = ? AND i.input_sha256 <> ''");
      values.push(filter.inputSha256);
    }
    if (filter.starred !== undefined) {
      conditions.push(filter.starred ? 'i.starred = 1' : 'i.starred = 0');
    }
    return { sql: conditions.join(' AND '), values };
  };

  return {
    /** Adds an image; the same run, checkpoint, seed, class, sampling and input give back the row that stands for it already. */
    put: database.transaction(
      (image: Omit<Image, 'starred' | 'trashedAt'>, provenance: Provenance): Image => {
        const { label = '' } = image;
        const sampling = samplingText(image.sampling);
        const { inputSha256 = '', maskSha256 = '' } = image.repair ?? {};
        const find = () =>
          bySeed.get(
            ...([image.runId, image.checkpointStep, image.seed, label, sampling] as const),
            ...([inputSha256, maskSha256] as const),
          );
        const known = find();
        const provenanceText = JSON.stringify(provenance);
        if (known) {
          replace.run({ id: known.id, sha256: image.sha256, bytes: image.bytes, provenance: provenanceText });
        } else insert.run({ ...image, label, sampling, inputSha256, maskSha256, provenance: provenanceText });
        return toImage(find()!);
      },
    ),
    get(id: string): { image: Image; provenance: Provenance } | null {
      const row = one.get(id);
      return row ? { image: toImage(row), provenance: JSON.parse(row.provenance) as Provenance } : null;
    },
    /** Newest first. */
    list(filter: GalleryFilter, offset: number, limit: number): { total: number; items: Image[] } {
      const { sql, values } = where(filter);
      const total = database
        .prepare<(string | number)[], { n: number }>(`SELECT count(*) AS n FROM image i WHERE ${sql}`)
        .get(...values)!.n;
      const items = database
        .prepare<(string | number)[], ImageRow>(
          `SELECT ${plain} FROM image i WHERE ${sql} ORDER BY i.ordinal DESC LIMIT ? OFFSET ?`,
        )
        .all(...values, limit, offset)
        .map(toImage);
      return { total, items };
    },
    setStarred: database.transaction((ids: readonly string[], starred: boolean) => {
      for (const id of ids) star.run(starred ? 1 : 0, id);
    }),
    setTrashed: database.transaction((ids: readonly string[], at: number | null) => {
      for (const id of ids) trash.run(at, id);
    }),
    count: (): number => count.get()!.n,
    /** Whether a picture was made from this input or with this mask. */
    isInput: (sha256: string): boolean => isInput.get(sha256, sha256) !== undefined,
  };
}

/** Queries of the finished exports. */
export function exportQueries(database: Database) {
  const select =
    'SELECT id, path, format, images, bytes, manifest_sha256 AS manifestSha256, created_at AS createdAt FROM export';
  const all = database.prepare<[], Export>(`${select} ORDER BY created_at DESC`);
  const one = database.prepare<[string], Export>(`${select} WHERE id = ?`);
  const insert = database.prepare(
    `INSERT INTO export (id, path, format, images, bytes, manifest_sha256, created_at)
     VALUES (@id, @path, @format, @images, @bytes, @manifestSha256, @createdAt)`,
  );
  const link = database.prepare('INSERT INTO export_image (export_id, image_id) VALUES (?, ?)');
  return {
    list: (): Export[] => all.all(),
    get: (id: string): Export | null => one.get(id) ?? null,
    insert: database.transaction((row: Export, imageIds: readonly string[]) => {
      insert.run(row);
      for (const imageId of imageIds) link.run(row.id, imageId);
    }),
  };
}
