import type { Project } from '../contract/domain/projects.ts';
import type { Database } from './database.ts';

interface ProjectRow {
  id: string;
  name: string;
  created_at: number;
  datasets: number;
  runs: number;
  images: number;
  cover_run_id: string | null;
}

const toProject = (row: ProjectRow): Project => ({
  id: row.id,
  name: row.name,
  createdAt: row.created_at,
  datasets: row.datasets,
  runs: row.runs,
  images: row.images,
  coverRunId: row.cover_run_id,
});

/** Queries of the `project` table. */
export function projectQueries(database: Database) {
  const select = `
    SELECT p.id, p.name, p.created_at,
      (SELECT count(*) FROM dataset d WHERE d.project_id = p.id) AS datasets,
      (SELECT count(*) FROM run r WHERE r.project_id = p.id AND r.trashed_at IS NULL) AS runs,
      (SELECT count(*) FROM image i JOIN run r ON r.id = i.run_id
        WHERE r.project_id = p.id AND i.trashed_at IS NULL) AS images,
      (SELECT r.id FROM run r JOIN sample_sheet s ON s.run_id = r.id
        WHERE r.project_id = p.id AND r.trashed_at IS NULL
        ORDER BY s.created_at DESC LIMIT 1) AS cover_run_id
    FROM project p`;
  const all = database.prepare<[], ProjectRow>(
    `${select} WHERE p.trashed_at IS NULL ORDER BY p.created_at DESC, p.rowid DESC`,
  );
  const one = database.prepare<[string], ProjectRow>(`${select} WHERE p.id = ?`);
  const insert = database.prepare('INSERT INTO project (id, name, created_at) VALUES (?, ?, ?)');
  const rename = database.prepare('UPDATE project SET name = ? WHERE id = ?');
  const trash = database.prepare('UPDATE project SET trashed_at = ? WHERE id = ?');

  return {
    list: (): Project[] => all.all().map(toProject),
    get(id: string): Project | null {
      const row = one.get(id);
      return row ? toProject(row) : null;
    },
    insert: (id: string, name: string, createdAt: number): void => void insert.run(id, name, createdAt),
    rename: (id: string, name: string): boolean => rename.run(name, id).changes > 0,
    /** `at` null takes it out of the trash. */
    setTrashed: (id: string, at: number | null): boolean => trash.run(at, id).changes > 0,
  };
}
