import { defineStore } from 'pinia';
import { ref, watch } from 'vue';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';

const choiceKey = 'imago-augmentation';

function rememberedChoices(): Record<string, Settings> {
  try {
    return JSON.parse(sessionStorage.getItem(choiceKey) ?? '{}');
  } catch {
    return {};
  }
}

/** What was tried on the pictures of each dataset; kept over a reload, and for nobody else. */
export const useAugmentation = defineStore('augmentation', () => {
  const choices = ref(rememberedChoices());
  watch(choices, (kept) => sessionStorage.setItem(choiceKey, JSON.stringify(kept)), { deep: true });

  const of = (datasetId: string): Settings => choices.value[datasetId] ?? {};
  function set(datasetId: string, changed: Settings) {
    choices.value = { ...choices.value, [datasetId]: { ...of(datasetId), ...changed } };
  }
  function clear(datasetId: string) {
    choices.value = { ...choices.value, [datasetId]: {} };
  }
  return { of, set, clear };
});
