import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendId } from '../contract/domain/backends.ts';
import { inOrderOfSteps, settingsAt, type RunWarning } from '../contract/domain/run-history.ts';
import type { Run, RunEvent, RunNote, StopCondition } from '../contract/domain/runs.ts';
import { engineProtocol, type ModelConfig } from '../contract/engine-messages.ts';
import { StudioError, toFailure, type Failure } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import type { RunChange, RunQueries } from '../store/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { isAccelerated } from './backend-choice.ts';
import type { ChosenBackend, StudioBackends } from './backends.ts';
import type { Datasets } from './datasets.ts';
import type { RunCheckpoints } from './run-checkpoints.ts';
import { deviceClassOf, type DeviceClass } from './run-devices.ts';
import { createRescue } from './run-rescue.ts';
import { changeText, type SettingStep } from './run-settings.ts';
import { startFile } from './run-start.ts';
import { superviseRun, type Supervision } from './run-supervision.ts';
import { warningText } from './run-watchdog.ts';

/** A run that holds an engine, or is about to. */
export interface ActiveRun {
  readonly runId: string;
  /** Foreseen first, known once the backend is chosen. */
  device: DeviceClass;
  /** Null while the engine is being started. */
  supervision: Supervision | null;
  stopWanted: boolean;
  /** While the run is paused: what ends the pause. */
  wake: ((wish: 'go-on' | 'stop') => void) | null;
  /** The user asked for a fresh engine: its death is no failure. */
  restartWanted: boolean;
  readonly warnings: Map<RunWarning['kind'], RunWarning>;
  /** Settles when the engine is gone and the run's last state is in the store. */
  ended: Promise<void>;
}

/** Failures of a model that another device may not have. */
const tooLarge: readonly Failure['code'][] = ['model-exceeds-device', 'out-of-memory'];

/** The seed and all else that decides what a model is; the same object goes to disk and to the engine. */
export const modelConfigOf = (run: Run, settings: Settings = run.settings): ModelConfig => ({
  family: run.family,
  presetId: run.presetId,
  sizePx: run.sizePx,
  channels: run.channels,
  seed: run.seed,
  ...(run.classes ? { classes: run.classes } : {}),
  settings,
});

/** What {@link createRunTraining} needs of the runs around it. */
export interface TrainingContext {
  readonly queries: RunQueries;
  readonly backends: StudioBackends;
  readonly workspace: Workspace;
  readonly datasets: Datasets;
  readonly checkpoints: RunCheckpoints;
  readonly stallSeconds: () => number;
  readonly isClosing: () => boolean;
  readonly get: (id: string) => Run;
  readonly change: (id: string, changes: RunChange) => Run;
  readonly note: (id: string, kind: RunNote['kind'], detail?: string) => void;
  readonly announce: (id: string, event: RunEvent) => void;
}

