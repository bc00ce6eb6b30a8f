import { isRefusal } from './failure.ts';

const firstRetryMs = 250;
const longestRetryMs = 5000;

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = window.setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (window.clearTimeout(timer), resolve()), { once: true });
  });

/**
 * Hands each value of a subscription to `onValue` until `signal` aborts, and subscribes again with growing
 * pauses when the connection breaks. `subscribe` is called anew each time, so that it can say from where.
 *
 * @returns when `signal` has aborted
 * @throws whatever the studio answers when it refuses the subscription itself (`failureOf` reads it)
 */
export async function follow<Value>(
  subscribe: (signal: AbortSignal) => Promise<AsyncIterable<Value>>,
  onValue: (value: Value) => void,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  let retryMs = firstRetryMs;
  while (!signal.aborted) {
    try {
      for await (const value of await subscribe(signal)) {
        retryMs = firstRetryMs;
        if (signal.aborted) return;
        onValue(value);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isRefusal(error)) throw error;
    }
    await pause(retryMs, signal);
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  }
}
