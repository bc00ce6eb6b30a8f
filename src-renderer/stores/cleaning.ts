import { defineStore } from 'pinia';
import { ref } from 'vue';
import type {
  CleaningOverview,
  CleaningThresholds,
  FindingKind,
} from '../../src-main/contract/domain/cleaning.ts';
import { client } from '../client/studio-client.ts';
import { useDatasets } from './datasets.ts';
import { useJobs } from './jobs.ts';

const refreshEveryMs = 1000;

/** The review of each dataset as the studio says it is; `revisions` counts how often its findings changed. */
export const useCleaning = defineStore('cleaning', () => {
  const jobs = useJobs();
  const datasets = useDatasets();
  const overviews = ref(new Map<string, CleaningOverview>());
  const revisions = ref(new Map<string, number>());
  const waiting = new Set<string>();

  function take(id: string, overview: CleaningOverview) {
    overviews.value.set(id, overview);
    revisions.value.set(id, (revisions.value.get(id) ?? 0) + 1);
  }

  async function refresh(id: string) {
    take(id, await client.cleaning.overview({ id }));
  }

  jobs.onChange((job) => {
    const id = job.resultId;
    if (job.kind !== 'cleaning' || id === null || !overviews.value.has(id)) return;
    if (job.state !== 'running') {
      void refresh(id).catch(() => undefined);
      return;
    }
    if (waiting.has(id)) return;
    waiting.add(id);
    window.setTimeout(() => {
      waiting.delete(id);
      void refresh(id).catch(() => undefined);
    }, refreshEveryMs);
  });

  async function start(id: string) {
    const { job } = await client.cleaning.start({ id });
    jobs.note(job);
  }
  async function adjust(id: string, thresholds: Partial<CleaningThresholds>) {
    take(id, await client.cleaning.adjust({ id, thresholds }));
  }
  async function decide(
    id: string,
    verdict: 'accept' | 'reject',
    which: { findingIds: number[] } | { kind: FindingKind },
  ) {
    take(id, await client.cleaning.decide({ id, verdict, which }));
    await datasets.refresh(id);
  }
  async function exclude(id: string, pictureIds: string[], excluded: boolean) {
    take(id, await client.cleaning.exclude({ id, pictureIds, excluded }));
  }
  async function undo(id: string, decision?: number) {
    take(id, await client.cleaning.undo({ id, ...(decision === undefined ? {} : { decision }) }));
    await datasets.refresh(id);
  }

  return { overviews, revisions, refresh, start, adjust, decide, exclude, undo };
});
