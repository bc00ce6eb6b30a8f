import { computed, ref } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Image } from '../../src-main/contract/domain/images.ts';

/** The pictures of an order in a grid that walks and stars, and selects none. */
export function useOrderGrid(
  pictures: () => ReadonlyMap<number, Image>,
  star: (images: readonly Image[], starred: boolean) => void,
) {
  const { t } = useI18n();
  const active = ref(0);
  const activeImage = computed(() => pictures().get(active.value));
  const nothingSelected: ReadonlySet<string> = new Set();
  const nameOf = (image: Image) =>
    t(image.starred ? 'gallery.starredName' : 'gallery.imageName', { seed: image.seed });

  function starAt(position: number) {
    const image = pictures().get(position);
    if (image) star([image], !image.starred);
  }

  function handleKey(pressed: KeyboardEvent) {
    const key = pressed.key.toLowerCase();
    if ((key !== 'k' && key !== 's') || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
    starAt(active.value);
    pressed.preventDefault();
  }

  return { active, activeImage, nothingSelected, nameOf, starAt, handleKey };
}
