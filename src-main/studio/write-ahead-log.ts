import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Database } from '../store/database.ts';
import { projectFolder } from '../workspace/node-runtime.mjs';

/** From the project's root, so that it is found from the bundled desktop shell too. */
const threadEntry = join(projectFolder, 'src-main', 'studio', 'write-ahead-log-thread.mjs');
const lookEveryMs = 250;
/** Pages of 4 kB. Whoever starts the log anew waits for the disk once, so that it is not to happen often. */
const pagesUntilCheckpoint = 2000;
/** What SQLite does by itself, in the thread that writes. */
const ownCheckpointPages = 1000;
/** What a long piece of work may leave behind of the log's file. */
const keptBytes = 64 * 1024 * 1024;

interface LogState {
  log: number;
  checkpointed: number;
}

/**
 * Has what was written moved from the write-ahead log into the store by a thread of its own: waiting for the disk would
 * be the longest pause of the studio (https://www.sqlite.org/wal.html#ckpt). Where no such thread can be had, SQLite does it
 * as it always does. The thread starts with the first long piece of work.
 */
export function tendWriteAheadLog(database: Database): { close(): Promise<void> } {
  let thread: Worker | null = null;
  let isBusy = false;
  database.pragma('wal_autocheckpoint = 0');
  database.pragma(`journal_size_limit = ${keptBytes}`);

  const giveUp = () => {
    clearInterval(timer);
    thread = null;
    if (database.open) database.pragma(`wal_autocheckpoint = ${ownCheckpointPages}`);
  };
  const start = (): Worker => {
    const started = new Worker(threadEntry, { workerData: { file: database.name } });
    started.on('message', () => (isBusy = false));
    started.once('error', giveUp);
    started.unref();
    return started;
  };
  const look = () => {
    if (isBusy) return;
    const [state] = database.pragma('wal_checkpoint(NOOP)') as LogState[];
    if (!state || state.log - state.checkpointed < pagesUntilCheckpoint) return;
    isBusy = true;
    thread ??= start();
    thread.postMessage('checkpoint');
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();

  return {
    /** Before the store is closed, so that the last one to close it is its owner. */
    async close(): Promise<void> {
      clearInterval(timer);
      if (!thread) return;
      const ended = once(thread, 'exit');
      thread.ref();
      thread.postMessage('close');
      await ended;
    },
  };
}
