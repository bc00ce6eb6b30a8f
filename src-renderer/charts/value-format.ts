import { useI18n } from 'vue-i18n';
import { useFormat } from '../i18n/format.ts';
import type { ValueForm } from './definitions.ts';

/**
 * Writes a chart's values: with their unit in texts; on an axis, whose largest value is `axisTo`, short and
 * all with the same decimals.
 */
export function useValueFormat() {
  const { t } = useI18n();
  const { count, decimal } = useFormat();
  return (value: number, form: ValueForm, axisTo?: number): string => {
    const onAxis = axisTo !== undefined;
    switch (form) {
      case 'share':
        return decimal(value, onAxis ? 1 : 2);
      case 'decimal':
        if (onAxis) return decimal(value, axisTo >= 10 ? 0 : axisTo >= 2 ? 1 : 2);
        return decimal(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
      case 'small': {
        // Two figures, however small: a learning rate is 0.0002.
        const size = Math.abs(onAxis ? axisTo : value);
        const leading = size > 0 ? Math.ceil(-Math.log10(size)) : 0;
        return decimal(value, Math.min(10, Math.max(0, leading + 1)));
      }
      case 'rate':
        return onAxis ? count(value) : t('charts.stepsPerSecond', { n: decimal(value, value < 10 ? 2 : 1) });
      case 'megabytes':
        return onAxis ? count(value) : t('charts.megabytes', { n: count(value) });
      case 'count':
        return count(value);
    }
  };
}
