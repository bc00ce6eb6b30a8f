import type { BackendId } from '../contract/domain/backends.ts';
import type { Run, RunEvent, RunNote, StopCondition } from '../contract/domain/runs.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { parseLiveSettings } from '../contract/live-settings.ts';
import { families } from '../contract/presets.ts';
import type { Database } from '../store/database.ts';
import { preferenceQueries } from '../store/preferences.ts';
import { runQueries, type RunChange, type StoredRun } from '../store/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { StudioBackends } from './backends.ts';
import { createChannel } from './channel.ts';
import type { Datasets } from './datasets.ts';
import { createRunCheckpoints } from './run-checkpoints.ts';
import { createRunMaking } from './run-making.ts';
import { createRunQueue } from './run-queue.ts';
import { differences } from './run-settings.ts';
import type { Supervision } from './run-supervision.ts';
import { createRunTraining, notPossibleNow } from './run-training.ts';

export type Runs = ReturnType<typeof createRuns>;

/** States in which a run has, or is about to have, an engine. */
const liveStates: readonly Run['state'][] = ['starting', 'running', 'paused', 'stopping'];

/**
 * Runs: made, forked, queued, trained in engine children (as many at once on one device as the preferences say),
 * changed, paused, resumed, watched.
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
  const preferences = preferenceQueries(database);
  const checkpoints = createRunCheckpoints({ queries, workspace });
  const events = createChannel<{ runId: string; event: RunEvent }>();
  const own = new Set<string>();
  const closing = new AbortController();

  const present = (run: StoredRun): Run => ({
    ...run,
    warnings: [...(turns.actives.get(run.id)?.warnings.values() ?? [])],
    waiting: turns.waitingOf(run),
  });

  const get = (id: string): Run => {
    const run = queries.get(id);
    if (run) return present(run);
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
    throw notPossibleNow(run, wish);
  };
  const training = createRunTraining({
    ...{ queries, backends, workspace, datasets, checkpoints, get, change, note, announce },
    stallSeconds: () => preferences.read().stallSeconds,
    isClosing: () => closing.signal.aborted,
  });

  const turns = createRunQueue({
    queries,
    backends,
    atOnce: () => preferences.read().runsAtOnce,
    isWorkedOff: (id) => queue === 'all' || own.has(id),
    isClosing: () => closing.signal.aborted,
    train: (active) => training.train(active).catch((error: unknown) => training.giveUp(active.runId, error)),
    tell: (id) => void change(id, {}),
  });
  const { actives, pump } = turns;

  const orderTo = (id: string): Supervision =>
    actives.get(id)?.supervision ?? refuse(get(id), 'given orders');

  const making = createRunMaking({
    ...{ queries, backends, workspace, datasets, checkpoints, training, get, note, change },
    signal: closing.signal,
    begin(id) {
      own.add(id);
      pump();
    },
  });

  // A process that ended without closing the studio left its runs as they were.
  for (const state of liveStates) {
    for (const id of queries.idsIn(state)) {
      note(id, 'interrupted', 'The studio ended while this run was training.');
      change(id, { state: 'interrupted', endedAt: Date.now() });
    }
  }

  return {
    get,
    list: (projectId?: string): Run[] => queries.list(projectId).map(present),
    /** Runs that branched off this one. */
    children: (id: string) => queries.children(get(id).id),
    notes: (id: string) => queries.notes(get(id).id),
    metrics: (id: string, afterStep: number) => queries.metrics(get(id).id, afterStep),
    sheetFile: (id: string, step: number) => queries.sheetFile(id, step),
    checkpoints,
    /** A run that holds an engine, if any does. */
    active: (): Run | null => {
      const [first] = actives.keys();
      return first === undefined ? null : get(first);
    },
    create: making.create,
    planStart: making.planStart,
    fork: making.fork,
    hasLive: (projectId: string) => queries.list(projectId).some((run) => liveStates.includes(run.state)),

    /**
     * Changes settings of a run: while it trains, from its next step on; otherwise from where it goes on.
     *
     * @throws StudioError `setting-unknown`, `setting-fixed`, `setting-out-of-range`, `not-possible-now`
     */
    async set(id: string, wanted: Settings): Promise<Run> {
      const run = get(id);
      const settings = parseLiveSettings(families[run.family].parameters, wanted);
      if (run.state === 'starting' || run.state === 'stopping') refuse(run, 'changed');
      if (run.state === 'running') {
        await orderTo(id).set(settings);
        return get(id);
      }
      const step = (await checkpoints.last(id))?.step ?? 0;
      training.recordChanges(id, step, differences(run.settings, settings), 'user');
      return get(id);
    },

    /** Stars a checkpoint or takes the star away. @throws StudioError `checkpoint-missing` */
    async markCheckpoint(id: string, step: number, marked: boolean): Promise<Run> {
      await checkpoints.mark(get(id).id, step, marked);
      return change(id, {});
    },

    /** Gives a run that stands still a fresh engine; it goes on from the last checkpoint. */
    restart(id: string): void {
      const active = actives.get(id);
      if (!active?.supervision) return void refuse(get(id), 'restarted');
      active.restartWanted = true;
      active.supervision.kill();
    },

    /** Saves a run and ends its process, which frees its memory; it keeps its place on the device. */
    pause: (id: string) => orderTo(id).pause(),
    unpause(id: string): void {
      const wake = actives.get(id)?.wake ?? refuse(get(id), 'resumed');
      wake('go-on');
    },
    saveNow: (id: string) => orderTo(id).save(),
    sampleNow: (id: string) => orderTo(id).sample(),
    stop(id: string): void {
      const run = get(id);
      const active = actives.get(id);
      if (active?.wake) active.wake('stop');
      else if (active && !active.supervision) active.stopWanted = true;
      else if (run.state === 'queued') {
        note(id, 'stopped');
        change(id, { state: 'stopped', endedAt: Date.now() });
        pump();
      } else orderTo(id).stop();
    },

    /**
     * Queues a run again, from its last checkpoint; on `backend` this time, where one is given.
     *
     * @throws StudioError `not-possible-now` when it is live, or has reached its end and no later one is given;
     *   `checkpoint-corrupt` when the checkpoint is no longer what was saved
     */
    async resume(id: string, stop?: StopCondition, backend?: BackendId): Promise<Run> {
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
      const checkpoint = await checkpoints.last(id);
      if (checkpoint) await checkpoints.requireWhole(id, checkpoint);
      if (stop) note(id, 'extended', JSON.stringify(stop));
      own.add(id);
      change(id, {
        state: 'queued',
        stop: end,
        failure: null,
        endedAt: null,
        wantedBackend: backend ?? null,
      });
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
    /** Each run, then each change of any, its way to the trash and back included. */
    async *watchAll(signal?: AbortSignal): AsyncGenerator<Run> {
      const current = () =>
        queries.list().map((run) => ({ runId: run.id, event: { type: 'run', run: present(run) } as const }));
      for await (const { event } of events.follow(current, signal)) {
        if (event.type === 'run') yield event.run;
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
    /** Begins what may begin: what an earlier process left, or what new preferences allow. */
    start: pump,
    /** Lets the active runs save and end; nothing starts afterwards. */
    async close(): Promise<void> {
      closing.abort(new StudioError('cancelled', 'The studio is closing.'));
      for (const { supervision, wake } of actives.values()) {
        supervision?.stop();
        wake?.('stop');
      }
      await Promise.all([...actives.values()].map(({ ended }) => ended));
    },
  };
}
