import type { Ref } from 'vue';
import { ref, shallowRef, triggerRef, watch } from 'vue';
import type { Picture, PictureSelection } from '../../src-main/contract/domain/datasets.ts';
import { mediaAddress, mostPictures } from '../../src-main/contract/media.ts';
import { fetchThumbnails, mediaUrl } from '../client/media.ts';
import { client } from '../client/studio-client.ts';

const pagePictures = mostPictures;
/** Some 8 000 pictures, of a few kilobytes each; whoever comes back to others has them fetched again. */
const keptPages = 128;

/** A picture together with what an `<img>` takes for it. */
export interface ShownPicture extends Picture {
  url: string;
}

async function decodeAll(urls: readonly string[]): Promise<HTMLImageElement[]> {
  const images = urls.map((url) => Object.assign(new Image(), { src: url }));
  // One that cannot be decoded is shown as such where it stands.
  await Promise.all(images.map((image) => image.decode().catch(() => undefined)));
  return images;
}

/**
 * The pictures of a dataset, fetched page by page as they come into sight, each with its pictures in two answers.
 *
 * `total` may grow while an import runs: the page at the old end is then asked for again. What another class or
 * selection shows takes the place of what is there once its first pictures have come. When `revision` changes, what is
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
  const pictures = shallowRef(new Map<number, ShownPicture>());
  const asked = new Map<number, { upTo: number; arrived: Promise<void> }>();
  /** Decoded already, and held by their page so that they stand in the frame in which they are asked for. */
  const decoded = new Map<number, HTMLImageElement[]>();
  let generation = 0;
  /** What is shown belongs to what was asked for before. */
  let isOld = false;

  watch([datasetId, label, selection], ([id], [idBefore]) => {
    generation += 1;
    asked.clear();
    isOld = true;
    if (id !== idBefore) replace();
    void ask(0, selection.value === 'all' ? total.value : pagePictures);
  });

  watch(revision, () => {
    generation += 1;
    asked.clear();
    if (selection.value !== 'all') void ask(0, pagePictures);
  });

  function replace() {
    isOld = false;
    found.value = null;
    pictures.value = new Map();
    decoded.clear();
  }

  async function fetchPage(page: number): Promise<void> {
    const mine = generation;
    try {
      const { items, total: all } = await client.datasets.pictures({
        id: datasetId.value,
        offset: page * pagePictures,
        limit: pagePictures,
        selection: selection.value,
        ...(label.value === undefined ? {} : { label: label.value }),
      });
      if (mine !== generation) return;
      const urls = await fetchThumbnails(items.map(({ id }) => id)).catch(() => new Map<string, string>());
      const images = await decodeAll([...urls.values()]);
      if (mine !== generation) return;
      if (isOld) replace();
      decoded.set(page, images);
      found.value = all;
      for (const [index, picture] of items.entries()) {
        const url = urls.get(picture.id) ?? mediaUrl(mediaAddress.picture(picture.id));
        pictures.value.set(page * pagePictures + index, { ...picture, url });
      }
      triggerRef(pictures);
    } catch {
      if (mine !== generation) return;
      asked.delete(page);
      if (isOld) replace();
    }
  }

  function ask(page: number, most: number): Promise<void> {
    const upTo = Math.min(most, (page + 1) * pagePictures);
    if (page < 0 || page * pagePictures >= upTo) return Promise.resolve();
    const known = asked.get(page);
    // Setting it again makes it the newest in the map's order.
    asked.delete(page);
    const own = known && known.upTo >= upTo ? known : { upTo, arrived: fetchPage(page) };
    asked.set(page, own);
    forgetOldest();
    return own.arrived;
  }

  function forgetOldest() {
    for (const page of asked.keys()) {
      if (asked.size <= keptPages) return;
      asked.delete(page);
      decoded.delete(page);
      for (let at = 0; at < pagePictures; at += 1) pictures.value.delete(page * pagePictures + at);
    }
  }

  const most = () => (selection.value === 'all' ? total.value : (found.value ?? pagePictures));

  /** Resolves when the pictures from `first` to `last` are there, or cannot be had. */
  async function ready(first: number, last: number): Promise<void> {
    const [from, to] = [Math.floor(first / pagePictures), Math.floor(last / pagePictures)];
    await Promise.all(Array.from({ length: to - from + 1 }, (_, at) => ask(from + at, most())));
  }

  /** As `ready`; those around them come after. */
  async function see(first: number, last: number): Promise<void> {
    const mine = generation;
    await ready(first, last);
    if (mine !== generation) return;
    await ready(Math.max(0, first - pagePictures), last + pagePictures);
  }

  return { pictures, found, ready, see };
}
