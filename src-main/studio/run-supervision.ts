import type { RunWarning } from '../contract/domain/run-history.ts';
import type { Run, RunEvent, RunNote } from '../contract/domain/runs.ts';
import type { TrainJob } from '../contract/engine-messages.ts';
import type { EngineReport } from '../contract/engine-reports.ts';
import { fromFailure, StudioError, toFailure, type Failure } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import type { RunChange, RunQueries } from '../store/runs.ts';
import { startEngine } from './engine-process.ts';
import { availableBytes, deathOf, peakBytesOf, systemKills } from './run-memory.ts';
import type { SettingStep } from './run-settings.ts';
import { createMemoryWatch, silenceAllowedMs } from './run-watchdog.ts';

/** How one sitting of a run ends. */
export type SittingEnd =
  /** It came to its end or was stopped; that is in the store. */
  | { kind: 'ended' }
  /** It was saved and its process ended, to go on when the user says so. */
  | { kind: 'paused' }
  /** The model could not go on. */
  | { kind: 'failed'; failure: Failure; step: number }
  /** The process ended without a word. */
  | { kind: 'died'; failure: Failure; started: boolean }
  /** Its backend did not even open. */
  | { kind: 'unavailable'; failure: Failure }
  /** Its backend's device went away. */
  | { kind: 'lost'; failure: Failure };

/** What one sitting of a run can be told. */
export interface Supervision {
  readonly ended: Promise<SittingEnd>;
  /** Save, then end the process, which gives its memory back; the run counts as paused. */
  pause(): void;
  /** Save, then end; an engine that does not answer within the grace time is killed. */
  stop(): void;
  save(): void;
  sample(): void;
  /** Settles when the engine has taken the settings over. @throws what it refuses them with */
  set(settings: Settings): Promise<void>;
  /** Ends it at once, saving nothing. */
  kill(): void;
}

/** A checkpoint of the largest preset takes about a second to write; a step of it a few. */
const stopGraceMs = 60_000;
const lookEveryMs = 1000;

