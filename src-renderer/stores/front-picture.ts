import { computed, ref, watch } from 'vue';
import type { ShallowRef } from 'vue';
import type { Image } from '../../src-main/contract/domain/images.ts';

/**
 * The picture in front, by position and as itself. New pictures push the others along; the one in front
 * stays in front, and when it goes, the next one takes its place.
 */
export function useFrontPicture(items: ShallowRef<ReadonlyMap<number, Image>>) {
  const active = ref(0);
  /** Of whatever picture was seen last, so that tiles keep their size while pages come and go. */
  const sizePx = ref<number>();
  const activeImage = computed(() => items.value.get(active.value));
  let activeId: string | undefined;

  watch(active, (position) => (activeId = items.value.get(position)?.id), { flush: 'sync' });
  watch(
    items,
    (now) => {
      const first = now.values().next().value;
      if (first) sizePx.value = first.widthPx;
      const here = now.get(active.value);
      if (activeId === undefined || here?.id === activeId) {
        activeId = here?.id;
        return;
      }
      const moved = [...now].find(([, image]) => image.id === activeId);
      if (moved) active.value = moved[0];
      else if (here) activeId = here.id;
    },
    { flush: 'sync' },
  );

  return { active, activeImage, sizePx };
}
