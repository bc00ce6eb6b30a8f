import type { ShallowRef } from 'vue';
import { shallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/errors.ts';
import { failureOf } from './failure.ts';

interface Attempts {
  /** What the last attempt failed of; null while it goes well. */
  readonly failure: ShallowRef<Failure | null>;
  /** Does what may fail, and notes of what. */
  readonly attempt: (work: () => Promise<unknown>) => Promise<void>;
}

export function useAttempts(): Attempts {
  const failure = shallowRef<Failure | null>(null);
  async function attempt(work: () => Promise<unknown>) {
    failure.value = null;
    try {
      await work();
    } catch (error) {
      failure.value = failureOf(error);
    }
  }
  return { failure, attempt };
}
