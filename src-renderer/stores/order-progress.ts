import type { Ref } from 'vue';
import { computed, watch } from 'vue';
import { useRouter } from 'vue-router';
import type { Image } from '../../src-main/contract/domain/images.ts';
import type { Job } from '../../src-main/contract/domain/jobs.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { useAttempts } from '../client/attempt.ts';
import { useGallery } from './gallery.ts';
import { useJobs } from './jobs.ts';

interface FollowedOrder<Order> {
  readonly order: () => Order | null;
  readonly job: Readonly<Ref<Job | null>>;
  /** By their place in the order. */
  readonly pictures: Readonly<Ref<ReadonlyMap<number, Image>>>;
  readonly failure: Readonly<Ref<Failure | null>>;
  /** Told when all pictures of the order are there. */
  readonly done: (order: Order) => void;
}

/** What becomes of an order for pictures: its end, what stood against it, and what is done with its pictures. */
export function useOrderProgress<Order extends { readonly jobId: string }>(followed: FollowedOrder<Order>) {
  const { order, job, pictures } = followed;
  const router = useRouter();
  const jobs = useJobs();
  const gallery = useGallery();
  const { failure: actionFailure, attempt } = useAttempts();

  /** Cancelling was wished for, and what had landed stays: nothing to report. */
  const failure = computed(() => {
    const failed = actionFailure.value ?? job.value?.failure ?? followed.failure.value;
    return failed?.code === 'cancelled' ? null : failed;
  });
  const busy = computed(() => job.value?.state === 'running');

  watch(
    () => job.value?.state,
    (state, before) => {
      const made = order();
      if (before === 'running' && state === 'done' && made) followed.done(made);
    },
  );

  async function cancel() {
    const made = order();
    if (made) await attempt(() => jobs.cancel(made.jobId));
  }

  /** Takes the pictures, in the order of their places, to the screen where they are written. */
  function exportThese() {
    gallery.select([...pictures.value].sort(([a], [b]) => a - b).map(([, { id }]) => id));
    void router.push({ name: 'export', query: { selection: '1' } });
  }

  return { actionFailure, failure, busy, attempt, cancel, exportThese };
}
