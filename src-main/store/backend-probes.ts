import {
  backendIds,
  backendProbeSchema,
  type BackendId,
  type BackendProbe,
} from '../contract/domain/backends.ts';
import type { Database } from './database.ts';

const keyOf = (id: BackendId) => `probe.${id}`;

/** What the last probe of each backend found; kept beside the preferences, since it too belongs to this machine. */
export function backendProbeQueries(database: Database) {
  const one = database.prepare<[string], { value: string }>('SELECT value FROM preference WHERE key = ?');
  const put = database.prepare('INSERT OR REPLACE INTO preference (key, value) VALUES (?, ?)');
  const read = (id: BackendId): BackendProbe | null => {
    const row = one.get(keyOf(id));
    const parsed = row && backendProbeSchema.safeParse(JSON.parse(row.value));
    return parsed?.success ? parsed.data : null;
  };
  return {
    /** A result that a newer or older studio wrote in another form counts as none. */
    read,
    all: (): Map<BackendId, BackendProbe> =>
      new Map(
        backendIds.flatMap((id) => {
          const probe = read(id);
          return probe ? [[id, probe] as const] : [];
        }),
      ),
    write: (probe: BackendProbe): void => void put.run(keyOf(probe.id), JSON.stringify(probe)),
  };
}
