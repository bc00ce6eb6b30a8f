import { ref, shallowRef } from 'vue';
import type { GalleryFilter, Image } from '../../src-main/contract/domain/images.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { failureOf } from '../client/failure.ts';
import { useClient } from '../client/studio-client.ts';

const pageSize = 200;
const largestPage = 1000;

/**
 * The pictures that a filter finds, newest first, fetched page by page as they come into view, so that a
 * gallery of any size opens at once.
 */
export function useImagePages(filter: () => GalleryFilter) {
  const client = useClient();
  const total = ref(0);
  const loaded = ref(false);
  const failure = shallowRef<Failure | null>(null);
  /** By position in the gallery; positions not fetched yet are absent. */
  const items = shallowRef<ReadonlyMap<number, Image>>(new Map());
  let fresh = new Set<number>();
  let wanted: readonly [first: number, last: number] = [0, 0];
  let round = 0;

  async function fetchPage(page: number, currentRound: number) {
    fresh.add(page);
    try {
      const offset = page * pageSize;
      const answer = await client.gallery.list({ filter: filter(), offset, limit: pageSize });
      if (currentRound !== round) return;
      const next = new Map(items.value);
      for (const position of next.keys()) if (position >= answer.total) next.delete(position);
      answer.items.forEach((image, index) => next.set(offset + index, image));
      items.value = next;
      total.value = answer.total;
      loaded.value = true;
      failure.value = null;
    } catch (error) {
      if (currentRound !== round) return;
      fresh.delete(page);
      failure.value = failureOf(error);
    }
  }

  /** Fetches what is missing between two positions, both included. */
  async function ensure(first: number, last: number) {
    wanted = [first, last];
    const pages: Promise<void>[] = [];
    for (let page = Math.floor(first / pageSize); page * pageSize <= last; page++) {
      if (!fresh.has(page)) pages.push(fetchPage(page, round));
    }
    await Promise.all(pages);
  }

  /** Fetches again what is in view; what lies elsewhere is fetched when it comes into view. */
  async function reload() {
    round += 1;
    fresh = new Set();
    const [first, last] = wanted;
    const lowest = Math.floor(first / pageSize) * pageSize;
    const highest = (Math.floor(last / pageSize) + 1) * pageSize;
    items.value = new Map([...items.value].filter(([position]) => position >= lowest && position < highest));
    await ensure(first, last);
  }

  /** Starts anew with what the filter says now. */
  async function reset() {
    round += 1;
    fresh = new Set();
    wanted = [0, 0];
    items.value = new Map();
    loaded.value = false;
    await ensure(0, 0);
  }

  /** Every picture the filter finds. */
  async function all(): Promise<Image[]> {
    const images: Image[] = [];
    for (;;) {
      const page = await client.gallery.list({
        filter: filter(),
        offset: images.length,
        limit: largestPage,
      });
      images.push(...page.items);
      if (page.items.length === 0 || images.length >= page.total) return images;
    }
  }

  /** Shows a change at once that the studio has already accepted. */
  function change(ids: ReadonlySet<string>, changes: Partial<Image>) {
    items.value = new Map(
      [...items.value].map(([position, image]) => [
        position,
        ids.has(image.id) ? { ...image, ...changes } : image,
      ]),
    );
  }

  return { total, loaded, failure, items, ensure, reload, reset, all, change };
}
