import { createI18n } from 'vue-i18n';
import acquisitionEn from './en/acquisition.ts';
import augmentationEn from './en/augmentation.ts';
import chartsEn from './en/charts.ts';
import commonEn from './en/common.ts';
import dataEn from './en/data.ts';
import errorsEn from './en/errors.ts';
import exportEn from './en/export.ts';
import familiesEn from './en/families.ts';
import galleryEn from './en/gallery.ts';
import generateEn from './en/generate.ts';
import homeEn from './en/home.ts';
import overnightEn from './en/overnight.ts';
import picturesEn from './en/pictures.ts';
import prepareEn from './en/prepare.ts';
import repairEn from './en/repair.ts';
import reviewEn from './en/review.ts';
import runsEn from './en/runs.ts';
import settingsEn from './en/settings.ts';
import shellEn from './en/shell.ts';
import sourcesEn from './en/sources.ts';
import tuningEn from './en/tuning.ts';
import versionsEn from './en/versions.ts';
import wizardEn from './en/wizard.ts';
import acquisitionZh from './zh/acquisition.ts';
import augmentationZh from './zh/augmentation.ts';
import chartsZh from './zh/charts.ts';
import commonZh from './zh/common.ts';
import dataZh from './zh/data.ts';
import errorsZh from './zh/errors.ts';
import exportZh from './zh/export.ts';
import familiesZh from './zh/families.ts';
import galleryZh from './zh/gallery.ts';
import generateZh from './zh/generate.ts';
import homeZh from './zh/home.ts';
import overnightZh from './zh/overnight.ts';
import picturesZh from './zh/pictures.ts';
import prepareZh from './zh/prepare.ts';
import repairZh from './zh/repair.ts';
import reviewZh from './zh/review.ts';
import runsZh from './zh/runs.ts';
import settingsZh from './zh/settings.ts';
import shellZh from './zh/shell.ts';
import sourcesZh from './zh/sources.ts';
import tuningZh from './zh/tuning.ts';
import versionsZh from './zh/versions.ts';
import wizardZh from './zh/wizard.ts';

export type Language = 'en' | 'zh';

/** Every text of the renderer by area; both languages hold the same keys. */
export const messages = {
  en: {
    acquisition: acquisitionEn,
    augmentation: augmentationEn,
    charts: chartsEn,
    common: commonEn,
    data: dataEn,
    errors: errorsEn,
    export: exportEn,
    families: familiesEn,
    gallery: galleryEn,
    generate: generateEn,
    home: homeEn,
    overnight: overnightEn,
    pictures: picturesEn,
    prepare: prepareEn,
    repair: repairEn,
    review: reviewEn,
    runs: runsEn,
    settings: settingsEn,
    shell: shellEn,
    sources: sourcesEn,
    tuning: tuningEn,
    versions: versionsEn,
    wizard: wizardEn,
  },
  zh: {
    acquisition: acquisitionZh,
    augmentation: augmentationZh,
    charts: chartsZh,
    common: commonZh,
    data: dataZh,
    errors: errorsZh,
    export: exportZh,
    families: familiesZh,
    gallery: galleryZh,
    generate: generateZh,
    home: homeZh,
    overnight: overnightZh,
    pictures: picturesZh,
    prepare: prepareZh,
    repair: repairZh,
    review: reviewZh,
    runs: runsZh,
    settings: settingsZh,
    shell: shellZh,
    sources: sourcesZh,
    tuning: tuningZh,
    versions: versionsZh,
    wizard: wizardZh,
  },
};

/** The language of the system, as far as the studio speaks it. */
export function systemLanguage(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export const i18n = createI18n({
  legacy: false,
  locale: systemLanguage(),
  fallbackLocale: 'en',
  messages,
});

/** Speaks `language` from now on, and says so to screen readers and the font fallback. */
export function speak(language: Language): void {
  i18n.global.locale.value = language;
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}
