import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Rights } from '../../src-main/contract/domain/licences.ts';
import type { ImportSource, NewFiles } from '../../src-main/contract/domain/sources.ts';
import { follow } from '../client/follow.ts';
import { client } from '../client/studio-client.ts';
import { upload } from '../client/upload.ts';
import { useDatasets } from './datasets.ts';
import { useJobs } from './jobs.ts';
import type { ChosenSource } from './sources.ts';

/** The sources of datasets: adding to them, their rights, and what watched folders offer. */
export const useDatasetSources = defineStore('dataset-sources', () => {
  const datasets = useDatasets();
  const jobs = useJobs();
  /** What each watched folder offers, by source. */
  const offers = ref(new Map<string, NewFiles>());
  /** The dataset that takes what is dropped on the window; null where a drop starts a project. */
  const takesDrops = ref<string | null>(null);
  const uploading = ref<{ files: number; total: number } | null>(null);

  /** Starts to bring a source in. */
  async function add(datasetId: string, chosen: ChosenSource): Promise<void> {
    const source = chosen.kind === 'files' ? await send(chosen.files) : chosen;
    const { job } = await client.sources.add({ datasetId, source });
    jobs.note(job);
    await datasets.refresh(datasetId);
  }

  async function send(files: Extract<ChosenSource, { kind: 'files' }>['files']): Promise<ImportSource> {
    uploading.value = { files: 0, total: files.length };
    const report = (done: { files: number }) => (uploading.value = { ...done, total: files.length });
    try {
      return { kind: 'upload', uploadId: await upload(files, report, new AbortController().signal) };
    } finally {
      uploading.value = null;
    }
  }

  async function setRights(id: string, rights: Rights): Promise<void> {
    datasets.note(await client.sources.setRights({ id, rights }));
  }

  async function setWatched(id: string, watched: boolean): Promise<void> {
    datasets.note(await client.sources.setWatched({ id, watched }));
    if (watched) await look(id);
    else offers.value.delete(id);
  }

  /** Lists a folder anew. */
  async function look(id: string): Promise<void> {
    offers.value.set(id, await client.sources.newFiles({ id }));
  }

  async function addNewFiles(id: string, datasetId: string): Promise<void> {
    const { job } = await client.sources.addNewFiles({ id });
    jobs.note(job);
    offers.value.delete(id);
    await jobs.ended(job.id);
    await datasets.refresh(datasetId);
  }

  /** Looks again into the watched folders of a dataset whenever one of them changes, until `signal` aborts. */
  const followOffers = (datasetId: string, signal: AbortSignal): Promise<void> =>
    follow(
      (of) => client.sources.watch(undefined, { signal: of }),
      (change) => {
        if (change.datasetId === datasetId) void look(change.sourceId).catch(() => undefined);
      },
      { signal },
    );

  return { offers, takesDrops, uploading, add, setRights, setWatched, look, addNewFiles, followOffers };
});
