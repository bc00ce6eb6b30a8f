import { computed, ref, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Run } from '../../src-main/contract/domain/runs.ts';
import type { HyperParameter, Settings } from '../../src-main/contract/hyper-parameters.ts';
import { useFormat } from '../i18n/format.ts';
import type { AddressQuery } from './address-query.ts';
import { useProjects } from './projects.ts';
import { checkpointFor, newestCheckpoint } from './run-progress.ts';
import { useRuns } from './runs.ts';

const largestSeed = 0xffffffff;

interface OrderChoices {
  readonly address: AddressQuery;
  /** Which of the runs that have a checkpoint can be asked. */
  readonly suits: (run: Run) => boolean;
  readonly mostPictures: number;
  readonly usualCount: number;
  readonly usualSeed: () => number;
}

/** Whom to ask for pictures, for how many, and from which seed on; begins as the address says. */
export function useOrderForm({ address, suits, mostPictures, usualCount, usualSeed }: OrderChoices) {
  const { t } = useI18n();
  const format = useFormat();
  const runs = useRuns();
  const projects = useProjects();

  const runId = ref(address.text('run'));
  const step = ref<number | null>(address.number('step'));
  const classIndex = ref<number | null>(null);
  const sampling = ref<Settings>(address.sampling());
  const count = ref<number | null>(address.number('count') ?? usualCount);
  const seed = ref<number | null>(address.number('seed') ?? usualSeed());

  const choices = computed(() =>
    runs.runs.filter(
      (run) =>
        run.checkpoints.length > 0 &&
        suits(run) &&
        (projects.currentId === null || run.projectId === projects.currentId || run.id === runId.value),
    ),
  );
  const run = computed(() => choices.value.find(({ id }) => id === runId.value));

  watch(
    choices,
    (known) => {
      if (!known.some(({ id }) => id === runId.value)) runId.value = known[0]?.id ?? '';
    },
    { immediate: true },
  );
  watch(
    () => run.value?.classes,
    (classes) => {
      const index = classes?.indexOf(address.text('label')) ?? -1;
      classIndex.value = index < 0 ? null : index;
    },
    { immediate: true },
  );
  watch(
    () => [run.value?.id, run.value?.checkpoints.length] as const,
    () => {
      if (!run.value || run.value.checkpoints.some((checkpoint) => checkpoint.step === step.value)) return;
      const nearest =
        step.value === null ? newestCheckpoint(run.value) : checkpointFor(run.value, step.value);
      step.value = nearest?.step ?? null;
    },
    { immediate: true },
  );

  const isWhole = (value: number | null, least: number, most: number) =>
    value !== null && Number.isInteger(value) && value >= least && value <= most;
  const countError = computed(() =>
    isWhole(count.value, 1, mostPictures)
      ? null
      : t('generate.countError', { most: format.count(mostPictures) }),
  );
  const seedError = computed(() =>
    isWhole(seed.value, 0, largestSeed) ? null : t('generate.seedError', { most: String(largestSeed) }),
  );
  /** Why nothing can be asked for yet; null where it can. */
  const obstacle = computed(
    () => countError.value ?? seedError.value ?? (step.value === null ? t('generate.noCheckpoint') : null),
  );

  /** What is asked for; null while that cannot be said. */
  function wanted() {
    if (!run.value || step.value === null || count.value === null || seed.value === null) return null;
    const { classes } = run.value;
    const index = classes === undefined ? null : classIndex.value;
    const label = index === null ? null : (classes?.[index] ?? null);
    return {
      ...{ run: run.value, step: step.value, count: count.value, seed: seed.value },
      ...{ classIndex: index, label },
    };
  }

  /** How pictures are sampled, by what can be chosen of it. */
  const chosenSampling = (parameters: readonly HyperParameter[]): Settings =>
    Object.fromEntries(parameters.map(({ key, default: usual }) => [key, sampling.value[key] ?? usual]));

  /** The seeds of an order would only give the same pictures again: offers the next ones. */
  function offerNextSeeds(done: { readonly seed: number; readonly count: number }) {
    if (seed.value === done.seed) seed.value = (done.seed + done.count) % (largestSeed + 1);
  }

  return {
    ...{ runId, step, classIndex, sampling, count, seed, choices, run },
    ...{ countError, seedError, obstacle, wanted, chosenSampling, offerNextSeeds },
  };
}
