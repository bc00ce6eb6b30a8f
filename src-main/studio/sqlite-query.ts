import { fork, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
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
} from '../imaging/query-source.ts';
import type { OpenedSource, ReaderContext } from '../imaging/source-picture.ts';
import { findNodeRuntime, projectFolder } from '../workspace/node-runtime.mjs';

/** From the project's root, so that it is found from the bundled desktop shell too. */
const childEntry = join(projectFolder, 'src-main', 'studio', 'sqlite-query-child.ts');
const bytesAtOnce = 16 * 1024 * 1024;

const answerSchema = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ rows: z.array(z.record(z.string(), z.unknown())) }),
  z.object({ failed: z.enum(['not-a-select', 'sql']), message: z.string() }),
]);

/**
 * Opens a query of a SQLite file, which is opened for reading only and in a process of its own.
 *
 * @throws StudioError `path-missing`, `container-corrupt` for a file that is no SQLite database, `query-failed`,
 *   `query-too-slow`, `query-without-pictures`
 */
export async function openSqliteQuery(
  source: Extract<ImportSource, { kind: 'sqlite' }>,
  context: ReaderContext,
): Promise<OpenedSource> {
  requireSelect(source.sql);
  await requireDatabase(source.path);
  return openQuery('sqlite', source.path, startCursor(source), context.signal);
}

async function requireDatabase(path: string): Promise<void> {
  let head: string;
  try {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
      head = buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw new StudioError(
      'path-missing',
      `“${path}” is not there or cannot be read. Check the path.`,
      { path },
      thrown,
    );
  }
  if (head === 'SQLite format 3\0') return;
  throw new StudioError(
    'container-corrupt',
    `“${path}” is no SQLite database. Choose the database’s own file.`,
    { file: basename(path) },
  );
}

function startCursor({ path, sql, timeoutSeconds }: Extract<ImportSource, { kind: 'sqlite' }>): QueryCursor {
  const start = JSON.stringify({ path, sql, rows: rowsAtOnce, bytes: bytesAtOnce });
  const child = fork(childEntry, [start], {
    execPath: findNodeRuntime(),
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Ctrl-C is the studio's to answer.
    detached: process.platform !== 'win32',
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const answers = answersOf(child);
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const answer = async (signal: AbortSignal) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(queryTooSlow(timeoutSeconds)), timeoutSeconds * 1000);
    });
    try {
      return await orAborted(Promise.race([answers(), late]), signal);
    } catch (thrown) {
      await close();
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  };
  let isReady = false;
  return {
    async next(signal) {
      if (!isReady) isReady = 'ready' in judged(await answer(signal));
      child.send('next');
      const found = judged(await answer(signal));
      return 'rows' in found ? found.rows : [];
    },
    close,
  };
}

function judged(answer: z.infer<typeof answerSchema>) {
  if (!('failed' in answer)) return answer;
  if (answer.failed === 'not-a-select') throw notASelect();
  throw queryFailed(answer.message);
}

/** Gives the child's answers one by one; a child that ends fails whoever waits. */
function answersOf(child: ChildProcess): () => Promise<z.infer<typeof answerSchema>> {
  const arrived: z.infer<typeof answerSchema>[] = [];
  let waiting: { resolve(answer: z.infer<typeof answerSchema>): void; reject(error: Error): void } | null =
    null;
  let failure: Error | null = null;
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2000);
  });
  child.on('message', (message) => {
    const answer = answerSchema.parse(message);
    if (waiting) waiting.resolve(answer);
    else arrived.push(answer);
    waiting = null;
  });
  const end = (why: string) => {
    failure ??= queryFailed(why);
    waiting?.reject(failure);
    waiting = null;
  };
  child.once('error', (error) => end(error.message));
  child.once('close', () => end(output.trim().split('\n').at(-1) ?? 'its process ended'));
  return () => {
    const answer = arrived.shift();
    if (answer) return Promise.resolve(answer);
    if (failure) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      waiting = { resolve, reject };
    });
  };
}
