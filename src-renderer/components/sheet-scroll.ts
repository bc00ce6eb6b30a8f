import type { Ref } from 'vue';
import { ref } from 'vue';

/** A place that takes longer to come is shown empty meanwhile. */
const patienceMs = 500;

/**
 * The place of a sheet whose pictures are shown. It follows the scroll bar; after a jump the pictures of the place before
 * stay in sight until those of the new one have come, which is a tenth of a second and less empty than emptiness.
 *
 * @param ready resolves when the pictures in sight at a height are there
 */
export function useSheetScroll(
  scroller: Readonly<Ref<HTMLElement | null>>,
  heightPx: Readonly<Ref<number>>,
  ready: (topPx: number) => Promise<void>,
) {
  let scrolledPx = 0;
  const shownPx = ref(0);
  /** While the next place is on its way, the one shown stands still whatever the scroll bar does. */
  const isOnItsWay = ref(false);
  const isFar = () => Math.abs(scrolledPx - shownPx.value) > heightPx.value;

  async function follow() {
    if (isOnItsWay.value) return;
    isOnItsWay.value = true;
    // Of the places that a drag passes, the next is looked at when one is there: none waits behind those left already.
    while (isFar()) {
      const aim = scrolledPx;
      const late = new Promise((resolve) => setTimeout(resolve, patienceMs));
      await Promise.race([ready(aim), late]);
      shownPx.value = aim;
    }
    isOnItsWay.value = false;
    shownPx.value = scrolledPx;
  }

  function scrolled() {
    scrolledPx = scroller.value?.scrollTop ?? 0;
    if (isFar() || isOnItsWay.value) void follow();
    else shownPx.value = scrolledPx;
  }

  function toTop() {
    scroller.value?.scrollTo({ top: 0 });
    scrolledPx = 0;
    shownPx.value = 0;
  }

  /** Scrolls as little as brings what lies between two heights into sight. */
  function bringIntoSight(topPx: number, bottomPx: number) {
    const sheet = scroller.value;
    if (!sheet) return;
    if (topPx < sheet.scrollTop) sheet.scrollTo({ top: topPx });
    else if (bottomPx > sheet.scrollTop + heightPx.value) sheet.scrollTo({ top: bottomPx - heightPx.value });
  }

  return { shownPx, isOnItsWay, scrolled, toTop, bringIntoSight };
}
