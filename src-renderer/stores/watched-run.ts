import { computed, onScopeDispose, shallowRef, watch } from 'vue';
import type { RunNote } from '../../src-main/contract/domain/runs.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { failureOf } from '../client/failure.ts';
import { follow } from '../client/follow.ts';
import { useClient } from '../client/studio-client.ts';
import { applyRunEvent, emptyRecord } from './run-record.ts';
import type { RunRecord } from './run-record.ts';
import { useRuns } from './runs.ts';

/**
 * One run with its metrics, sheets and notes, followed live for as long as the component lives; starts
 * over when `runId` changes. An empty id follows nothing.
 */
export function useWatchedRun(runId: () => string) {
  const client = useClient();
  const runs = useRuns();
  const record = shallowRef<RunRecord>(emptyRecord);
  const notes = shallowRef<readonly RunNote[]>([]);
  const failure = shallowRef<Failure | null>(null);
  let abort = new AbortController();

  watch(
    runId,
    (id) => {
      abort.abort();
      abort = new AbortController();
      const { signal } = abort;
      record.value = emptyRecord;
      notes.value = [];
      failure.value = null;
      if (id === '') return;
      const subscribe = () =>
        client.runs.watch({ id, afterStep: record.value.points.at(-1)?.step ?? -1 }, { signal });
      follow(
        subscribe,
        (event) => {
          if (signal.aborted) return;
          record.value = applyRunEvent(record.value, event);
          if (event.type === 'run') runs.take(event.run);
        },
        { signal },
      ).catch((error: unknown) => {
        if (!signal.aborted) failure.value = failureOf(error);
      });
    },
    { immediate: true },
  );
  onScopeDispose(() => abort.abort());

  const run = computed(() => record.value.run);

  watch(
    () => run.value && ([run.value.id, run.value.state, run.value.checkpoints.at(-1)?.step] as const),
    async (current, previous) => {
      if (!current || (previous && current.every((part, index) => part === previous[index]))) return;
      const [id] = current;
      const { signal } = abort;
      try {
        const fetched = await client.runs.notes({ id }, { signal });
        if (!signal.aborted) notes.value = fetched;
      } catch (error) {
        // The log is an extra: a broken connection is told by the frame, and the next change asks again.
        if (!signal.aborted) console.warn(failureOf(error).message);
      }
    },
  );

  return {
    run,
    points: computed(() => record.value.points),
    sheets: computed(() => record.value.sheets),
    notes,
    failure,
  };
}
