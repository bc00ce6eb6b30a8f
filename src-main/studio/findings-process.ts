import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { findNodeRuntime, projectFolder } from '../workspace/node-runtime.mjs';
import type { FindingsAnswer, FindingsOrder, FoundPart } from './findings-messages.ts';

/** What was found, handed over in parts. */
export interface FoundParts {
  /** At most so many findings, or sets of pictures that look alike; neither when there are no more. */
  next(most: number): Promise<FoundPart>;
}

/** From the project's root, so that it is found from the bundled desktop shell too. */
const childEntry = join(projectFolder, 'src-main', 'studio', 'findings-child.ts');
/** Whoever moves a threshold moves it again: the process stays for so long, as starting takes longer than finding. */
const idleMs = 20_000;

/**
 * Puts findings together in a process of its own, which reads the store and writes nothing. One dataset after the other:
 * the parts of one are taken before the next is looked at.
 */
export function openFindingsProcess(databaseFile: string) {
  let child: ChildProcess | null = null;
  let idle: NodeJS.Timeout | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const end = () => {
    clearTimeout(idle);
    child?.kill('SIGKILL');
    child = null;
  };

  const started = (): ChildProcess => {
    clearTimeout(idle);
    if (child) return child;
    const own = fork(childEntry, [databaseFile], {
      execPath: findNodeRuntime(),
      execArgv: ['--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // It shares no terminal signal: Ctrl-C is the studio's to answer.
      detached: process.platform !== 'win32',
    });
    const forget = () => {
      if (child === own) child = null;
    };
    own.once('exit', forget).on('error', forget);
    child = own;
    return own;
  };

  /** @throws Error when the process fails or ends; the signal's reason */
  const ask = (order: FindingsOrder, signal: AbortSignal): Promise<FindingsAnswer> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const own = started();
      const settle = (finish: () => void) => {
        own.off('message', onMessage).off('exit', onExit).off('error', onError);
        signal.removeEventListener('abort', onAbort);
        finish();
      };
      const onMessage = (answer: FindingsAnswer) =>
        settle(() => ('failed' in answer ? reject(new Error(answer.failed)) : resolve(answer)));
      const onError = (error: Error) => settle(() => reject(error));
      const onExit = () => onError(new Error('The process that puts findings together ended.'));
      const onAbort = () => {
        end();
        settle(() => reject(signal.reason));
      };
      own.once('message', onMessage).once('exit', onExit).once('error', onError);
      signal.addEventListener('abort', onAbort, { once: true });
      own.send(order, (error) => {
        if (error) onError(error);
      });
    });

  const find = async (datasetId: string, signal: AbortSignal, use: (found: FoundParts) => Promise<void>) => {
    try {
      await ask({ find: datasetId }, signal);
      await use({
        async next(most) {
          const answer = await ask({ next: most }, signal);
          if (!('findings' in answer)) throw new Error('The findings were asked for and did not come.');
          return answer;
        },
      });
    } finally {
      idle = setTimeout(end, idleMs);
      idle.unref();
    }
  };

  return {
    /**
     * @param use takes what was found while nothing else is asked for
     * @throws Error when the process fails or ends; the signal's reason; what `use` throws
     */
    find(datasetId: string, signal: AbortSignal, use: (found: FoundParts) => Promise<void>): Promise<void> {
      const own = turn.then(() => find(datasetId, signal, use));
      turn = own.catch(() => undefined);
      return own;
    },
    close: end,
  };
}
