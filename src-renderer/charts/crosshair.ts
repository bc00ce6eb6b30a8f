import { inject, provide, shallowRef } from 'vue';
import type { InjectionKey, ShallowRef } from 'vue';

const crosshairKey: InjectionKey<ShallowRef<number | null>> = Symbol('crosshair step');

/** Makes every chart below this component show the same step under the pointer. */
export function provideCrosshair(): ShallowRef<number | null> {
  const step = shallowRef<number | null>(null);
  provide(crosshairKey, step);
  return step;
}

/** The step under the pointer of any chart that shares it; null while there is none. */
export function useCrosshair(): ShallowRef<number | null> {
  return inject(crosshairKey, () => shallowRef<number | null>(null), true);
}
