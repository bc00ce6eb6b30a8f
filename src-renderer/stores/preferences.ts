import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import { defaultPreferences, type Preferences } from '../../src-main/contract/domain/studio.ts';
import { client } from '../client/studio-client.ts';
import type { Language } from '../i18n/index.ts';
import { speak, systemLanguage } from '../i18n/index.ts';

const rememberedKey = 'imago-preferences';

/** What was last seen, so that the first frame already has the right theme and language. */
function remembered(): Preferences {
  try {
    return { ...defaultPreferences, ...JSON.parse(localStorage.getItem(rememberedKey) ?? '{}') };
  } catch {
    return defaultPreferences;
  }
}

/** Language, theme and closing behaviour; kept by the studio, applied here. */
export const usePreferences = defineStore('preferences', () => {
  const preferences = ref<Preferences>(remembered());
  const systemIsLight = ref(window.matchMedia('(prefers-color-scheme: light)').matches);
  window
    .matchMedia('(prefers-color-scheme: light)')
    .addEventListener('change', (change) => (systemIsLight.value = change.matches));

  const language = computed<Language>(() =>
    preferences.value.language === 'system' ? systemLanguage() : preferences.value.language,
  );
  const theme = computed<'dark' | 'light'>(() => {
    if (preferences.value.theme !== 'system') return preferences.value.theme;
    return systemIsLight.value ? 'light' : 'dark';
  });

  watch(language, speak, { immediate: true });
  watch(theme, (shown) => (document.documentElement.dataset.theme = shown), { immediate: true });

  function accept(received: Preferences) {
    preferences.value = received;
    localStorage.setItem(rememberedKey, JSON.stringify(received));
  }

  async function load() {
    accept(await client.studio.preferences());
  }

  /** Shows the change at once; the studio's answer then stands. */
  async function set(change: Partial<Preferences>) {
    preferences.value = { ...preferences.value, ...change };
    accept(await client.studio.setPreferences(change));
  }

  return { preferences, language, theme, load, set };
});
