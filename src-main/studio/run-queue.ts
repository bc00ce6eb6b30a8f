import type { Waiting } from '../contract/domain/run-history.ts';
import type { RunQueries, StoredRun } from '../store/runs.ts';
import type { StudioBackends } from './backends.ts';
import { deviceClassOf, nextToBegin, waitingFor, type DeviceClass } from './run-devices.ts';
import type { ActiveRun } from './run-training.ts';

/** Whose turn it is: runs take turns on the processor and on the graphics card, so many at once as allowed. */
export function createRunQueue({
  queries,
  backends,
  atOnce,
  isWorkedOff,
  isClosing,
  train,
  tell,
}: {
  queries: RunQueries;
  backends: StudioBackends;
  /** How many may train on one device at once. */
  atOnce: () => number;
  /** Whether a queued run is this studio's to begin. */
  isWorkedOff: (id: string) => boolean;
  isClosing: () => boolean;
  /** Trains a run to its end; must not reject. */
  train: (active: ActiveRun) => Promise<void>;
  /** Tells watchers of a run that something about it is another. */
  tell: (id: string) => void;
}) {
  const actives = new Map<string, ActiveRun>();

  /** What a run takes or would take, as far as that is known without looking for devices. */
  const deviceOf = ({ id, wantedBackend }: StoredRun): DeviceClass => {
    const active = actives.get(id);
    if (active) return active.device;
    try {
      return deviceClassOf(wantedBackend ?? backends.list().chosen);
    } catch {
      return 'processor';
    }
  };
  const queued = () =>
    queries
      .idsIn('queued')
      .filter(isWorkedOff)
      .map((id) => ({ id, device: deviceOf(queries.get(id)!) }));
  const busy = () => [...actives.values()].map(({ runId, device }) => ({ id: runId, device }));

  /** Begins what may begin; the others are told anew why they wait. */
  const pump = (): void => {
    if (isClosing()) return;
    for (const { id, device } of nextToBegin(queued(), busy(), atOnce())) {
      // Claimed before the first await, so that two calls cannot start two engines.
      const active: ActiveRun = {
        runId: id,
        device,
        supervision: null,
        stopWanted: false,
        wake: null,
        restartWanted: false,
        warnings: new Map(),
        ended: Promise.resolve(),
      };
      actives.set(id, active);
      active.ended = train(active).finally(() => {
        actives.delete(id);
        pump();
      });
    }
    for (const { id } of queued()) tell(id);
  };

  return {
    /** The runs that hold a device, by their ids. */
    actives: actives as ReadonlyMap<string, ActiveRun>,
    pump,
    /** Why a queued run has not begun; null for any other. */
    waitingOf(run: StoredRun): Waiting | null {
      if (run.state !== 'queued' || actives.has(run.id)) return null;
      const named = busy().map((each) => ({ ...each, name: queries.get(each.id)!.name }));
      return waitingFor(run.id, queued(), named, atOnce());
    },
  };
}
