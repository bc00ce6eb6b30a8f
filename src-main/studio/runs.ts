import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendId } from '../contract/domain/backends.ts';
import type { Run, RunEvent, RunNote, StopCondition } from '../contract/domain/runs.ts';
import { engineProtocol, type ModelConfig } from '../contract/engine-messages.ts';
import { StudioError, toFailure, type Failure } from '../contract/errors.ts';
import type { Database } from '../store/database.ts';
import { runQueries, type RunChange } from '../store/runs.ts';
import { requireDiskSpace, writeFileAtomic } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { isAccelerated } from './backend-choice.ts';
import type { ChosenBackend, StudioBackends } from './backends.ts';
import { createChannel } from './channel.ts';
import type { Datasets } from './datasets.ts';
import { createRunCheckpoints } from './run-checkpoints.ts';
import { planRun, type NewRunRequest } from './run-plan.ts';
import { superviseRun, type Supervision } from './run-supervision.ts';

export type Runs = ReturnType<typeof createRuns>;

/** States in which a run has, or is about to have, an engine. */
const liveStates: readonly Run['state'][] = ['starting', 'running', 'paused', 'stopping'];

/** Failures of a model that another device may not have. */
const tooLarge: readonly Failure['code'][] = ['model-exceeds-device', 'out-of-memory'];

/** The seed and all else that decides what a model is; the same object goes to disk and to the engine. */
export const modelConfigOf = (run: Run): ModelConfig => ({
  family: run.family,
  presetId: run.presetId,
  sizePx: run.sizePx,
  channels: run.channels,
  seed: run.seed,
  ...(run.classes ? { classes: run.classes } : {}),
  settings: run.settings,
});

/**
 * Runs: made, queued, trained one at a time in an engine child, paused, resumed, watched.
 *
 * @param queue `all` works off every queued run of the workspace; `own` only those made or resumed here,
 *   so that a command line that lists runs never starts one
 */
