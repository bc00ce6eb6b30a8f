import type { Project } from '../contract/domain/projects.ts';
import { StudioError } from '../contract/errors.ts';
import type { Database } from '../store/database.ts';
import { projectQueries } from '../store/projects.ts';
import { newId } from '../workspace/files.ts';

export type Projects = ReturnType<typeof createProjects>;

/** Projects: names under which datasets and runs are kept together. */
export function createProjects({
  database,
  hasLiveRun,
}: {
  database: Database;
  hasLiveRun: (projectId: string) => boolean;
}) {
  const queries = projectQueries(database);
  const get = (id: string): Project => {
    const project = queries.get(id);
    if (project) return project;
    throw new StudioError('not-found', `There is no project “${id}”.`, { kind: 'project', id });
  };
  return {
    list: () => queries.list(),
    get,
    create(name: string): Project {
      const id = newId('project');
      queries.insert(id, name, Date.now());
      return get(id);
    },
    rename(id: string, name: string): Project {
      get(id);
      queries.rename(id, name);
      return get(id);
    },
    /** @throws StudioError `not-possible-now` while one of its runs is training */
    trash(id: string): void {
      const { name } = get(id);
      if (hasLiveRun(id)) {
        throw new StudioError(
          'not-possible-now',
          `“${name}” cannot be removed while one of its runs is training. Stop the run first.`,
          { name },
        );
      }
      queries.setTrashed(id, Date.now());
    },
    restore(id: string): void {
      get(id);
      queries.setTrashed(id, null);
    },
  };
}
