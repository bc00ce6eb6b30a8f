import { onScopeDispose } from 'vue';
import { failureOf } from '../client/failure.ts';
import { follow } from '../client/follow.ts';
import { useClient } from '../client/studio-client.ts';

const quietMs = 300;

/**
 * Calls `onChange` after pictures came, went or were starred, at most every 300 ms, for as long as the
 * component lives. The studio's first message only says how things stand and counts as a change too.
 */
export function useGalleryChanges(onChange: () => void) {
  const client = useClient();
  const abort = new AbortController();
  let timer: number | undefined;
  const { signal } = abort;
  follow(
    () => client.gallery.watch(undefined, { signal }),
    () => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        if (!signal.aborted) onChange();
      }, quietMs);
    },
    { signal },
  ).catch((error: unknown) => console.warn(failureOf(error).message));
  onScopeDispose(() => {
    abort.abort();
    window.clearTimeout(timer);
  });
}