export function createRuns({
  database,
  backends,
  workspace,
  datasets,
  queue,
}: {
  database: Database;
  backends: StudioBackends;
  workspace: Workspace;
  datasets: Datasets;
  queue: 'all' | 'own';
}) {
  const queries = runQueries(database);
  const checkpoints = createRunCheckpoints({ queries, workspace });
  const events = createChannel<{ runId: string; event: RunEvent }>();
  const own = new Set<string>();
  /** Backends that single runs were resumed on, other than the usual one. */
  const wantedBackends = new Map<string, BackendId>();
  /** The run that holds the engine; without a supervision while that is being started. */
  let active: {
    readonly runId: string;
    supervision: Supervision | null;
    stopWanted: boolean;
    /** Settles when the engine is gone and the run's last state is in the store. */
    ended: Promise<void>;
  } | null = null;
  let closing = false;

  const get = (id: string): Run => {
    const run = queries.get(id);
    if (run) return run;
    throw new StudioError('not-found', `There is no run “${id}”.`, { kind: 'run', id });
  };
  const announce = (runId: string, event: RunEvent) => events.send({ runId, event });
  const change = (id: string, changes: RunChange): Run => {
    queries.change(id, changes);
    const run = get(id);
    announce(id, { type: 'run', run });
    return run;
  };
  const note = (id: string, kind: RunNote['kind'], detail = '') =>
    queries.putNote(id, { at: Date.now(), step: get(id).step, kind, detail });
  const refuse = (run: Run, wish: string): never => {
    throw new StudioError('not-possible-now', `“${run.name}” cannot be ${wish} while it is ${run.state}.`, {
      name: run.name,
      state: run.state,
      wish,
    });
  };

  const launch = async (id: string, { backend, notice }: ChosenBackend): Promise<Supervision> => {
    const run = get(id);
    const checkpoint = await checkpoints.last(id);
    const fromStep = checkpoint?.step ?? 0;
    if (run.step > fromStep || !checkpoint) {
      queries.rewind(id, checkpoint ? fromStep : -1);
      announce(id, { type: 'rewound', step: checkpoint ? fromStep : -1 });
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
        config: modelConfigOf(run),
        runFolder: folder,
        versionFolder: workspace.versionFolder(version.datasetId, version.version),
        images: version.images,
        stop,
        resumeFrom: checkpoint?.path ?? null,
      },
      run,
      remark: notice?.message ?? '',
      trainedBeforeMs,
      queries,
      change: (changes) => void change(id, changes),
      note: (kind, detail) => note(id, kind, detail),
      announce: (event) => announce(id, event),
      onCheckpoint: () => checkpoints.prune(get(id)),
    });
  };

  /**
   * Trains one run to its end. An engine that dies unasked is started again from the last checkpoint as
   * long as it gets further each time; a death without progress is left to the user as `interrupted`. A
   * backend that does not open any more gives way to the next; one that is lost on the way ends the run as
   * `interrupted`, and the user decides what it goes on with.
   */
  const train = async (id: string): Promise<void> => {
    let furthest = -1;
    const gone = new Set<BackendId>();
    for (let sitting = 0; ; sitting++) {
      // Looking for a device takes seconds the first time; from here on a stop is an order.
      change(id, { state: 'starting', failure: null, endedAt: null });
      const chosen = await backends.choose(wantedBackends.get(id) ?? null, gone);
      const supervision = await launch(id, chosen);
      if (active) active.supervision = supervision;
      if (closing || active?.stopWanted) supervision.stop();
      const end = await supervision.ended;
      if (end.kind === 'ended') {
        const { failure } = get(id);
        // What is too large for a graphics card may well fit the processor's memory.
        if (isAccelerated(chosen.backend.id) && failure && tooLarge.includes(failure.code)) {
          change(id, { failure: offering(failure, chosen.backend.id) });
        }
        return;
      }
      if (end.kind === 'unavailable') {
        backends.refuse(chosen.backend.id, end.failure);
        gone.add(chosen.backend.id);
        continue;
      }
      if (end.kind === 'lost') {
        note(id, 'interrupted', end.failure.message);
        interrupt(id, offering(end.failure, chosen.backend.id));
        return;
      }
      const reached = (await checkpoints.last(id))?.step ?? 0;
      const stalled = sitting > 0 && reached <= furthest;
      furthest = reached;
      if (closing || stalled || get(id).state === 'stopping') {
        // A model's own mistakes end in words; a process that never came as far as to start is the backend's.
        const isBackend = !end.started && isAccelerated(chosen.backend.id);
        interrupt(id, isBackend ? backendCrash(end.failure, chosen.backend.id) : end.failure);
        return;
      }
    }
  };

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

  const pump = (): void => {
    if (active || closing) return;
    const next = queries.idsIn('queued').find((id) => queue === 'all' || own.has(id));
    if (next === undefined) return;
    // Claimed before the first await, so that two calls cannot start two engines.
    active = { runId: next, supervision: null, stopWanted: false, ended: Promise.resolve() };
    active.ended = train(next)
      .catch((error: unknown) => {
        const failure = toFailure(error);
        note(next, 'failed', failure.message);
        change(next, { state: 'failed', failure, endedAt: Date.now() });
      })
      .finally(() => {
        active = null;
        pump();
      });
  };

  const orderTo = (id: string): Supervision => {
    const supervision = active?.runId === id ? active.supervision : null;
    return supervision ?? refuse(get(id), 'given orders');
  };

  // A process that ended without closing the studio left its runs as they were.
  for (const state of liveStates) {
    for (const id of queries.idsIn(state)) {
      note(id, 'interrupted', 'The studio ended while this run was training.');
      change(id, { state: 'interrupted', endedAt: Date.now() });
    }
  }

  return {
    get,
    list: (projectId?: string) => queries.list(projectId),
    notes: (id: string) => queries.notes(get(id).id),
    metrics: (id: string, afterStep: number) => queries.metrics(get(id).id, afterStep),
    sheetFile: (id: string, step: number) => queries.sheetFile(id, step),
    checkpoints,
    /** The run that holds the engine, if any. */
    active: (): Run | null => (active ? get(active.runId) : null),
    hasLive: (projectId: string) => queries.list(projectId).some((run) => liveStates.includes(run.state)),

    /**
     * Makes a run and queues it.
     *
     * @throws StudioError `preset-unknown`, `setting-unknown`, `setting-out-of-range`,
     *   `dataset-does-not-fit`, `pictures-too-few`, `disk-full`
     */
    async create(request: NewRunRequest): Promise<Run> {
      const version = datasets.version(request.datasetId, request.version);
      const plan = planRun(request, datasets.get(request.datasetId), version);
      // Checkpoints and sheets of a run of this kind stay well below this.
      await requireDiskSpace(workspace.folder, 100_000_000);
      const { id } = plan;
      queries.insert(plan);
      const run = get(id);
      await writeFileAtomic(
        join(workspace.runFolder(id), 'config.json'),
        `${JSON.stringify(
          {
            ...modelConfigOf(run),
            dataset: { id: run.datasetId, version: run.datasetVersion, hash: version.hash },
          },
          null,
          2,
        )}\n`,
      );
      note(id, 'created');
      if (request.backend) wantedBackends.set(id, request.backend);
      own.add(id);
      announce(id, { type: 'run', run });
      pump();
      return get(id);
    },

    pause: (id: string) => orderTo(id).pause(),
    unpause: (id: string) => orderTo(id).unpause(),
    saveNow: (id: string) => orderTo(id).save(),
    sampleNow: (id: string) => orderTo(id).sample(),
    stop(id: string): void {
      const run = get(id);
      if (run.state === 'queued') {
        note(id, 'stopped');
        change(id, { state: 'stopped', endedAt: Date.now() });
      } else if (active?.runId === id && !active.supervision) active.stopWanted = true;
      else orderTo(id).stop();
    },

    /**
     * Queues a run again, from its last checkpoint; on `backend` this time, where one is given.
     *
     * @throws StudioError `not-possible-now` when it is live, or has reached its end and no later one is given
     */
    resume(id: string, stop?: StopCondition, backend?: BackendId): Run {
      const run = get(id);
      if (run.state === 'queued' || liveStates.includes(run.state)) refuse(run, 'resumed');
      const end = stop ?? run.stop;
      const reached = end.kind === 'steps' ? run.step >= end.steps : run.trainedMs >= end.minutes * 60_000;
      if (reached && run.state !== 'failed') {
        throw new StudioError(
          'not-possible-now',
          `“${run.name}” has reached its end at step ${run.step}. Give it a later one, such as --steps ${run.step * 2}.`,
          { name: run.name, state: run.state, wish: 'resumed', step: run.step },
        );
      }
      if (stop) note(id, 'extended', JSON.stringify(stop));
      if (backend) wantedBackends.set(id, backend);
      else wantedBackends.delete(id);
      own.add(id);
      change(id, { state: 'queued', stop: end, failure: null, endedAt: null });
      pump();
      return get(id);
    },

    rename: (id: string, name: string) => change(get(id).id, { name }),
    trash(id: string): void {
      const run = get(id);
      if (liveStates.includes(run.state)) refuse(run, 'removed');
      if (run.state === 'queued') change(id, { state: 'stopped' });
      change(id, { trashedAt: Date.now() });
    },
    restore: (id: string) => void change(get(id).id, { trashedAt: null }),

    /** The run, its sheets and metrics after `afterStep`, then every change. */
    async *watch(id: string, afterStep: number, signal?: AbortSignal): AsyncGenerator<RunEvent> {
      get(id);
      const current = (): { runId: string; event: RunEvent }[] =>
        (
          [
            { type: 'run', run: get(id) },
            { type: 'samples', sheets: queries.sheets(id) },
            { type: 'metrics', points: queries.metrics(id, afterStep) },
          ] satisfies RunEvent[]
        ).map((event) => ({ runId: id, event }));
      for await (const { runId, event } of events.follow(current, signal)) if (runId === id) yield event;
    },
    async *watchAll(signal?: AbortSignal): AsyncGenerator<Run> {
      const current = () =>
        queries.list().map((run) => ({ runId: run.id, event: { type: 'run', run } as const }));
      for await (const { runId, event } of events.follow(current, signal)) {
        if (event.type === 'run' && !queries.isTrashed(runId)) yield event.run;
      }
    },
    /** Waits until a run is no longer queued or live. */
    async whenEnded(id: string): Promise<Run> {
      for await (const event of this.watch(id, Number.MAX_SAFE_INTEGER)) {
        if (event.type !== 'run') continue;
        if (event.run.state !== 'queued' && !liveStates.includes(event.run.state)) return event.run;
      }
      return get(id);
    },
    /** Work off the queue that an earlier process left. */
    start: pump,
    /** Lets the active run save and end; nothing starts afterwards. */
    async close(): Promise<void> {
      closing = true;
      const current = active;
      if (!current) return;
      current.supervision?.stop();
      await current.ended;
    },
  };
}
