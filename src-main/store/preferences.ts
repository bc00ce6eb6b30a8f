import { preferencesSchema, type Preferences } from '../contract/domain/studio.ts';
import type { Database } from './database.ts';

/** Queries of the preferences; a value that no longer parses falls back to its default. */
export function preferenceQueries(database: Database) {
  const all = database.prepare<[], { key: string; value: string }>('SELECT key, value FROM preference');
  const put = database.prepare('INSERT OR REPLACE INTO preference (key, value) VALUES (?, ?)');
  const read = (): Preferences => {
    const stored = Object.fromEntries(all.all().map(({ key, value }) => [key, JSON.parse(value) as unknown]));
    const parsed = preferencesSchema.safeParse(stored);
    return parsed.success ? parsed.data : preferencesSchema.parse({});
  };
  return {
    read,
    write: database.transaction((changes: Partial<Preferences>): Preferences => {
      for (const [key, value] of Object.entries(changes)) put.run(key, JSON.stringify(value));
      return read();
    }),
  };
}
