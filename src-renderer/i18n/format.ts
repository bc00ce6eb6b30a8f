import { computed } from 'vue';
import { useI18n } from 'vue-i18n';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Numbers, sizes and times in the current language. */
export function useFormat() {
  const { locale, t } = useI18n();
  const tag = computed(() => (locale.value === 'zh' ? 'zh-CN' : 'en-GB'));

  const number = (value: number, options: Intl.NumberFormatOptions = {}) =>
    new Intl.NumberFormat(tag.value, options).format(value);

  /** `12 430` as the language groups it. */
  const count = (value: number) => number(value, { maximumFractionDigits: 0 });

  /** `0.53` with exactly `digits` decimals. */
  const decimal = (value: number, digits: number) =>
    number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });

  /** `41 %` for 0.41. */
  const percent = (value: number) => number(value, { style: 'percent', maximumFractionDigits: 0 });

  /** `312 MB`: powers of a thousand, at most three figures. */
  const bytes = (value: number) => {
    const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
    let scaled = value;
    let unit = 0;
    while (scaled >= 999.5 && unit < units.length - 1) {
      scaled /= 1000;
      unit += 1;
    }
    return number(scaled, {
      style: 'unit',
      unit: units[unit],
      unitDisplay: unit === 0 ? 'long' : 'short',
      maximumFractionDigits: scaled < 10 && unit > 0 ? 1 : 0,
    });
  };

  /** A span in plain words, rounded the way a person would say it: `about 12 minutes`. */
  const duration = (ms: number) => {
    const about = (value: number, unit: string) => t(`common.about.${unit}`, { n: count(value) }, value);
    if (ms < 5 * second) return t('common.about.moments');
    if (ms < 55 * second) return about(Math.max(5, Math.round(ms / second / 5) * 5), 'seconds');
    if (ms < 55 * minute) return about(Math.max(1, Math.round(ms / minute)), 'minutes');
    if (ms < 10 * hour) {
      const halves = Math.round(ms / (hour / 2)) / 2;
      return t(
        'common.about.hours',
        { n: number(halves, { maximumFractionDigits: 1 }) },
        halves === 1 ? 1 : 2,
      );
    }
    if (ms < 36 * hour) return about(Math.round(ms / hour), 'hours');
    return about(Math.round(ms / day), 'days');
  };

  /** `3 minutes ago`. */
  const ago = (timestamp: number, now = Date.now()) => {
    const elapsed = now - timestamp;
    const words = new Intl.RelativeTimeFormat(tag.value, { numeric: 'auto' });
    if (elapsed < 45 * second) return t('common.justNow');
    if (elapsed < 55 * minute) return words.format(-Math.max(1, Math.round(elapsed / minute)), 'minute');
    if (elapsed < 22 * hour) return words.format(-Math.max(1, Math.round(elapsed / hour)), 'hour');
    if (elapsed < 30 * day) return words.format(-Math.max(1, Math.round(elapsed / day)), 'day');
    return new Intl.DateTimeFormat(tag.value, { dateStyle: 'medium' }).format(timestamp);
  };

  /** A full date and time, for titles and details. */
  const moment = (timestamp: number) =>
    new Intl.DateTimeFormat(tag.value, { dateStyle: 'medium', timeStyle: 'short' }).format(timestamp);

  /** `a, b and c` as the language joins it. */
  const list = (items: string[]) => new Intl.ListFormat(tag.value, { type: 'conjunction' }).format(items);

  return { count, bytes, duration, ago, percent, decimal, moment, list };
}
