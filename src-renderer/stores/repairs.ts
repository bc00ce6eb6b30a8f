import { computed, shallowRef, watch } from 'vue';
import type { Image } from '../../src-main/contract/domain/images.ts';
import type { Job } from '../../src-main/contract/domain/jobs.ts';
import type { RepairOrder } from '../../src-main/contract/domain/repairs.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { failureOf } from '../client/failure.ts';
import { useClient } from '../client/studio-client.ts';
import { useGalleryChanges } from './gallery-changes.ts';
import { alike } from './generation.ts';
import { useJobs } from './jobs.ts';

/** What was asked for: variant i has seed `seed + i`, modulo 2³². */
export interface RepairedOrder {
  readonly jobId: string;
  readonly runId: string;
  readonly step: number;
  readonly inputSha256: string;
  readonly maskSha256: string | null;
  readonly seed: number;
  readonly count: number;
  /** The class that was asked for; null where none was. */
  readonly label: string | null;
  readonly sampling: Readonly<Settings>;
}

const seeds = 0x1_0000_0000;
const pageSize = 1000;

/** Where a picture stands in an order; null when it belongs to another. */
function placeIn(order: RepairedOrder, image: Image): number | null {
  if (image.checkpointStep !== order.step) return null;
  if ((image.repair?.maskSha256 ?? null) !== order.maskSha256) return null;
  if (order.label !== null && image.label !== order.label) return null;
  if (!alike(order.sampling, image.sampling ?? {})) return null;
  const place = (image.seed - order.seed + seeds) % seeds;
  return place < order.count ? place : null;
}

/** An order and the variants of it that are in the gallery so far; found again from the order alone. */
export function useRepairs(order: () => RepairedOrder | null) {
  const client = useClient();
  const jobs = useJobs();
  const pictures = shallowRef<ReadonlyMap<number, Image>>(new Map());
  const failure = shallowRef<Failure | null>(null);
  const job = computed<Job | null>(() => jobs.jobs.get(order()?.jobId ?? '') ?? null);

  async function read() {
    const current = order();
    if (!current) {
      pictures.value = new Map();
      return;
    }
    const { runId, inputSha256 } = current;
    const found = new Map<number, Image>();
    try {
      for (let offset = 0; ; offset += pageSize) {
        const filter = { runId, inputSha256 };
        const { items } = await client.gallery.list({ filter, offset, limit: pageSize });
        for (const image of items) {
          const place = placeIn(current, image);
          if (place !== null) found.set(place, image);
        }
        if (items.length < pageSize) break;
      }
      if (order()?.jobId !== current.jobId) return;
      pictures.value = found;
      failure.value = null;
    } catch (error) {
      failure.value = failureOf(error);
    }
  }

  watch(
    () => [order()?.jobId, job.value?.state] as const,
    ([id], before) => {
      if (id !== before?.[0]) pictures.value = new Map();
      void read();
    },
    { immediate: true },
  );
  useGalleryChanges(() => void read());

  /** @throws whatever the studio refuses with */
  async function start(wanted: RepairOrder) {
    const started = await client.repairs.start(wanted);
    jobs.note(started.job);
    return started;
  }

  return { job, pictures, failure, start, look: client.repairs.look, read };
}
