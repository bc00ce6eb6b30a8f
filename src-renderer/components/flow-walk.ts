import type { Ref } from 'vue';
import { nextTick } from 'vue';

/** Walking by the arrow keys among elements of uneven widths that flow into rows. */
export function useFlowWalk(
  active: Ref<number>,
  count: () => number,
  /** Id of the element at a place. */
  idOf: (place: number) => string,
) {
  const boxOf = (place: number) => document.getElementById(idOf(place))?.getBoundingClientRect();

  async function walk(to: number) {
    active.value = Math.max(0, Math.min(count() - 1, to));
    await nextTick();
    document.getElementById(idOf(active.value))?.scrollIntoView({ block: 'nearest' });
  }

  /** The place nearest above (-1) or below (1) the active one. */
  function neighbour(direction: 1 | -1): number {
    const here = boxOf(active.value);
    if (!here) return active.value;
    let best: { place: number; far: number } | null = null;
    for (let place = 0; place < count(); place += 1) {
      const box = boxOf(place);
      if (!box || (box.top - here.top) * direction <= 1) continue;
      const far = Math.abs(box.top - here.top) * 10 + Math.abs(box.left - here.left);
      if (best === null || far < best.far) best = { place, far };
    }
    return best?.place ?? active.value;
  }

  /** What each key does. */
  const keys: Readonly<Record<string, () => Promise<void>>> = {
    ArrowRight: () => walk(active.value + 1),
    ArrowLeft: () => walk(active.value - 1),
    ArrowDown: () => walk(neighbour(1)),
    ArrowUp: () => walk(neighbour(-1)),
    Home: () => walk(0),
    End: () => walk(count() - 1),
  };
  return keys;
}
