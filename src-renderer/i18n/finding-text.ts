import { useI18n } from 'vue-i18n';
import type { Finding } from '../../src-main/contract/domain/cleaning.ts';
import { colourModeSchema } from '../../src-main/contract/domain/cleaning.ts';
import { useFailureText } from './failure-text.ts';

/** The reasons of findings in the language of the page. */
export function useFindingText() {
  const { t } = useI18n();
  const { failureText } = useFailureText();
  const modeOf = (value: unknown) => {
    const mode = colourModeSchema.safeParse(value);
    return mode.success ? t(`review.mode.${mode.data}`) : '';
  };

  function findingReason({ kind, reason, failure }: Finding): string {
    if (kind === 'unreadable') return failure ? failureText(failure) : '';
    if (kind === 'odd-colours') {
      return t('review.reason.odd-colours', { mode: modeOf(reason['mode']), usual: modeOf(reason['usual']) });
    }
    return t(`review.reason.${kind}`, reason);
  }
  return { findingReason };
}
