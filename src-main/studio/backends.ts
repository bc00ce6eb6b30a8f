import { backendIds, type BackendId, type BackendProbe, type Backends } from '../contract/domain/backends.ts';
import { engineProtocol, type BackendChoice } from '../contract/engine-messages.ts';
import { StudioError, toFailure, type Failure } from '../contract/errors.ts';
import { withoutHalfPrecision, type Precision } from '../contract/precision.ts';
import type { Database } from '../store/database.ts';
import { backendProbeQueries } from '../store/backend-probes.ts';
import { preferenceQueries } from '../store/preferences.ts';
import { acceleratedIds, chooseAmong, isAccelerated, usefulThreads } from './backend-choice.ts';
import { runEngineJob } from './engine-process.ts';

/** A slow laptop compiles its first shaders for seconds; what takes longer than this is stuck. */
const probeLimitMs = 60_000;
const probeSteps = 20;

export interface ChosenBackend {
  readonly backend: BackendChoice;
  /** Why it is not the one that was asked for; null when it is. */
  readonly notice: Failure | null;
}

export type StudioBackends = ReturnType<typeof createBackends>;

/**
 * What this machine can train on: probed in processes of their own, remembered in the store, and chosen for every
 * engine that the studio starts.
 */
export function createBackends({ database }: { database: Database }) {
  const probes = backendProbeQueries(database);
  const preferences = preferenceQueries(database);
  const closing = new AbortController();
  /** Backends that this process has looked at itself, or need not look at. */
  const seen = new Set<BackendId>();
  /** Probes share one device, so they wait for each other. */
  let last: Promise<unknown> = Promise.resolve();

  const pinned = (): BackendId | null => {
    const { backend } = preferences.read();
    return backend === 'auto' ? null : backend;
  };
  const engineBackend = (id: BackendId): BackendChoice => ({
    id,
    threads: id === 'wasm' ? usefulThreads() : 1,
    adapter: preferences.read().adapter,
  });

  /** @param steps 0 only looks whether the device is there; the time of the last full probe then stays */
  const probeNow = async (id: BackendId, steps: number): Promise<void> => {
    const before = probes.read(id);
    const found: BackendProbe = {
      id,
      at: Date.now(),
      device: null,
      stepMs: steps === 0 ? (before?.stepMs ?? null) : null,
      refusal: null,
      remark: null,
    };
    const limit = AbortSignal.timeout(probeLimitMs);
    try {
      await runEngineJob(
        { job: 'probe', protocol: engineProtocol, backend: engineBackend(id), steps },
        (report) => {
          if (report.report !== 'probe') return;
          found.device = report.device;
          found.remark = report.remark;
          found.stepMs = report.stepMs ?? found.stepMs;
        },
        AbortSignal.any([closing.signal, limit]),
      );
    } catch (error) {
      closing.signal.throwIfAborted();
      found.refusal = toFailure(limit.aborted ? tooSlow(id) : asRefusal(id, error));
    }
    probes.write(found);
    seen.add(id);
  };
  const probe = (id: BackendId, steps: number): Promise<void> => {
    const turn = last.then(() => probeNow(id, steps));
    last = turn.catch(() => undefined);
    return turn;
  };

  /**
   * Looks at each accelerated backend once in this process: in full where nothing is known of it, else only
   * whether it is still there. What was refused before is left to a probe on demand, unless it is pinned.
   */
  const lookAround = async (): Promise<void> => {
    for (const id of acceleratedIds) {
      if (seen.has(id)) continue;
      const known = probes.read(id);
      const isPinned = pinned() === id;
      if (!known || (known.refusal && isPinned)) await probe(id, probeSteps);
      else if (!known.refusal && (isPinned || known.device?.software !== true)) await probe(id, 0);
      seen.add(id);
    }
  };

  const choose = async (
    wanted: BackendId | null = null,
    excluded: ReadonlySet<BackendId> = new Set(),
  ): Promise<ChosenBackend> => {
    if (wanted === null || isAccelerated(wanted)) await lookAround();
    const { id, notice } = chooseAmong(probes.all(), wanted ?? pinned(), excluded);
    return { backend: engineBackend(id), notice };
  };

  /** Remembers that a backend which was there has gone. */
  const refuse = (id: BackendId, refusal: Failure): void => {
    probes.write({ id, at: Date.now(), device: null, stepMs: null, refusal, remark: null });
  };

  const list = (): Backends => {
    const all = probes.all();
    const { id, notice } = chooseAmong(all, pinned());
    return {
      backends: backendIds.map((backendId) => ({ id: backendId, probe: all.get(backendId) ?? null })),
      pinned: pinned(),
      adapter: preferences.read().adapter,
      chosen: id,
      notice,
    };
  };

  return {
    list,
    /** Probes one backend or all, one after the other. */
    async probe(id?: BackendId): Promise<Backends> {
      for (const each of id === undefined ? backendIds : [id]) await probe(each, probeSteps);
      return list();
    },
    /** Null takes the best one again. The pin of a backend that is not there is kept, and waits for it. */
    async pin(id: BackendId | null, adapter = ''): Promise<Backends> {
      preferences.write({ backend: id ?? 'auto', adapter });
      for (const accelerated of acceleratedIds) seen.delete(accelerated);
      if (id !== null) await probe(id, probeSteps);
      return list();
    },
    /** What an engine is to run on now; `wanted` goes before the pinned one. */
    choose,
    refuse,
    /**
     * Makes sure that what would be used now can train in this precision.
     *
     * @throws StudioError `precision-unavailable` naming the device
     */
    async requirePrecision(precision: Precision, wanted: BackendId | null): Promise<void> {
      if (precision === 'full') return;
      const { backend } = await choose(wanted);
      const device = probes.read(backend.id)?.device;
      if (!device?.halfPrecision) throw withoutHalfPrecision(device?.name ?? backend.id);
    },
    /** What would be used if this one were not there; null when nothing would. */
    nextAfter(id: BackendId): BackendId | null {
      try {
        return chooseAmong(probes.all(), null, new Set([id])).id;
      } catch {
        return null;
      }
    },
    /** Does work on the chosen backend, and on the next one where that has gone since it was looked at. */
    async use<Result>(work: (backend: BackendChoice) => Promise<Result>): Promise<Result> {
      const excluded = new Set<BackendId>();
      for (;;) {
        const { backend } = await choose(null, excluded);
        try {
          return await work(backend);
        } catch (error) {
          if (!(error instanceof StudioError) || error.code !== 'backend-unavailable') throw error;
          refuse(backend.id, toFailure(error));
          excluded.add(backend.id);
        }
      }
    },
    /** At the start of a face: why the pinned backend cannot be used, if it cannot. */
    async pinNotice(): Promise<Failure | null> {
      const id = pinned();
      return id !== null && isAccelerated(id) ? (await choose()).notice : null;
    },
    async close(): Promise<void> {
      closing.abort(new StudioError('cancelled', 'The studio is closing.'));
      await last;
    },
  };
}

function tooSlow(id: BackendId): StudioError {
  const seconds = probeLimitMs / 1000;
  return new StudioError(
    'backend-unavailable',
    `The probe of “${id}” did not end within ${seconds} seconds. Update its driver, or use another backend.`,
    { backend: id, reason: 'probe-too-slow', seconds },
  );
}

/** A crash says nothing about a model here: it is the backend's own. */
function asRefusal(id: BackendId, error: unknown): unknown {
  if (!(error instanceof StudioError) || error.code !== 'engine-crashed') return error;
  const { output = '' } = error.details;
  return new StudioError(
    'backend-unavailable',
    `“${id}” ends its process when it is used${output === '' ? '' : ` (${output})`}. Update its driver, or use another backend.`,
    { backend: id, reason: 'probe-crashed', message: output },
  );
}
