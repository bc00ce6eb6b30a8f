import { setTimeout } from 'node:timers/promises';
import type { SourceKind } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { imageColumnOf, itemOfRow, type TableRow } from './row-item.ts';
import type { OpenedSource, SourceItem } from './source-picture.ts';

/** The rows of a query, a few at a time. */
export interface QueryCursor {
  /**
   * The next rows; none at the end.
   *
   * @throws StudioError `query-failed`, `query-too-slow`; the reason of `signal` as soon as it aborts
   */
  next(signal: AbortSignal): Promise<readonly TableRow[]>;
  /** Ends the query, whatever it is doing. */
  close(): Promise<void>;
}

/** So many rows, or so many bytes, are fetched at once. */
export const rowsAtOnce = 32;

/** What every database says of a query that changes something, or is several. */
export const notASelect = () =>
  new StudioError(
    'query-failed',
    'Only reading is done here: the query has to be one SELECT. Nothing was changed in the database.',
    { reason: 'not-a-select' },
  );

export const queryFailed = (cause: string, thrown?: unknown) =>
  new StudioError(
    'query-failed',
    `The database could not answer the query: ${cause}. Correct the query, then try again.`,
    { cause },
    thrown,
  );

export const queryTooSlow = (seconds: number, cause?: unknown) =>
  new StudioError(
    'query-too-slow',
    `The query gave no row for ${seconds} seconds and was stopped. Make it quicker, or raise the time limit.`,
    { seconds },
    cause,
  );

/**
 * Refuses what is not one SELECT, VALUES, TABLE or WITH at its beginning; what a WITH leads to is the database's
 * to refuse, which is opened for reading alone.
 *
 * @throws StudioError `query-failed`
 */
export function requireSelect(query: string): void {
  const bare = query.replace(/^(\s|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)+/, '');
  if (!/^\(*\s*(select|values|with|table)\b/i.test(bare)) throw notASelect();
}

/** So long an opening waits for the first rows: what is wrong with a query mostly shows at once. */
const graceMs = 2000;

/**
 * A source that yields the rows of a query. What the database refuses within two seconds is thrown here, before an
 * import begins; a query that takes longer goes on in the import, where it can be cancelled.
 *
 * @throws StudioError `query-without-pictures`, and what the cursor throws
 */
export async function openQuery(
  kind: Extract<SourceKind, 'sqlite' | 'postgresql'>,
  location: string,
  cursor: QueryCursor,
  openSignal: AbortSignal,
): Promise<OpenedSource> {
  const closing = new AbortController();
  const close = async () => {
    closing.abort(new Error('The query was closed.'));
    await cursor.close();
  };
  const start = async () => {
    const rows = await cursor.next(AbortSignal.any([openSignal, closing.signal]));
    const column = imageColumnOf(rows);
    if (column === null) throw withoutPictures(rows);
    return { rows, column };
  };
  let first: ReturnType<typeof start> | null = start();
  // Its failure is seen by whoever waits for it; until then it must not count as unhandled.
  first.catch(() => undefined);
  const grace = new AbortController();
  try {
    await Promise.race([first, setTimeout(graceMs, undefined, { signal: grace.signal })]);
  } catch (thrown) {
    await close();
    throw thrown;
  } finally {
    grace.abort();
  }

  async function* items(signal: AbortSignal): AsyncGenerator<SourceItem> {
    if (!first) throw new Error('A query is read once.');
    const begun = await orAborted(first, signal);
    first = null;
    let { rows } = begun;
    for (let row = 0; rows.length > 0; rows = await cursor.next(signal)) {
      for (const found of rows) {
        signal.throwIfAborted();
        row += 1;
        yield itemOfRow(found, begun.column, `row ${row}`);
      }
    }
  }

  return {
    kind,
    location,
    total: null,
    bytes: 0,
    rights: {},
    rightsFrom: 'nothing',
    container: null,
    containers: [],
    companions: [],
    items,
    ignored: () => 0,
    close,
  };
}

function withoutPictures(rows: readonly TableRow[]): StudioError {
  if (rows.length === 0) {
    return new StudioError(
      'query-without-pictures',
      'The query returns no rows. Change its conditions, then try again.',
      { reason: 'no-rows' },
    );
  }
  const known = Object.keys(rows[0]!).join(', ');
  return new StudioError(
    'query-without-pictures',
    `The query returns no pictures: no column holds their bytes. There are: ${known}. Return the bytes as “image”.`,
    { known },
  );
}

/** Waits for work or for the signal, whichever is first. */
export async function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
