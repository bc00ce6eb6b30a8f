import { ref, watch } from 'vue';
import type { Finding, FindingKind, FindingState } from '../../src-main/contract/domain/cleaning.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { failureOf } from '../client/failure.ts';
import { client } from '../client/studio-client.ts';

const pageFindings = 100;
const mostFindings = 1000;

interface WantedFindings {
  datasetId(): string;
  kind(): FindingKind;
  /** Changes when the findings may have. */
  revision(): number;
  failed(failure: Failure): void;
}

/** The first findings of one kind and one state, read anew whenever they may have changed. */
export function useFindingList({ datasetId, kind, revision, failed }: WantedFindings) {
  const state = ref<FindingState>('open');
  const findings = ref<Finding[]>([]);
  /** How many there are in all. */
  const total = ref(0);
  const loaded = ref(false);
  /** Place of the one that is looked at. */
  const active = ref(0);
  let asked = 0;

  async function load(upTo: number) {
    const mine = ++asked;
    try {
      const page = await client.cleaning.findings({
        id: datasetId(),
        kind: kind(),
        state: state.value,
        limit: Math.min(mostFindings, upTo),
      });
      if (mine !== asked) return;
      findings.value = page.items;
      total.value = page.total;
      active.value = Math.max(0, Math.min(active.value, page.items.length - 1));
      loaded.value = true;
    } catch (error) {
      if (mine === asked) failed(failureOf(error));
    }
  }
  watch(state, () => (active.value = 0));
  watch([revision, state], () => load(Math.max(pageFindings, findings.value.length)), { immediate: true });

  const more = () => load(findings.value.length + pageFindings);
  const hasMore = () => findings.value.length < Math.min(total.value, mostFindings);

  return { state, findings, total, loaded, active, more, hasMore };
}
