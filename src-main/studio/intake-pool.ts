import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { StudioError, toFailure } from '../contract/errors.ts';
import type { IntakeAnswer, IntakeItem, IntakeOrder, IntakeResult } from '../imaging/intake-messages.ts';
import { findNodeRuntime, projectFolder } from '../workspace/node-runtime.mjs';

/** Children that take pictures in, for one import. */
export interface IntakePool {
  /** How many pictures should be under way at once, so that no child waits. */
  readonly ahead: number;
  /** @throws the signal's reason when it aborts; Error when no child can be started */
  take(item: IntakeItem): Promise<IntakeResult>;
  close(): void;
}

/** From the project's root, so that it is found from the bundled desktop shell too. */
const childEntry = join(projectFolder, 'src-main', 'imaging', 'intake-child.ts');

/** One message for so many pictures, as a message costs about as much as a small picture. */
const batchItems = 16;
const batchBytes = 8 * 1024 * 1024;
/** While a child works on one batch, the next already waits for it. */
const batchesPerChild = 2;
const mostChildren = 4;
/** What V8 may use for objects in a child; pixels lie outside it. */
const childHeapBytes = 192 * 1024 * 1024;

interface Waiting {
  item: IntakeItem;
  /** Tried by itself, as a child died with it among others. */
  isAlone: boolean;
  resolve(result: IntakeResult): void;
  reject(thrown: unknown): void;
}

interface Child {
  process: ChildProcess;
  underWay: Map<number, readonly Waiting[]>;
  answered: number;
}

/**
 * Starts to take pictures in with child processes, one for each core: decoding never stands in the studio's way, and a
 * picture that brings a decoder down is named and put aside.
 *
 * @param staging a folder that the children write files to
 */
export function openIntakePool(staging: string, signal: AbortSignal): IntakePool {
  const queue: Waiting[] = [];
  const children = new Set<Child>();
  const wanted = Math.min(mostChildren, availableParallelism());
  let lastId = 0;
  let isClosed = false;

  const endAll = (thrown: unknown) => {
    isClosed = true;
    signal.removeEventListener('abort', onAbort);
    const left = [
      ...queue.splice(0),
      ...[...children].flatMap(({ underWay }) => [...underWay.values()].flat()),
    ];
    for (const child of children) child.process.kill('SIGKILL');
    children.clear();
    for (const { reject } of left) reject(thrown);
  };
  const onAbort = () => endAll(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });

  const start = () => {
    const child: Child = {
      process: fork(childEntry, [], {
        execPath: findNodeRuntime(),
        execArgv: [
          `--max-old-space-size=${childHeapBytes / 1024 ** 2}`,
          // One picture leaves little behind, and what it does is dropped at once: more room would only be held.
          '--max-semi-space-size=4',
          '--disable-warning=ExperimentalWarning',
        ],
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        // It shares no terminal signal: Ctrl-C is the studio's to answer.
        detached: process.platform !== 'win32',
      }),
      underWay: new Map(),
      answered: 0,
    };
    children.add(child);
    child.process.on('message', (message: IntakeAnswer) => {
      const batch = child.underWay.get(message.id);
      if (!batch) return;
      child.underWay.delete(message.id);
      child.answered += 1;
      batch.forEach(({ resolve }, at) => resolve(message.results[at]!));
      dispatch();
    });
    child.process.once('error', (error) => ended(child, error));
    child.process.once('exit', () => ended(child, null));
  };

  const ended = (child: Child, error: Error | null) => {
    if (!children.delete(child) || isClosed) return;
    const batches = [...child.underWay.values()];
    if (error !== null || (batches.length === 0 && child.answered === 0)) {
      endAll(error ?? new Error('The process that decodes pictures ended before it began.'));
      return;
    }
    // The batch that it was at holds the culprit; those behind it were not looked at.
    const [atWork = [], ...behind] = batches;
    queue.unshift(...behind.flat());
    if (atWork.length === 1) atWork[0]!.resolve(crashed(atWork[0]!.item));
    else queue.unshift(...atWork.map((waiting) => ({ ...waiting, isAlone: true })));
    dispatch();
  };

  const nextBatch = (): Waiting[] => {
    const batch: Waiting[] = [];
    let bytes = 0;
    while (queue.length > 0 && batch.length < batchItems && bytes < batchBytes) {
      if (batch.length > 0 && (queue[0]!.isAlone || batch[0]!.isAlone)) break;
      const waiting = queue.shift()!;
      bytes += waiting.item.bytes?.byteLength ?? 0;
      batch.push(waiting);
    }
    return batch;
  };

  const dispatch = () => {
    if (isClosed) return;
    while (queue.length > 0) {
      const idle = [...children].sort((a, b) => a.underWay.size - b.underWay.size)[0];
      if (!idle || (idle.underWay.size > 0 && children.size < wanted)) start();
      const child = [...children].sort((a, b) => a.underWay.size - b.underWay.size)[0]!;
      if (child.underWay.size >= batchesPerChild) return;
      const batch = nextBatch();
      lastId += 1;
      child.underWay.set(lastId, batch);
      const order: IntakeOrder = { id: lastId, staging, items: batch.map(({ item }) => item) };
      child.process.send(order, (error) => {
        if (error) child.process.kill('SIGKILL');
      });
    }
  };

  let isPlanned = false;
  return {
    ahead: wanted * batchesPerChild * batchItems,
    take(item) {
      if (signal.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        queue.push({ item, isAlone: false, resolve, reject });
        if (isPlanned) return;
        isPlanned = true;
        // Those that are asked for at the same time travel together.
        setImmediate(() => {
          isPlanned = false;
          dispatch();
        });
      });
    },
    close: () => endAll(new Error('The import has ended.')),
  };
}

function crashed({ name }: IntakeItem): IntakeResult {
  const failure = toFailure(
    new StudioError('file-unreadable', `“${name}” cannot be read: it brought the decoder down.`, {
      file: name,
      reason: 'damaged',
    }),
  );
  return { kind: 'refused', failure };
}
