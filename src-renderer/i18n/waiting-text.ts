import { useI18n } from 'vue-i18n';
import type { Run } from '../../src-main/contract/domain/runs.ts';
import { useFormat } from './format.ts';

/** Puts into words why a queued run has not begun; empty for one that does not wait. */
export function useWaitingText() {
  const { t } = useI18n();
  const { count } = useFormat();
  return ({ waiting }: Pick<Run, 'waiting'>): { reason: string; place: string } => {
    if (waiting === null) return { reason: '', place: '' };
    if (waiting.kind === 'not-worked-off') return { reason: t('overnight.waiting.notWorkedOff'), place: '' };
    const { device, running, place } = waiting;
    const reason =
      running.length === 1
        ? t(`overnight.waiting.${device}-one`, { running: running[0] ?? '' })
        : t(`overnight.waiting.${device}-many`, { n: count(running.length) });
    return { reason, place: t('overnight.waiting.place', { n: count(place) }) };
  };
}
