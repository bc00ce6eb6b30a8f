import { computed } from 'vue';
import type { LocationQueryRaw } from 'vue-router';
import { useRoute, useRouter } from 'vue-router';
import { repairSourceSchema, type RepairSource } from '../../src-main/contract/domain/repairs.ts';
import { settingsSchema } from '../../src-main/contract/domain/values.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import type { RepairedOrder } from './repairs.ts';

/** What the address of the repair screen says: a picture, its mask, and what was made of it. */
export function useRepairAddress() {
  const route = useRoute();
  const router = useRouter();

  const text = (name: string): string => {
    const found = route.query[name];
    return typeof found === 'string' ? found : '';
  };
  const number = (name: string): number | null => (/^\d+$/.test(text(name)) ? Number(text(name)) : null);
  const parsed = (name: string): unknown => {
    try {
      return JSON.parse(text(name) || '{}');
    } catch {
      return {};
    }
  };
  const sampling = (): Settings => settingsSchema.safeParse(parsed('sampling')).data ?? {};
  const source = (): RepairSource | null => repairSourceSchema.safeParse(parsed('from')).data ?? null;

  const order = computed<RepairedOrder | null>(() => {
    const [step, seed, count] = [number('step'), number('seed'), number('count')];
    const [jobId, runId, inputSha256] = [text('job'), text('run'), text('input')];
    if (!jobId || !runId || !inputSha256 || step === null || seed === null || count === null) return null;
    return {
      ...{ jobId, runId, step, inputSha256, seed, count, sampling: sampling() },
      maskSha256: text('hides') || null,
      label: text('label') || null,
    };
  });

  /** Changes the address in place. */
  const write = (query: LocationQueryRaw) => router.replace({ query });
  /** The same, with what was asked for last still in sight, as long as that checkpoint is the one on the screen. */
  const writeBeside = (query: LocationQueryRaw & { run: string; step?: string }) => {
    const stays = order.value?.runId === query.run && String(order.value.step) === query.step;
    const { job, input, hides, seed, count, sampling: how, label } = route.query;
    return write(stays ? { job, input, hides, seed, count, sampling: how, label, ...query } : query);
  };

  return { text, number, sampling, source, order, write, writeBeside };
}
