import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Estimate } from '../../src-main/contract/domain/estimates.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { families } from '../../src-main/contract/presets.ts';
import { failureOf } from '../client/failure.ts';
import { client } from '../client/studio-client.ts';
import { useJobs } from './jobs.ts';

export type Measurement =
  { state: 'measuring' } | { state: 'measured'; estimate: Estimate } | { state: 'failed'; failure: Failure };

/** Settings that change the rhythm of a run and not the cost of its steps. */
const rhythm = new Set(
  Object.values(families).flatMap(({ parameters }) =>
    parameters.filter(({ live }) => live === 'rhythm').map(({ key }) => key),
  ),
);

const costing = (settings: Settings): Settings =>
  Object.fromEntries(
    Object.entries(settings)
      .filter(([key]) => !rhythm.has(key))
      .sort(([a], [b]) => a.localeCompare(b)),
  );

/** What trials on this machine measured; one at a time, so that they do not slow each other down. */
export const useEstimates = defineStore('estimates', () => {
  const jobs = useJobs();
  const measurements = ref(new Map<string, Measurement>());
  let queue: Promise<void> = Promise.resolve();

  const keyOf = (presetId: string, settings: Settings) => JSON.stringify([presetId, costing(settings)]);

  const of = (presetId: string, settings: Settings): Measurement | null =>
    measurements.value.get(keyOf(presetId, settings)) ?? null;

  /** Measures unless it is known or under way; a failed trial is tried again. */
  function measure(presetId: string, settings: Settings) {
    const key = keyOf(presetId, settings);
    const known = measurements.value.get(key);
    if (known && known.state !== 'failed') return;
    measurements.value.set(key, { state: 'measuring' });
    queue = queue.then(async () => {
      if (!measurements.value.has(key)) return;
      try {
        const estimate = await client.runs.estimate({ presetId, settings: costing(settings) });
        measurements.value.set(key, { state: 'measured', estimate });
      } catch (error) {
        measurements.value.set(key, { state: 'failed', failure: failureOf(error) });
      }
    });
  }

  /** Leaves the machine to a run that is about to start: trials under way or waiting are given up. */
  async function giveUp() {
    for (const [key, { state }] of measurements.value) {
      if (state === 'measuring') measurements.value.delete(key);
    }
    const trials = jobs.running.filter((job) => job.kind === 'estimate');
    await Promise.all(trials.map((job) => jobs.cancel(job.id).catch(() => undefined)));
  }

  return { of, measure, giveUp };
});
