import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Dataset, DatasetVersion } from '../../src-main/contract/domain/datasets.ts';
import { recipeSchema, type FocusPoint, type Recipe } from '../../src-main/contract/domain/recipes.ts';
import type { DifferenceKind } from '../../src-main/contract/domain/versions.ts';
import { client } from '../client/studio-client.ts';
import { useDatasets } from './datasets.ts';
import { useJobs } from './jobs.ts';

/** The version that the next training takes; null before there is one. */
export function currentVersionOf({ currentVersion, versions }: Dataset): DatasetVersion | null {
  return versions.find(({ version }) => version === currentVersion?.version) ?? null;
}

/** Recipes as they are being chosen, and what the studio makes and says of versions. */
export const useVersions = defineStore('versions', () => {
  const datasets = useDatasets();
  const jobs = useJobs();
  /** By dataset; kept while the window lives, so that a look at another tab loses nothing. */
  const drafts = ref(new Map<string, Recipe>());

  /** The recipe being chosen: at first that of the current version, or what the pictures suggest. */
  const draftOf = (dataset: Dataset): Recipe =>
    drafts.value.get(dataset.id) ?? recipeSchema.parse(currentVersionOf(dataset) ?? dataset.proposal);

  function choose(datasetId: string, recipe: Recipe) {
    drafts.value.set(datasetId, recipe);
  }

  const outline = (id: string, recipe: Recipe, samples: number, start: number, signal: AbortSignal) =>
    client.versions.outline({ id, recipe, samples, start }, { signal });

  /** Starts to make a version; its job is among the jobs. */
  async function make(id: string, recipe: Recipe): Promise<string> {
    const { job } = await client.datasets.buildVersion({ id, recipe });
    jobs.note(job);
    return job.id;
  }

  const setFocus = (pictureId: string, focus: FocusPoint | null) =>
    client.versions.setFocus({ pictureId, focus });

  async function makeCurrent(id: string, version: number) {
    datasets.datasets.set(id, await client.versions.makeCurrent({ id, version }));
    // The recipe of the version that is current now is where the next choice begins.
    drafts.value.delete(id);
  }

  const compare = (id: string, from: number, to: number) => client.versions.compare({ id, from, to });

  const differences = (
    id: string,
    from: number,
    to: number,
    kind: DifferenceKind,
    offset: number,
    limit: number,
  ) => client.versions.differences({ id, from, to, kind, offset, limit });

  return { draftOf, choose, outline, make, setFocus, makeCurrent, compare, differences };
});