/** Starts the engine on a training job and carries each of its reports into the store and to the watchers. */
export function superviseRun({
  job,
  get,
  remark,
  trainedBeforeMs,
  stallSeconds,
  queries,
  change,
  note,
  announce,
  warn,
  onCheckpoint,
  onChanged,
}: {
  job: TrainJob;
  /** The run as it is now. */
  get: () => Run;
  /** For the run's log, beside the device it starts on; may be empty. */
  remark: string;
  /** Milliseconds trained in earlier sittings, up to the checkpoint this one goes on from. */
  trainedBeforeMs: number;
  /** For how long nothing may be heard before it is said. */
  stallSeconds: () => number;
  queries: RunQueries;
  change: (changes: RunChange) => void;
  note: (kind: RunNote['kind'], detail?: string) => void;
  announce: (event: RunEvent) => void;
  /** Null takes the warning of a kind back. */
  warn: (kind: RunWarning['kind'], warning: RunWarning | null) => void;
  onCheckpoint: () => Promise<void>;
  onChanged: (step: number, changes: readonly SettingStep[]) => void;
}): Supervision {
  const { id } = get();
  const memory = createMemoryWatch();
  const killsBefore = systemKills();
  const wishes: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  let word: Exclude<SittingEnd, { kind: 'died' }> | null = null;
  let started = false;
  let pausing = false;
  let heardAt = Date.now();
  let peakBytes = 0;
  let freeBytes = availableBytes();

  const onReport = async (report: EngineReport): Promise<void> => {
    heardAt = Date.now();
    warn('no-step', null);
    switch (report.report) {
      case 'started':
        started = true;
        change({
          state: 'running',
          backend: report.backend,
          parameters: report.parameters,
          step: report.step,
          ...(get().startedAt === null ? { startedAt: Date.now() } : {}),
        });
        note(
          job.resumeFrom === null ? 'started' : 'resumed',
          `${report.backend.device}${remark && ` (${remark})`}`,
        );
        return;
      case 'tick': {
        const trainedMs = trainedBeforeMs + report.trainedMs;
        const point = { step: report.step, trainedMs, values: report.values };
        queries.putMetric(id, point);
        announce({ type: 'metrics', points: [point] });
        const { memoryMb } = report.values;
        if (memoryMb !== undefined) {
          peakBytes = Math.max(peakBytes, memoryMb * 1e6);
          warn('memory-growing', memory.look(memoryMb));
        }
        change({ step: report.step, trainedMs, stepMs: report.stepMs });
        return;
      }
      case 'sample': {
        const { step, columns, rows, file } = report;
        const sheet = { step, columns, rows, createdAt: Date.now() };
        queries.putSheet(id, { ...sheet, file });
        announce({ type: 'samples', sheets: [sheet] });
        change({});
        return;
      }
      case 'checkpoint': {
        const { step, file, sha256, bytes, score } = report;
        const trainedMs = trainedBeforeMs + report.trainedMs;
        queries.putCheckpoint(id, {
          ...{ step, file, sha256, bytes, score, trainedMs },
          createdAt: Date.now(),
        });
        change({ step, trainedMs });
        note('checkpoint', file);
        await onCheckpoint();
        change({});
        return;
      }
      case 'changed':
        onChanged(report.step, report.changes);
        wishes.shift()?.resolve();
        return;
      case 'change-refused':
        wishes.shift()?.reject(fromFailure(report.failure));
        return;
      case 'finished':
        change({
          step: report.step,
          trainedMs: trainedBeforeMs + report.trainedMs,
          ...(report.stepMs === null ? {} : { stepMs: report.stepMs }),
        });
        // A pause begins when the process is gone and its memory with it.
        if (pausing && report.outcome === 'stopped') {
          word = { kind: 'paused' };
          return;
        }
        word = { kind: 'ended' };
        change({ state: report.outcome, endedAt: Date.now() });
        note(report.outcome);
        return;
      case 'failed': {
        const { failure, step } = report;
        if (failure.code === 'backend-lost') word = { kind: 'lost', failure };
        else if (failure.code === 'backend-unavailable') word = { kind: 'unavailable', failure };
        else word = { kind: 'failed', failure, step };
        return;
      }
      case 'image':
      case 'paused':
      case 'resumed':
      case 'trial':
      case 'inspected':
      case 'probe':
        // A training engine never sends these.
        return;
    }
  };

  const engine = startEngine(job, onReport);
  const look = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakBytesOf(engine.pid));
    freeBytes = availableBytes();
    const silentMs = Date.now() - heardAt;
    if (silentMs < silenceAllowedMs(stallSeconds(), get().stepMs)) return;
    warn('no-step', { kind: 'no-step', since: heardAt });
  }, lookEveryMs);
  look.unref();

  let killer: NodeJS.Timeout | undefined;
  const ended = engine.ended.then((end): SittingEnd => {
    clearTimeout(killer);
    clearInterval(look);
    warn('no-step', null);
    warn('memory-growing', null);
    const gone = new StudioError(
      'engine-crashed',
      'The training process ended before it had taken the change over.',
    );
    for (const wish of wishes.splice(0)) wish.reject(gone);
    if (word) return word;
    const { settings, parameters } = get();
    const failure = toFailure(
      deathOf(end, {
        batch: Number(settings.batchSize),
        weights: Object.values(parameters ?? {}).reduce((sum, count) => sum + (count ?? 0), 0),
        peakBytes,
        freeBytes,
        systemKilled: systemKills() > killsBefore,
      }),
    );
    note('interrupted', failure.message);
    return { kind: 'died', failure, started };
  });
  return {
    ended,
    pause() {
      if (word) return;
      pausing = true;
      engine.order({ order: 'stop' });
    },
    save: () => engine.order({ order: 'save' }),
    sample: () => engine.order({ order: 'sample' }),
    set: (settings) =>
      new Promise((resolve, reject) => {
        wishes.push({ resolve, reject });
        engine.order({ order: 'set', settings });
      }),
    kill: () => engine.kill(),
    stop() {
      if (word) return;
      pausing = false;
      change({ state: 'stopping' });
      engine.order({ order: 'stop' });
      killer ??= setTimeout(() => engine.kill(), stopGraceMs);
      killer.unref();
    },
  };
}
