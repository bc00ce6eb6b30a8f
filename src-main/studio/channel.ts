/** One-to-many delivery of live values to asynchronous iterators. */
export interface Channel<Value> {
  send(value: Value): void;
  /**
   * Yields what `current` returns at the moment of the first pull, then every value sent since, in order;
   * ends when `signal` aborts or the iterator is closed.
   */
  follow(current: () => Iterable<Value>, signal?: AbortSignal): AsyncGenerator<Value>;
}

/** Values queue up per follower, so that a slow one neither loses any nor holds up the others. */
export function createChannel<Value>(): Channel<Value> {
  const followers = new Set<{ queue: Value[]; wake: () => void }>();
  return {
    send(value) {
      for (const follower of followers) {
        follower.queue.push(value);
        follower.wake();
      }
    },
    async *follow(current, signal) {
      const follower = { queue: [] as Value[], wake: () => {} };
      const wake = () => follower.wake();
      followers.add(follower);
      signal?.addEventListener('abort', wake);
      try {
        yield* current();
        while (!signal?.aborted) {
          const waiting = follower.queue.splice(0);
          if (waiting.length > 0) yield* waiting;
          else {
            await new Promise<void>((resolve) => {
              follower.wake = resolve;
              if (signal?.aborted || follower.queue.length > 0) resolve();
            });
          }
        }
      } finally {
        followers.delete(follower);
        signal?.removeEventListener('abort', wake);
      }
    },
  };
}
