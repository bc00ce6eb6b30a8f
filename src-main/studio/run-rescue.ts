import type { Run } from '../contract/domain/runs.ts';
import type { Failure } from '../contract/errors.ts';
import type { RunQueries } from '../store/runs.ts';
import type { RunCheckpoints } from './run-checkpoints.ts';
import { differences, isNumbersFailure, remedyFor, type SettingStep } from './run-settings.ts';

/**
 * Goes back to the last good checkpoint with settings that may avoid the failure, and answers with its step; null
 * where nothing would help. What went bad twice from one checkpoint was bad before it: the one before is taken.
 */
export function createRescue({
  queries,
  checkpoints,
  get,
  recordChanges,
}: {
  queries: RunQueries;
  checkpoints: RunCheckpoints;
  get: (id: string) => Run;
  recordChanges: (
    id: string,
    step: number,
    changes: readonly SettingStep[],
    cause: 'user' | 'rescue',
  ) => void;
}) {
  return async (
    id: string,
    { failure, step }: { failure: Failure; step: number },
    attempt: number,
    lastTarget: number | null,
  ): Promise<number | null> => {
    let target = (await checkpoints.last(id))?.step ?? 0;
    if (isNumbersFailure(failure) && target === lastTarget && target > 0) {
      queries.distrustFrom(id, target);
      target = (await checkpoints.last(id))?.step ?? 0;
    }
    const remedy = remedyFor(failure, get(id), queries.initialSettings(id), target);
    if (!remedy) return null;
    const { holds, wanted } = remedy;
    queries.undoChangesAfter(id, target);
    queries.putRescue(id, {
      at: Date.now(),
      failedStep: step,
      failure,
      backToStep: target,
      attempt,
      settings: wanted,
    });
    queries.putNote(id, {
      at: Date.now(),
      step,
      kind: 'rescued',
      detail: `${failure.message} Attempt ${attempt}: back to step ${target}.`,
    });
    recordChanges(id, target, differences(holds, wanted), 'rescue');
    return target;
  };
}
