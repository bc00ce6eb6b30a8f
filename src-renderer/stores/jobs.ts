import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { Job } from '../../src-main/contract/domain/jobs.ts';
import { follow } from '../client/follow.ts';
import { client } from '../client/studio-client.ts';

/** Imports, version building, generations and exports, as they go. */
export const useJobs = defineStore('jobs', () => {
  const jobs = ref(new Map<string, Job>());
  const listeners = new Set<(job: Job) => void>();

  const running = computed(() => [...jobs.value.values()].filter((job) => job.state === 'running'));

  /** Takes in what a call answered, unless the watch already knows a later state. */
  function note(job: Job) {
    const known = jobs.value.get(job.id);
    if (known && known.state !== 'running') return;
    jobs.value.set(job.id, job);
    for (const listener of listeners) listener(job);
  }

  /** Calls `listener` at every change of any job; returns what takes it off again. */
  function onChange(listener: (job: Job) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** The job once it has ended, however it ended. */
  function ended(jobId: string): Promise<Job> {
    return new Promise((resolve) => {
      const stop = onChange((job) => {
        if (job.id === jobId && job.state !== 'running') {
          stop();
          resolve(job);
        }
      });
      const known = jobs.value.get(jobId);
      if (known && known.state !== 'running') {
        stop();
        resolve(known);
      }
    });
  }

  async function cancel(jobId: string) {
    await client.jobs.cancel({ id: jobId });
  }

  /** Follows every job for as long as the window lives. */
  function watch(signal: AbortSignal) {
    return follow((ended) => client.jobs.watch(undefined, { signal: ended }), note, { signal });
  }

  return { jobs, running, note, onChange, ended, cancel, watch };
});
