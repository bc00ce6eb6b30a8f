import type { Ref } from 'vue';
import { computed, onBeforeUnmount, onMounted, ref } from 'vue';

const smallestTilePx = 88;
const gapPx = 4;

/** How many square tiles stand beside each other in an element, and how large they are, as it grows and shrinks. */
export function useSheetTiles(element: Readonly<Ref<HTMLElement | null>>) {
  const widthPx = ref(0);
  const heightPx = ref(0);
  const columns = computed(() => Math.max(1, Math.floor((widthPx.value + gapPx) / (smallestTilePx + gapPx))));
  /** Tiles grow a little until a row is full. */
  const tilePx = computed(() =>
    Math.max(smallestTilePx, Math.floor((widthPx.value + gapPx) / columns.value) - gapPx),
  );
  const rowPx = computed(() => tilePx.value + gapPx);

  const observer = new ResizeObserver(([entry]) => {
    if (!entry) return;
    widthPx.value = entry.contentRect.width;
    heightPx.value = entry.contentRect.height;
  });
  onMounted(() => element.value && observer.observe(element.value));
  onBeforeUnmount(() => observer.disconnect());

  return { heightPx, columns, tilePx, rowPx };
}
