import type { Ref } from 'vue';
import { ref, watch } from 'vue';
import type { Picture, PictureSelection } from '../../src-main/contract/domain/datasets.ts';
import { client } from '../client/studio-client.ts';

const pagePictures = 200;

/**
 * The pictures of a dataset, fetched page by page as they come into sight.
 *
 * `total` may grow while an import runs: the page at the old end is then asked for again.
 */
export function usePicturePages(
  datasetId: Ref<string>,
  label: Ref<string | undefined>,
  total: Ref<number>,
  selection: Ref<PictureSelection>,
) {
  /** How many there are of what was asked for; null before the first answer. */
  const found = ref<number | null>(null);
  const pictures = ref(new Map<number, Picture>());
  const asked = new Map<number, number>();
  let generation = 0;

  watch([datasetId, label, selection], () => {
    found.value = null;
    generation += 1;
    asked.clear();
    pictures.value = new Map();
    // How many there are is only known when the first of them are.
    if (selection.value !== 'all') void fetchPage(0, pagePictures);
  });

  async function fetchPage(page: number, upTo: number) {
    const mine = generation;
    asked.set(page, upTo);
    try {
      const { items, total: all } = await client.datasets.pictures({
        id: datasetId.value,
        offset: page * pagePictures,
        limit: pagePictures,
        selection: selection.value,
        ...(label.value === undefined ? {} : { label: label.value }),
      });
      if (mine !== generation) return;
      found.value = all;
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

  return { pictures, found, see };
}
