import type { Job } from '../contract/domain/jobs.ts';
import { StudioError, toFailure } from '../contract/errors.ts';
import { createChannel } from './channel.ts';
import { newId } from '../workspace/files.ts';

/** What a job's work may do while it runs. */
export interface JobControl {
  readonly id: string;
  /** Aborted by `cancel` and when the studio closes; its reason is a StudioError `cancelled`. */
  readonly signal: AbortSignal;
  /** Reports progress; announced to watchers at most ten times a second. */
  progress(done: number, total?: number | null): void;
  /** Names what is being made, as soon as it has a name. */
  result(id: string): void;
}

export interface Jobs {
  /**
   * Starts work and returns at once; `finished` settles with the work's value or its error.
   * A failure is kept in the job, so an ignored `finished` is no unhandled rejection.
   */
  start<Value>(
    kind: Job['kind'],
    subject: string,
    work: (control: JobControl) => Promise<Value>,
  ): { job: Job; finished: Promise<Value> };
  list(): Job[];
  /** @throws StudioError `not-found` */
  cancel(jobId: string): void;
  /** Every known job first, then each change, until `signal` aborts. */
  watch(signal?: AbortSignal): AsyncGenerator<Job>;
  /** Cancels everything and waits until it has ended. */
  close(): Promise<void>;
}

const announceEveryMs = 100;
const keepEnded = 50;

/** Long work with progress and cancel: one registry for imports, versions, generations and exports. */
export function createJobs(now: () => number = Date.now): Jobs {
  const entries = new Map<string, { job: Job; abort: AbortController; settled: Promise<unknown> }>();
  const channel = createChannel<Job>();

  const forgetOld = () => {
    const ended = [...entries.values()].filter(({ job }) => job.state !== 'running');
    for (const { job } of ended.slice(0, Math.max(0, ended.length - keepEnded))) entries.delete(job.id);
  };

  return {
    start(kind, subject, work) {
      const abort = new AbortController();
      const job: Job = {
        id: newId('job'),
        kind,
        subject,
        state: 'running',
        done: 0,
        total: null,
        perSecond: 0,
        startedAt: now(),
        endedAt: null,
        failure: null,
        resultId: null,
      };
      let announcedAt = 0;
      const announce = () => channel.send({ ...job });
      const control: JobControl = {
        id: job.id,
        signal: abort.signal,
        progress(done, total) {
          job.done = done;
          if (total !== undefined) job.total = total;
          const elapsedMs = now() - job.startedAt;
          job.perSecond = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
          if (now() - announcedAt < announceEveryMs) return;
          announcedAt = now();
          announce();
        },
        result(id) {
          job.resultId = id;
          announce();
        },
      };
      const finished = (async () => {
        try {
          const value = await work(control);
          job.state = 'done';
          return value;
        } catch (error) {
          job.state = abort.signal.aborted ? 'cancelled' : 'failed';
          job.failure = toFailure(abort.signal.aborted ? abort.signal.reason : error);
          throw abort.signal.aborted ? abort.signal.reason : error;
        } finally {
          job.endedAt = now();
          announce();
          forgetOld();
        }
      })();
      const settled = finished.catch(() => undefined);
      entries.set(job.id, { job, abort, settled });
      announce();
      return { job: { ...job }, finished };
    },
    list: () => [...entries.values()].map(({ job }) => ({ ...job })),
    cancel(jobId) {
      const entry = entries.get(jobId);
      if (!entry) {
        throw new StudioError('not-found', `There is no job “${jobId}”.`, { kind: 'job', id: jobId });
      }
      if (entry.job.state !== 'running') return;
      entry.abort.abort(new StudioError('cancelled', `“${entry.job.subject}” was cancelled.`));
    },
    async *watch(signal) {
      yield* channel.follow(() => this.list(), signal);
    },
    async close() {
      for (const { job, abort } of entries.values()) {
        if (job.state === 'running') abort.abort(new StudioError('cancelled', 'The studio is closing.'));
      }
      await Promise.all([...entries.values()].map(({ settled }) => settled));
    },
  };
}
