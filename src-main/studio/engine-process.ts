import { fork } from 'node:child_process';
import { join } from 'node:path';
import { type EngineJob, type EngineOrder } from '../contract/engine-messages.ts';
import { engineReportSchema, type EngineReport } from '../contract/engine-reports.ts';
import { fromFailure, StudioError } from '../contract/errors.ts';
import { findNodeRuntime, projectFolder } from '../workspace/node-runtime.mjs';

/** A running engine child. */
export interface EngineProcess {
  readonly pid: number | undefined;
  /** Settles when the child has ended and its last report was handled. */
  readonly ended: Promise<EngineEnd>;
  order(order: EngineOrder): void;
  /** Ends it at once, saving nothing. */
  kill(): void;
}

export interface EngineEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it printed, for the log and the crash report. */
  readonly output: string;
}

/** From the project's root, so that it is found from the bundled desktop shell too. */
const engineEntry = join(projectFolder, 'src-main', 'engine', 'main.ts');
const outputKept = 4000;
/** What V8 may use for objects; tensors lie outside it. */
export const engineHeapBytes = 2048 * 1024 * 1024;

/**
 * How Node runs an engine. A training step leaves many small objects behind at once and hardly any for longer: V8
 * would let the space for young ones grow to 110 MB within an hour, and that for old ones to three times what is
 * alive in it, for nothing.
 */
export const engineFlags: readonly string[] = [
  `--max-old-space-size=${engineHeapBytes / 1024 ** 2}`,
  '--min-semi-space-size=4',
  '--max-semi-space-size=4',
  '--heap-growing-percent=50',
];

/**
 * Starts an engine child on the project's own Node and hands it a job.
 *
 * Reports are handled one after the other, in the order they were sent; the next one waits until the
 * promise of the one before has settled. A report that does not parse ends the child.
 *
 * @param onReport must not throw
 * @throws Error when there is no Node to run it on
 */
export function startEngine(
  job: EngineJob,
  onReport: (report: EngineReport) => void | Promise<void>,
): EngineProcess {
  const child = fork(engineEntry, [], {
    execPath: findNodeRuntime(),
    execArgv: [...engineFlags],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // The engine shares no terminal signal: Ctrl-C is the studio's to answer.
    detached: process.platform !== 'win32',
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-outputKept);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);

  let handled: Promise<void> = Promise.resolve();
  child.on('message', (message) => {
    const parsed = engineReportSchema.safeParse(message);
    if (!parsed.success) {
      keep(Buffer.from(`\nA report could not be read: ${parsed.error.message}`));
      child.kill('SIGKILL');
      return;
    }
    handled = handled.then(() => onReport(parsed.data));
  });
  const ended = new Promise<EngineEnd>((resolve) => {
    child.once('error', (error) => keep(Buffer.from(`\n${error.message}`)));
    child.once('close', (exitCode, signal) => {
      void handled.then(() => resolve({ exitCode, signal, output: output.trim() }));
    });
  });
  child.send(job);
  return {
    pid: child.pid,
    ended,
    order(order) {
      if (child.connected) child.send(order);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** The failure that stands for a child that ended without a last word. */
export function crashError(end: EngineEnd): StudioError {
  const how = end.signal ? `was ended by ${end.signal}` : `ended with code ${end.exitCode}`;
  const lastLine = end.output.split('\n').at(-1) ?? '';
  const hint =
    end.signal === 'SIGKILL'
      ? ' Something on this machine ended it; if memory was short, try a smaller batch.'
      : lastLine && ` It last said: ${lastLine}`;
  return new StudioError('engine-crashed', `The training process ${how}.${hint}`, {
    signal: end.signal ?? '',
    exitCode: end.exitCode ?? -1,
    output: lastLine,
  });
}

/**
 * Runs a job that ends by itself and takes no orders.
 *
 * @param signal kills the child; the promise then rejects with the signal's reason
 * @throws StudioError what the engine reported, or `engine-crashed`
 */
export async function runEngineJob(
  job: EngineJob,
  onReport: (report: EngineReport) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  let finished = false;
  let failed: unknown = null;
  const engine = startEngine(job, async (report) => {
    try {
      if (report.report === 'finished') finished = true;
      else if (report.report === 'failed') {
        failed ??= fromFailure(report.failure);
      } else if (failed === null && !signal.aborted) await onReport(report);
    } catch (error) {
      failed ??= error;
      engine.kill();
    }
  });
  const kill = () => engine.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    const end = await engine.ended;
    signal.throwIfAborted();
    if (failed !== null) throw failed;
    if (!finished) throw crashError(end);
  } finally {
    signal.removeEventListener('abort', kill);
  }
}
