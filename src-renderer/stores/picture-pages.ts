import type { Ref } from 'vue';
import { ref, watch } from 'vue';
import type { Picture } from '../../src-main/contract/domain/datasets.ts';
import { client } from '../client/studio-client.ts';

const pagePictures = 200;

/**
 * The pictures of a dataset, fetched page by page as they come into sight.
 *
 * `total` may grow while an import runs: the page at the old end is then asked for again.
 */
export function usePicturePages(datasetId: Ref<string>, label: Ref<string | undefined>, total: Ref<number>) {
  const pictures = ref(new Map<number, Picture>());
  const asked = new Map<number, number>();
  let generation = 0;

  watch([datasetId, label], () => {
    generation += 1;
    asked.clear();
    pictures.value = new Map();
  });

  async function fetchPage(page: number, upTo: number) {
    const mine = generation;
    asked.set(page, upTo);
    try {
      const { items } = await client.datasets.pictures({
        id: datasetId.value,
        offset: page * pagePictures,
        limit: pagePictures,
        ...(label.value === undefined ? {} : { label: label.value }),
      });
      if (mine !== generation) return;
      for (const [index, picture] of items.entries())
        pictures.value.set(page * pagePictures + index, picture);
    } catch {
      if (mine === generation) asked.delete(page);
    }
  }

  /** Makes sure that the pictures from `first` to `last` are there, or on their way. */
  function see(first: number, last: number) {
    for (let page = Math.floor(first / pagePictures); page * pagePictures <= last; page += 1) {
      const upTo = Math.min(total.value, (page + 1) * pagePictures);
      if ((asked.get(page) ?? -1) < upTo) void fetchPage(page, upTo);
    }
  }

  return { pictures, see };
}
