import { computed } from 'vue';
import type { LocationQueryRaw } from 'vue-router';
import { useRoute } from 'vue-router';
import { repairSourceSchema, type RepairSource } from '../../src-main/contract/domain/repairs.ts';
import { useAddressQuery } from './address-query.ts';
import type { RepairedOrder } from './repairs.ts';

/** What the address of the repair screen says: a picture, its mask, and what was made of it. */
export function useRepairAddress() {
  const route = useRoute();
  const address = useAddressQuery();
  const { text, number, parsed, sampling, write } = address;
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

  /** Changes the address, with what was asked for last still in sight as long as that checkpoint is on the screen. */
  const writeBeside = (query: LocationQueryRaw & { run: string; step?: string }) => {
    const stays = order.value?.runId === query.run && String(order.value.step) === query.step;
    const { job, input, hides, seed, count, sampling: how, label } = route.query;
    return write(stays ? { job, input, hides, seed, count, sampling: how, label, ...query } : query);
  };

  return { ...address, source, order, writeBeside };
}
