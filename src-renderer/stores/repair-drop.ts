import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { ChosenSource } from './sources.ts';

/** What a picture that is dropped on the window is for, while the screen stands where one is chosen to be repaired. */
export const useRepairDrop = defineStore('repair-drop', () => {
  const taker = shallowRef<((source: ChosenSource) => Promise<void>) | null>(null);
  return { taker };
});
