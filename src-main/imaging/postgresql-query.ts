import pg from 'pg';
import Cursor from 'pg-cursor';
import type { ImportSource } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import {
  notASelect,
  openQuery,
  orAborted,
  queryFailed,
  queryTooSlow,
  requireSelect,
  rowsAtOnce,
  type QueryCursor,
} from './query-source.ts';
import type { TableRow } from './row-item.ts';
import type { OpenedSource, ReaderContext } from './source-picture.ts';

type PostgresqlSource = Extract<ImportSource, { kind: 'postgresql' }>;

const connectSeconds = 15;
const cancelSeconds = 5;

/** Codes of https://www.postgresql.org/docs/current/errcodes-appendix.html */
const queryCanceled = '57014';
const readOnlyTransaction = '25006';

/**
 * A connection string as it may be shown and kept: user, host, port and database; neither a password nor options.
 *
 * @throws StudioError `connection-failed` for what is no `postgres://` address
 */
export function withoutPassword(connection: string): string {
  const address = addressOf(connection);
  const user = address.username === '' ? '' : `${address.username}@`;
  return `postgresql://${user}${address.host}${address.pathname}`;
}

function addressOf(connection: string): URL {
  const isAddress = /^postgres(ql)?:\/\//i.test(connection.trim());
  if (isAddress && URL.canParse(connection.trim())) return new URL(connection.trim());
  // What cannot be read may hold a password all the same, so it is not repeated.
  const cause = 'it has to look like postgresql://user:password@host:5432/database';
  throw new StudioError(
    'connection-failed',
    `The address of the PostgreSQL database cannot be read: ${cause}.`,
    { database: 'PostgreSQL', cause },
  );
}

/**
 * Opens a query of a PostgreSQL database in a read-only transaction with a cursor, a few rows at a time.
 *
 * @throws StudioError `connection-failed`, `query-failed`, `query-too-slow`, `query-without-pictures`
 */
export async function openPostgresqlQuery(
  source: PostgresqlSource,
  context: ReaderContext,
): Promise<OpenedSource> {
  requireSelect(source.sql);
  const location = withoutPassword(source.connection);
  const client = await connect(source, location, context.signal);
  return openQuery('postgresql', location, startCursor(client, source), context.signal);
}

const clientOf = ({ connection }: PostgresqlSource) =>
  new pg.Client({
    connectionString: connection.trim(),
    application_name: 'Imago Studio',
    connectionTimeoutMillis: connectSeconds * 1000,
  });

async function connect(source: PostgresqlSource, location: string, signal: AbortSignal): Promise<pg.Client> {
  const client = clientOf(source);
  // Failures reach whoever asks next; one that comes in between must not end the process.
  client.on('error', () => {});
  try {
    await orAborted(client.connect(), signal);
    return client;
  } catch (thrown) {
    void client.end().catch(() => {});
    signal.throwIfAborted();
    const cause = causeOf(thrown);
    throw new StudioError(
      'connection-failed',
      `The database “${location}” does not answer as wanted: ${cause}. Check the address, the name and the password.`,
      { database: location, cause },
      thrown,
    );
  }
}

/** What the system says of several addresses tried in turn lies inside. */
function causeOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return causeOf(thrown.errors[0]);
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function startCursor(client: pg.Client, source: PostgresqlSource): QueryCursor {
  const { sql, timeoutSeconds } = source;
  let cursor: Cursor<Record<string, unknown>> | null = null;
  let isClosed = false;
  let isBusy = false;
  let processId: number | null = null;

  const start = async () => {
    await client.query('BEGIN READ ONLY');
    // The server ends each fetch that takes longer by itself, even when this process is gone.
    await client.query(`SET LOCAL statement_timeout = ${Math.ceil(timeoutSeconds * 1000)}`);
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    processId = rows[0]?.pid ?? null;
    return client.query(new Cursor<Record<string, unknown>>(sql));
  };

  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    if (isBusy && processId !== null) await cancelOnServer(source, processId);
    const ended = client.end();
    ended.catch(() => {});
    await Promise.race([
      ended.catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, cancelSeconds * 1000).unref()),
    ]);
  };

  return {
    async next(signal): Promise<readonly TableRow[]> {
      isBusy = true;
      try {
        const fetched = (async () => {
          cursor ??= await start();
          return cursor.read(rowsAtOnce);
        })();
        const rows = await orAborted(fetched, signal);
        isBusy = false;
        return rows;
      } catch (thrown) {
        isBusy = signal.aborted;
        await close();
        signal.throwIfAborted();
        throw failureOf(thrown, timeoutSeconds);
      }
    },
    close,
  };
}

function failureOf(thrown: unknown, seconds: number): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
  if (code === queryCanceled) return queryTooSlow(seconds, thrown);
  if (code === readOnlyTransaction) return notASelect();
  return queryFailed(causeOf(thrown), thrown);
}

/** Asks the server to stop what the connection is doing, over a second one; a server that is gone needs no asking. */
async function cancelOnServer(source: PostgresqlSource, processId: number): Promise<void> {
  const second = clientOf(source);
  second.on('error', () => {});
  try {
    await second.connect();
    await second.query('SELECT pg_cancel_backend($1)', [processId]);
  } catch {
    // The time limit that the server keeps itself still holds.
  } finally {
    await second.end().catch(() => {});
  }
}