/** Trains single runs to their end, through crashes, lost devices and numbers that go bad. */
export function createRunTraining(context: TrainingContext) {
  const { queries, backends, workspace, datasets, checkpoints, get, change, note, announce } = context;

  /** Keeps that settings changed after `step`, who changed them, and says so in the log. */
  const recordChanges = (
    id: string,
    step: number,
    changes: readonly SettingStep[],
    cause: 'user' | 'rescue',
  ): void => {
    for (const made of changes) queries.putChange(id, { ...made, at: Date.now(), step, cause });
    if (changes.length > 0) {
      queries.putNote(id, { at: Date.now(), step, kind: 'changed', detail: changeText(changes) });
    }
    change(id, {});
  };

  const launch = async (active: ActiveRun, { backend, notice }: ChosenBackend): Promise<Supervision> => {
    const { runId: id } = active;
    const run = get(id);
    const checkpoint = await checkpoints.last(id);
    const fromStep = checkpoint?.step ?? 0;
    if (run.step > fromStep || !checkpoint) {
      const kept = checkpoint ? fromStep : -1;
      await checkpoints.rewind(id, kept);
      queries.rewind(id, kept);
      announce(id, { type: 'rewound', step: kept });
    }
    const trainedBeforeMs = checkpoint?.trainedMs ?? 0;
    queries.change(id, { step: fromStep, trainedMs: trainedBeforeMs });
    const version = datasets.version(run.datasetId, run.datasetVersion);
    const folder = workspace.runFolder(id);
    for (const part of ['checkpoints', 'samples']) await mkdir(join(folder, part), { recursive: true });
    // The engine counts the minutes of one sitting; those of earlier ones are taken off here.
    const stop: StopCondition =
      run.stop.kind === 'minutes'
        ? { kind: 'minutes', minutes: Math.max(0.0001, run.stop.minutes - trainedBeforeMs / 60_000) }
        : run.stop;
    return superviseRun({
      job: {
        job: 'train',
        protocol: engineProtocol,
        backend,
        config: modelConfigOf(run, queries.initialSettings(id)),
        runFolder: folder,
        versionFolder: workspace.versionFolder(version.datasetId, version.version),
        images: version.images,
        heldOutImages: version.heldOutImages,
        stop,
        resumeFrom: checkpoint?.path ?? null,
        ...(run.parent?.start
          ? { startFrom: { checkpoint: join(folder, startFile), mode: run.parent.start } }
          : {}),
        changes: inOrderOfSteps(run.changes.filter(({ undone }) => !undone)).map(({ step, key, to }) => ({
          ...{ step, key, to },
        })),
      },
      get: () => get(id),
      remark: notice?.message ?? '',
      trainedBeforeMs,
      stallSeconds: context.stallSeconds,
      queries,
      change: (changes) => void change(id, changes),
      note: (kind, detail) => note(id, kind, detail),
      announce: (event) => announce(id, event),
      warn: (kind, warning) => warn(active, kind, warning),
      onCheckpoint: () => checkpoints.prune(get(id)),
      onChanged: (step, changes) => recordChanges(id, step, changes, 'user'),
    });
  };

  const warn = (active: ActiveRun, kind: RunWarning['kind'], warning: RunWarning | null): void => {
    const before = active.warnings.get(kind);
    if (warning === null) {
      if (!active.warnings.delete(kind)) return;
    } else {
      active.warnings.set(kind, warning);
      // Said once; the figures may go on changing.
      if (before) return;
      note(active.runId, 'warned', warningText(warning));
    }
    change(active.runId, {});
  };

  const rescue = createRescue({ queries, checkpoints, get, recordChanges });

  const interrupt = (id: string, failure: Failure) =>
    void change(id, { state: 'interrupted', failure, endedAt: Date.now() });

  /** A failure of a backend, with the one to go on with. */
  const offering = (failure: Failure, id: BackendId): Failure => {
    const next = backends.nextAfter(id);
    return next === null ? failure : { ...failure, details: { ...failure.details, next } };
  };

  const backendCrash = (crash: Failure, id: BackendId): Failure => {
    const message = `The backend “${id}” ended its process twice before training could start, which says nothing about the model. ${crash.message}`;
    return offering(
      { code: 'backend-lost', message, details: { backend: id, reason: 'crashes-at-start' } },
      id,
    );
  };

  return {
    recordChanges,
    /**
     * Trains one run to its end. An engine that dies unasked is started again from the last checkpoint as long as
     * it gets further each time; a death without progress, and memory that ran out twice, are left to the user as
     * `interrupted`. Before that, numbers that go bad and memory that runs out send it back with other settings, as
     * often as its setting `rescues` says. A backend that does not open any more gives way to the next; one that is
     * lost on the way ends the run as `interrupted`, and the user decides what it goes on with.
     */
    async train(active: ActiveRun): Promise<void> {
      const { runId: id } = active;
      let furthest = -1;
      let rescues = 0;
      let lastTarget: number | null = null;
      let memoryDeaths = 0;
      const gone = new Set<BackendId>();
      const goBack = async (end: { failure: Failure; step: number }): Promise<boolean> => {
        if (rescues >= Number(get(id).settings.rescues ?? 0)) return false;
        const target = await rescue(id, end, rescues + 1, lastTarget);
        if (target === null) return false;
        lastTarget = target;
        rescues++;
        return true;
      };
      for (let sitting = 0; ; sitting++) {
        // Looking for a device takes seconds the first time; from here on a stop is an order.
        change(id, { state: 'starting', failure: null, endedAt: null });
        const chosen = await backends.choose(get(id).wantedBackend, gone);
        const backendId = chosen.backend.id;
        active.device = deviceClassOf(backendId);
        const supervision = await launch(active, chosen);
        active.supervision = supervision;
        if (context.isClosing() || active.stopWanted) supervision.stop();
        const end = await supervision.ended;
        active.supervision = null;
        const stopping = context.isClosing() || active.stopWanted || get(id).state === 'stopping';
        switch (end.kind) {
          case 'ended':
            return;
          case 'paused': {
            const woken = new Promise<'go-on' | 'stop'>((resolve) => (active.wake = resolve));
            note(id, 'paused');
            change(id, { state: 'paused' });
            if (context.isClosing()) active.wake?.('stop');
            const wish = await woken;
            active.wake = null;
            if (wish === 'go-on') continue;
            note(id, 'stopped');
            change(id, { state: 'stopped', endedAt: Date.now() });
            return;
          }
          case 'failed': {
            if (!stopping && (await goBack(end))) continue;
            // What is too large for a graphics card may well fit the processor's memory.
            const elsewhere = isAccelerated(backendId) && tooLarge.includes(end.failure.code);
            const failure = elsewhere ? offering(end.failure, backendId) : end.failure;
            change(id, { state: 'failed', step: end.step, failure, endedAt: Date.now() });
            note(id, 'failed', failure.message);
            return;
          }
          case 'unavailable':
            backends.refuse(backendId, end.failure);
            gone.add(backendId);
            continue;
          case 'lost':
            note(id, 'interrupted', end.failure.message);
            interrupt(id, offering(end.failure, backendId));
            return;
          case 'died': {
            if (active.restartWanted && !stopping) {
              active.restartWanted = false;
              continue;
            }
            const reached = (await checkpoints.last(id))?.step ?? 0;
            const stalled = sitting > 0 && reached <= furthest;
            furthest = reached;
            // Memory that ran out twice will run out again, however far it gets in between.
            const again = end.failure.code === 'out-of-memory' && memoryDeaths++ > 0;
            const death = { failure: end.failure, step: get(id).step };
            if (!stopping && (stalled || again) && (await goBack(death))) continue;
            if (!stalled && !again && !stopping) continue;
            // A model's own mistakes end in words; a process that never came as far as to start is the backend's.
            const isBackend = !end.started && isAccelerated(backendId);
            interrupt(id, isBackend ? backendCrash(end.failure, backendId) : end.failure);
            return;
          }
        }
      }
    },
    /** Settings as they were when `step` steps were done. */
    settingsAfter: (run: Run, step: number): Settings =>
      settingsAt(queries.initialSettings(run.id), run.changes, step),
    /** The failure of a run whose training could not even be begun. */
    giveUp(id: string, error: unknown): void {
      const failure = toFailure(error);
      if (context.isClosing() && failure.code === 'cancelled') {
        note(id, 'stopped');
        change(id, { state: 'stopped', endedAt: Date.now() });
        return;
      }
      note(id, 'failed', failure.message);
      change(id, { state: 'failed', failure, endedAt: Date.now() });
    },
  };
}

export type RunTraining = ReturnType<typeof createRunTraining>;

/** The failure for a run that is asked for something its present state does not allow. */
export function notPossibleNow(run: Run, wish: string): StudioError {
  return new StudioError('not-possible-now', `“${run.name}” cannot be ${wish} while it is ${run.state}.`, {
    name: run.name,
    state: run.state,
    wish,
  });
}
