import { computed, shallowRef, watch } from 'vue';
import type { Image } from '../../src-main/contract/domain/images.ts';
import type { Job } from '../../src-main/contract/domain/jobs.ts';
import type { EnsembleMember } from '../../src-main/contract/ensemble.ts';
import { memberOf } from '../../src-main/contract/ensemble.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { failureOf } from '../client/failure.ts';
import { useClient } from '../client/studio-client.ts';
import { useGalleryChanges } from './gallery-changes.ts';
import { useJobs } from './jobs.ts';

/** What was asked for: picture i has seed `seed + i`, modulo 2³². */
export interface GenerationOrder {
  readonly jobId: string;
  readonly runId: string;
  readonly step: number;
  readonly seed: number;
  readonly count: number;
  /** The class that was asked for; null where each seed decides, or where there are none. */
  readonly label: string | null;
  /** How they are sampled, for a family where that can be chosen; empty for the others. */
  readonly sampling: Readonly<Settings>;
  /** Further checkpoints that draw with it as one model; empty for a single one. */
  readonly others: readonly EnsembleMember[];
}

const seeds = 0x1_0000_0000;
const pageSize = 1000;

/** Whether two pictures were sampled alike. */
export const alike = (a: Readonly<Settings>, b: Readonly<Settings>) =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => a[key] === b[key]);

const membersOf = ({ runId, step, others }: GenerationOrder): readonly EnsembleMember[] => [
  { runId, step },
  ...others,
];

/** Where a picture stands in an order; null when it belongs to another. */
export function placeIn(order: GenerationOrder, image: Image): number | null {
  if (image.repair) return null;
  const members = membersOf(order);
  const { runId, step } = members[memberOf(image.seed, members.length)]!;
  if (image.runId !== runId || image.checkpointStep !== step) return null;
  if (order.label !== null && image.label !== order.label) return null;
  if (!alike(order.sampling, image.sampling ?? {})) return null;
  const place = (image.seed - order.seed + seeds) % seeds;
  return place < order.count ? place : null;
}

/**
 * An order and the pictures of it that are in the gallery so far, each at the place its seed gives it;
 * followed for as long as the component lives. Found again from the order alone, so a reload shows the same.
 */
export function useGeneration(order: () => GenerationOrder | null) {
  const client = useClient();
  const jobs = useJobs();
  const pictures = shallowRef<ReadonlyMap<number, Image>>(new Map());
  const failure = shallowRef<Failure | null>(null);
  let reading = false;
  let again = false;

  const job = computed<Job | null>(() => {
    const current = order();
    return current ? (jobs.jobs.get(current.jobId) ?? null) : null;
  });

  /**
   * Reads from the newest picture on. What has just landed comes first, so a page that brings nothing of
   * the order ends the search, unless `whole`: pictures drawn a second time keep their old place.
   */
  async function readOnce(current: GenerationOrder, whole: boolean) {
    const found = new Map<number, Image>(whole ? [] : pictures.value);
    for (const runId of new Set(membersOf(current).map((member) => member.runId))) {
      await readRun(current, runId, found, whole);
    }
    if (order()?.jobId === current.jobId) pictures.value = found;
  }

  async function readRun(current: GenerationOrder, runId: string, found: Map<number, Image>, whole: boolean) {
    for (let offset = 0; ; offset += pageSize) {
      const answer = await client.gallery.list({ filter: { runId }, offset, limit: pageSize });
      let fresh = 0;
      for (const image of answer.items) {
        const place = placeIn(current, image);
        if (place === null) continue;
        if (!found.has(place)) fresh += 1;
        found.set(place, image);
      }
      const exhausted = offset + pageSize >= answer.total;
      if (exhausted || (whole ? found.size >= current.count : fresh === 0)) break;
    }
  }

  async function read(whole: boolean) {
    const current = order();
    if (!current) return;
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      await readOnce(current, whole);
      failure.value = null;
    } catch (error) {
      failure.value = failureOf(error);
    }
    reading = false;
    if (!again) return;
    again = false;
    await read(job.value?.state !== 'running');
  }

  watch(
    () => order()?.jobId,
    () => {
      pictures.value = new Map();
      void read(true);
    },
    { immediate: true },
  );
  watch(
    () => job.value?.state,
    (state) => {
      if (state && state !== 'running') void read(true);
    },
  );
  useGalleryChanges(() => void read(job.value?.state !== 'running'));

  /** Starts an order, whose label is the class of this place, and answers with its job. @throws whatever the studio refuses with */
  async function start(wanted: Omit<GenerationOrder, 'jobId'>, classIndex: number | null): Promise<Job> {
    const { job: started } = await client.generation.start({
      runId: wanted.runId,
      checkpointStep: wanted.step,
      count: wanted.count,
      seed: wanted.seed,
      ...(classIndex === null ? {} : { classIndex }),
      sampling: wanted.sampling,
      ensemble: wanted.others.map(({ runId, step }) => ({ runId, checkpointStep: step })),
    });
    jobs.note(started);
    return started;
  }

  /** Shows a change at once that the studio has already accepted. */
  function change(ids: ReadonlySet<string>, changes: Partial<Image>) {
    pictures.value = new Map(
      [...pictures.value].map(([place, image]) => [
        place,
        ids.has(image.id) ? { ...image, ...changes } : image,
      ]),
    );
  }

  return { job, pictures, failure, start, change };
}
