import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { Dataset } from '../../src-main/contract/domain/datasets.ts';
import type { ImportSource } from '../../src-main/contract/domain/sources.ts';
import { failureOf } from '../client/failure.ts';
import { client } from '../client/studio-client.ts';
import { useJobs } from './jobs.ts';

const refreshEveryMs = 600;

/** Datasets as they fill: one that is being imported is read again while its job reports. */
export const useDatasets = defineStore('datasets', () => {
  const jobs = useJobs();
  const datasets = ref(new Map<string, Dataset>());
  const loaded = ref(false);
  const newestFirst = computed(() => [...datasets.value.values()].sort((a, b) => b.createdAt - a.createdAt));
  const waiting = new Set<string>();

  async function load() {
    const listed = await client.datasets.list({});
    datasets.value = new Map(listed.map((dataset) => [dataset.id, dataset]));
    loaded.value = true;
  }

  async function refresh(id: string): Promise<Dataset> {
    const dataset = await client.datasets.get({ id });
    datasets.value.set(id, dataset);
    return dataset;
  }

  /** A dataset that the studio no longer knows (its import was cancelled) leaves the list. */
  const refreshQuietly = (id: string) =>
    refresh(id).catch((error: unknown) => {
      if (failureOf(error).code === 'not-found') datasets.value.delete(id);
    });

  jobs.onChange((job) => {
    const id = job.resultId;
    if ((job.kind !== 'import' && job.kind !== 'version') || !id?.length) return;
    if (job.state !== 'running') {
      void (job.kind === 'import' ? refreshQuietly(id) : load().catch(() => undefined));
      return;
    }
    if (waiting.has(id)) return;
    waiting.add(id);
    window.setTimeout(() => {
      waiting.delete(id);
      void refreshQuietly(id);
    }, refreshEveryMs);
  });

  /** Starts an import and answers with the new dataset's id and its job's. */
  async function startImport(projectId: string, name: string, source: ImportSource) {
    const { datasetId, job } = await client.datasets.import({ projectId, name, source });
    jobs.note(job);
    await refreshQuietly(datasetId);
    return { datasetId, jobId: job.id };
  }

  /** Takes what the studio answered to a change. */
  const note = (dataset: Dataset) => void datasets.value.set(dataset.id, dataset);

  async function rename(id: string, name: string) {
    datasets.value.set(id, await client.datasets.rename({ id, name }));
  }

  return { datasets, newestFirst, loaded, load, refresh, startImport, rename, note };
});
