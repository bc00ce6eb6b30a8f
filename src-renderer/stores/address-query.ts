import type { LocationQueryRaw } from 'vue-router';
import { useRoute, useRouter } from 'vue-router';
import { settingsSchema } from '../../src-main/contract/domain/values.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';

/** What the address says behind its question mark, and how that is changed. */
export interface AddressQuery {
  readonly has: (name: string) => boolean;
  /** Empty where the address says nothing. */
  readonly text: (name: string) => string;
  /** Of digits alone; null for anything else. */
  readonly number: (name: string) => number | null;
  /** Of JSON; an empty object where the address says nothing, or nonsense. */
  readonly parsed: (name: string) => unknown;
  /** How pictures are sampled; empty where the address says nothing, or nonsense. */
  readonly sampling: () => Settings;
  /** Changes the address in place. */
  readonly write: (query: LocationQueryRaw) => Promise<unknown>;
}

export function useAddressQuery(): AddressQuery {
  const route = useRoute();
  const router = useRouter();

  const text = (name: string): string => {
    const found = route.query[name];
    return typeof found === 'string' ? found : '';
  };
  const parsed = (name: string): unknown => {
    try {
      return JSON.parse(text(name) || '{}');
    } catch {
      return {};
    }
  };
  return {
    has: (name) => route.query[name] !== undefined,
    text,
    number: (name) => (/^\d+$/.test(text(name)) ? Number(text(name)) : null),
    parsed,
    sampling: () => settingsSchema.safeParse(parsed('sampling')).data ?? {},
    write: (query) => router.replace({ query }),
  };
}
