import SQLite from 'better-sqlite3';
import { z } from 'zod';

// A process of its own: a query that runs for ever stops answering, and only ending its process ends it.

const startSchema = z.object({ path: z.string(), sql: z.string(), rows: z.number(), bytes: z.number() });
const startText = process.argv[2] ?? '';
const { path, sql, rows: rowsAtOnce, bytes: bytesAtOnce } = startSchema.parse(JSON.parse(startText));

const send = (message: unknown) => process.send?.(message);

/** Answers each “next” with rows; none at the end. */
function serve(): void {
  const database = new SQLite(path, { readonly: true, fileMustExist: true, timeout: 5000 });
  // Even what a read-only connection may still do to other files is refused.
  database.pragma('query_only = ON');
  database.pragma('trusted_schema = OFF');
  const statement = database.prepare<[], Record<string, unknown>>(sql);
  if (!statement.reader || !statement.readonly) {
    send({ failed: 'not-a-select', message: '' });
    return;
  }
  statement.safeIntegers(true);
  const rows = statement.iterate();
  process.on('message', () => {
    try {
      const found: Record<string, unknown>[] = [];
      let bytes = 0;
      while (found.length < rowsAtOnce && bytes < bytesAtOnce) {
        const { done, value } = rows.next();
        if (done) break;
        found.push(value);
        for (const cell of Object.values(value)) bytes += cell instanceof Uint8Array ? cell.byteLength : 0;
      }
      send({ rows: found });
    } catch (thrown) {
      fail(thrown);
    }
  });
  send({ ready: true });
}

function fail(thrown: unknown): void {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const isSeveral = /more than one statement/i.test(message);
  const isWrite = code === 'SQLITE_READONLY' || /readonly|read-only|does not return data/i.test(message);
  send({ failed: isSeveral || isWrite ? 'not-a-select' : 'sql', message });
}

process.on('disconnect', () => process.exit(0));
try {
  serve();
} catch (thrown) {
  fail(thrown);
}
