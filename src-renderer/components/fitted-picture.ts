import type { Ref } from 'vue';
import { ref, shallowRef, watch } from 'vue';
import type { FittedPicture, RepairSource } from '../../src-main/contract/domain/repairs.ts';
import type { Run } from '../../src-main/contract/domain/runs.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { failureOf } from '../client/failure.ts';
import type { useRepairAddress } from '../stores/repair-address.ts';
import type { useRepairs } from '../stores/repairs.ts';
import type { Hidden } from './mask-painting.ts';
import { lowerRows, unpackMask } from './mask-painting.ts';

interface FittedFor {
  readonly address: ReturnType<typeof useRepairAddress>;
  readonly run: Readonly<Ref<Run | undefined>>;
  /** Whether the run's input can be made from a picture of its output. */
  readonly derivable: Readonly<Ref<boolean>>;
  /** Whether the run draws on from the rows above, so that nothing else can be hidden. */
  readonly completes: Readonly<Ref<boolean>>;
  readonly look: ReturnType<typeof useRepairs>['look'];
  /** What stood against taking the picture; null when the next is taken. */
  readonly failed: (failure: Failure | null) => void;
}

/** A picture as a run takes it, and what of it is to be made anew; begins as the address says. */
export function useFittedPicture({ address, run, derivable, completes, look, failed }: FittedFor) {
  const from = shallowRef<RepairSource | null>(address.source());
  const derive = ref(address.text('derive') === '1');
  const picture = shallowRef<FittedPicture | null>(null);
  const hidden = shallowRef<Hidden>(lowerRows(28, 0));

  /** The picture is fitted anew for each run: sizes and recipes differ. */
  watch(
    () => [run.value?.id, from.value, derive.value && derivable.value] as const,
    async ([id, source, derived]) => {
      failed(null);
      if (!id || !source) {
        picture.value = null;
        return;
      }
      try {
        const fitted = await look({ runId: id, from: source, derive: derived });
        if (run.value?.id !== id || from.value !== source) return;
        const { sizePx } = fitted;
        const isNewSize = hidden.value.length !== sizePx * sizePx;
        const told = picture.value === null ? unpackMask(address.text('mask'), sizePx) : null;
        if (told) hidden.value = told;
        else if (isNewSize) hidden.value = lowerRows(sizePx, 0);
        picture.value = fitted;
      } catch (error) {
        if (from.value !== source) return;
        failed(failureOf(error));
        picture.value = null;
        from.value = null;
      }
    },
    { immediate: true },
  );
  // A mask that was painted freely says where a completion begins.
  watch([completes, picture], () => {
    const size = picture.value?.sizePx;
    if (!completes.value || !size) return;
    const first = hidden.value.indexOf(1);
    hidden.value = lowerRows(size, first < 0 ? 0 : size - Math.floor(first / size));
  });

  /** Puts the picture aside, so that another can be chosen. */
  function putAside() {
    from.value = null;
    picture.value = null;
    hidden.value = lowerRows(run.value?.sizePx ?? 28, 0);
  }

  return { from, derive, picture, hidden, putAside };
}
