import { availableParallelism } from 'node:os';
import { backendIds, type BackendId, type BackendProbe } from '../contract/domain/backends.ts';
import { StudioError, toFailure, type Failure } from '../contract/errors.ts';

/** More threads than this bring no more speed to networks of these sizes. */
const mostThreads = 8;

/** As many threads as the processor has cores, up to where they stop paying. */
export const usefulThreads = (): number => Math.min(mostThreads, availableParallelism());

/** Backends whose device may be missing, and come and go. */
export const acceleratedIds: readonly BackendId[] = ['tensorflow', 'webgpu'];
export const isAccelerated = (id: BackendId): boolean => acceleratedIds.includes(id);

export interface Choice {
  readonly id: BackendId;
  /** Why it is not the pinned one; null when it is, or when none is pinned. */
  readonly notice: Failure | null;
}

/**
 * The backend to use: the pinned one where it can be used, else the first of the order that can. Graphics that
 * the processor imitates are used where they are pinned, and never by themselves.
 *
 * @param excluded those that have just failed
 * @throws StudioError `backend-unavailable` when none is left
 */
export function chooseAmong(
  probes: ReadonlyMap<BackendId, BackendProbe>,
  pinned: BackendId | null,
  excluded: ReadonlySet<BackendId> = new Set(),
): Choice {
  const isUsable = (id: BackendId): boolean => {
    if (excluded.has(id)) return false;
    const probe = probes.get(id);
    if (!probe) return !isAccelerated(id);
    if (probe.refusal) return false;
    return id === pinned || probe.device?.software !== true;
  };
  const order = pinned === null ? backendIds : [pinned, ...backendIds];
  const id = order.find(isUsable);
  if (id === undefined) {
    throw new StudioError(
      'backend-unavailable',
      'No backend works on this machine. “imago backends probe” says why not, for each.',
      { backend: order.join(', ') },
    );
  }
  if (pinned === null || id === pinned) return { id, notice: null };
  const refusal = probes.get(pinned)?.refusal?.message ?? 'It has just failed.';
  const notice = new StudioError(
    'backend-unavailable',
    `The pinned backend “${pinned}” is not there: ${refusal} “${id}” is used instead; the pin stays.`,
    { backend: pinned, used: id, reason: 'pinned-gone', message: refusal },
  );
  return { id, notice: toFailure(notice) };
}
