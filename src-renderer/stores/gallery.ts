import { defineStore } from 'pinia';
import { ref, shallowRef, watch } from 'vue';
import { useClient } from '../client/studio-client.ts';

export const densities = [32, 64, 96, 128, 192, 256] as const;
const densityKey = 'imago-gallery-density';
/** One call carries this many ids at most. */
const idsPerCall = 5000;

/** The selection, which outlives the screen (an export takes it along), and what can be done with pictures. */
export const useGallery = defineStore('gallery', () => {
  const client = useClient();
  const selected = shallowRef<ReadonlySet<string>>(new Set());
  const remembered = Number(localStorage.getItem(densityKey));
  const density = ref(densities.findIndex((tilePx) => tilePx === remembered));
  if (density.value === -1) density.value = densities.indexOf(128);

  watch(density, (index) => localStorage.setItem(densityKey, String(densities[index])));

  function select(ids: Iterable<string>) {
    selected.value = new Set(ids);
  }

  async function inParts(ids: readonly string[], call: (part: string[]) => Promise<unknown>) {
    for (let first = 0; first < ids.length; first += idsPerCall) {
      await call(ids.slice(first, first + idsPerCall));
    }
  }

  const star = (ids: readonly string[], starred: boolean) =>
    inParts(ids, (part) => client.gallery.star({ ids: part, starred }));

  async function trash(ids: readonly string[]) {
    await inParts(ids, (part) => client.gallery.trash({ ids: part }));
    const gone = new Set(ids);
    select([...selected.value].filter((id) => !gone.has(id)));
  }

  async function restore(ids: readonly string[]) {
    await inParts(ids, (part) => client.gallery.restore({ ids: part }));
    const gone = new Set(ids);
    select([...selected.value].filter((id) => !gone.has(id)));
  }

  return { selected, density, select, star, trash, restore };
});
