import type { Ref } from 'vue';
import { ref, shallowRef, triggerRef, watch } from 'vue';
import type { Picture, PictureSelection } from '../../src-main/contract/domain/datasets.ts';
import { client } from '../client/studio-client.ts';

const pagePictures = 200;

/**
 * The pictures of a dataset, fetched page by page as they come into sight.
 *
 * `total` may grow while an import runs: the page at the old end is then asked for again. When `revision` changes, what is
 * known of them may have: pages are asked for again as they are seen, and stand as they are until then.
 */
export function usePicturePages(
  datasetId: Ref<string>,
  label: Ref<string | undefined>,
  total: Ref<number>,
  selection: Ref<PictureSelection>,
  revision: Ref<number>,
) {
  /** How many there are of what was asked for; null before the first answer. */
  const found = ref<number | null>(null);
  const pictures = shallowRef(new Map<number, Picture>());
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

  watch(revision, () => {
    generation += 1;
    asked.clear();
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
      triggerRef(pictures);
    } catch {
      if (mine === generation) asked.delete(page);
    }
  }

  async function ask(page: number): Promise<void> {
    const upTo = Math.min(total.value, (page + 1) * pagePictures);
    const isInside = page >= 0 && page * pagePictures < upTo;
    if (isInside && (asked.get(page) ?? -1) < upTo) await fetchPage(page, upTo);
  }

  /** Makes sure that the pictures from `first` to `last` are there, or on their way; those around them come after. */
  async function see(first: number, last: number): Promise<void> {
    const mine = generation;
    const [from, to] = [Math.floor(first / pagePictures), Math.floor(last / pagePictures)];
    await Promise.all(Array.from({ length: to - from + 1 }, (_, at) => ask(from + at)));
    if (mine !== generation) return;
    const hasMore = found.value === null || (to + 1) * pagePictures < found.value;
    await Promise.all([hasMore && ask(to + 1), ask(from - 1)]);
  }

  return { pictures, found, see };
}
