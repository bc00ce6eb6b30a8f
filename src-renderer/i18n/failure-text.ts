import { useI18n } from 'vue-i18n';
import type { Failure } from '../../src-main/contract/errors.ts';
import { useFormat } from './format.ts';

const naming = ['file', 'path', 'name', 'picture', 'entry', 'id', 'preset', 'key'];

/** Where the browser host keeps what it receives; nothing that the user ever named. */
const uploadFolder = /^.*[\\/]uploads[\\/]upload-[0-9a-z]+[\\/]?/;

/** Puts failures into words of the current language. */
export function useFailureText() {
  const { t, te } = useI18n();
  const format = useFormat();

  /** What happened to which thing, why, and what to do now; the failure's details fill the sentence. */
  const failureText = (failure: Failure): string => {
    const { details } = failure;
    const named = naming.map((name) => details[name]).find((value) => value !== undefined && value !== '');
    const values = Object.fromEntries(
      Object.entries(details).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : /bytes$/i.test(name) ? format.bytes(value) : format.count(value),
      ]),
    );
    const name = String(named ?? '').replace(uploadFolder, '');
    const thing = name === '' ? t('errors.thisThing') : t('errors.namedThing', { name });
    const special = 'neededMb' in details ? 'foreseen' : String(details.reason ?? '');
    const specialKey = `errors.${failure.code}-${special}`;
    const key = /^[a-z-]+$/.test(special) && te(specialKey) ? specialKey : `errors.${failure.code}`;
    return t(key, { ...values, thing });
  };

  /** The technical reason in the studio's own English words, where there is one. */
  const failureReason = (failure: Failure): string | null => {
    if (failure.code === 'unexpected') return failure.message;
    const { reason, allowed, known } = failure.details;
    if (typeof reason === 'string' && te(`errors.${failure.code}-${reason}`)) return null;
    const found = reason ?? allowed ?? known;
    return found === undefined || found === '' ? null : String(found);
  };

  return { failureText, failureReason };
}
