import type { RunEvent, RunNote } from '../contract/domain/runs.ts';
import type { EngineReport, TrainJob } from '../contract/engine-messages.ts';
import { toFailure, type Failure } from '../contract/errors.ts';
import type { RunChange, RunQueries } from '../store/runs.ts';
import { crashError, startEngine } from './engine-process.ts';

/** What one sitting of a run can be told, and how it ends. */
export interface Supervision {
  /**
   * `ended`: it had its last word, which is in the store. The others are left to the caller: `died`, without
   * a word; `unavailable`, its backend did not even open; `lost`, the backend's device went away.
   */
  readonly ended: Promise<
    | { kind: 'ended' }
    | { kind: 'died'; failure: Failure; started: boolean }
    | { kind: 'unavailable'; failure: Failure }
    | { kind: 'lost'; failure: Failure }
  >;
  pause(): void;
  unpause(): void;
  /** Save, then end; an engine that does not answer within the grace time is killed. */
  stop(): void;
  save(): void;
  sample(): void;
}

/** A checkpoint of the largest preset takes about a second to write; a step of it a few. */
const stopGraceMs = 60_000;

/** Starts the engine on a training job and carries each of its reports into the store and to the watchers. */
export function superviseRun({
  job,
  run,
  remark,
  trainedBeforeMs,
  queries,
  change,
  note,
  announce,
  onCheckpoint,
}: {
  job: TrainJob;
  run: { id: string };
  /** For the run's log, beside the device it starts on; may be empty. */
  remark: string;
  /** Milliseconds trained in earlier sittings, up to the checkpoint this one goes on from. */
  trainedBeforeMs: number;
  queries: RunQueries;
  change: (changes: RunChange) => void;
  note: (kind: RunNote['kind'], detail?: string) => void;
  announce: (event: RunEvent) => void;
  onCheckpoint: () => Promise<void>;
}): Supervision {
  let lastWord = false;
  let started = false;
  let backendFailure: { kind: 'unavailable'; failure: Failure } | { kind: 'lost'; failure: Failure } | null =
    null;
  const onReport = async (report: EngineReport): Promise<void> => {
    switch (report.report) {
      case 'started':
        started = true;
        change({
          state: 'running',
          backend: report.backend,
          parameters: report.parameters,
          step: report.step,
          ...(job.resumeFrom === null ? { startedAt: Date.now() } : {}),
        });
        note(
          job.resumeFrom === null ? 'started' : 'resumed',
          `${report.backend.device}${remark && ` (${remark})`}`,
        );
        return;
      case 'tick': {
        const trainedMs = trainedBeforeMs + report.trainedMs;
        const point = { step: report.step, trainedMs, values: report.values };
        queries.putMetric(run.id, point);
        announce({ type: 'metrics', points: [point] });
        change({ step: report.step, trainedMs, stepMs: report.stepMs });
        return;
      }
      case 'sample': {
        const sheet = {
          step: report.step,
          columns: report.columns,
          rows: report.rows,
          createdAt: Date.now(),
        };
        queries.putSheet(run.id, { ...sheet, file: report.file });
        announce({ type: 'samples', sheets: [sheet] });
        change({});
        return;
      }
      case 'checkpoint':
        queries.putCheckpoint(run.id, {
          step: report.step,
          file: report.file,
          sha256: report.sha256,
          bytes: report.bytes,
          trainedMs: trainedBeforeMs + report.trainedMs,
          createdAt: Date.now(),
        });
        change({ step: report.step, trainedMs: trainedBeforeMs + report.trainedMs });
        note('checkpoint', report.file);
        await onCheckpoint();
        change({});
        return;
      case 'paused':
        change({ state: 'paused', step: report.step });
        note('paused');
        return;
      case 'resumed':
        change({ state: 'running' });
        note('resumed');
        return;
      case 'finished':
        lastWord = true;
        change({
          state: report.outcome,
          step: report.step,
          trainedMs: trainedBeforeMs + report.trainedMs,
          ...(report.stepMs === null ? {} : { stepMs: report.stepMs }),
          endedAt: Date.now(),
        });
        note(report.outcome);
        return;
      case 'failed':
        if (report.failure.code === 'backend-lost' || report.failure.code === 'backend-unavailable') {
          const kind = report.failure.code === 'backend-lost' ? 'lost' : 'unavailable';
          backendFailure = { kind, failure: report.failure };
          return;
        }
        lastWord = true;
        change({ state: 'failed', step: report.step, failure: report.failure, endedAt: Date.now() });
        note('failed', report.failure.message);
        return;
      case 'image':
      case 'trial':
      case 'probe':
        // A training engine never sends these.
        return;
    }
  };

  const engine = startEngine(job, onReport);
  let killer: NodeJS.Timeout | undefined;
  const ended = engine.ended.then((end) => {
    clearTimeout(killer);
    if (lastWord) return { kind: 'ended' as const };
    if (backendFailure) return backendFailure;
    const failure = toFailure(crashError(end));
    note('interrupted', failure.message);
    return { kind: 'died' as const, failure, started };
  });
  return {
    ended,
    pause: () => engine.order({ order: 'pause' }),
    unpause: () => engine.order({ order: 'resume' }),
    save: () => engine.order({ order: 'save' }),
    sample: () => engine.order({ order: 'sample' }),
    stop() {
      if (lastWord) return;
      change({ state: 'stopping' });
      engine.order({ order: 'stop' });
      killer ??= setTimeout(() => engine.kill(), stopGraceMs);
      killer.unref();
    },
  };
}
