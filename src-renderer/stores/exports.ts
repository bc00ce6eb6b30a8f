import { computed, shallowRef, watch } from 'vue';
import type { Export, ExportPreview, ExportRequest } from '../../src-main/contract/domain/exports.ts';
import type { Job } from '../../src-main/contract/domain/jobs.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { failureOf } from '../client/failure.ts';
import { useClient } from '../client/studio-client.ts';
import { useJobs } from './jobs.ts';

const quietMs = 200;

/** What a request would write, asked again shortly after it changes; null while there is nothing to ask. */
export function useExportPreview(request: () => ExportRequest | null) {
  const client = useClient();
  const preview = shallowRef<ExportPreview | null>(null);
  const failure = shallowRef<Failure | null>(null);
  let timer: number | undefined;

  async function ask() {
    const current = request();
    if (!current) {
      preview.value = null;
      return;
    }
    const asked = JSON.stringify(current);
    try {
      const answer = await client.exports.preview(current);
      if (asked !== JSON.stringify(request())) return;
      preview.value = answer;
      failure.value = null;
    } catch (error) {
      if (asked !== JSON.stringify(request())) return;
      preview.value = null;
      failure.value = failureOf(error);
    }
  }

  watch(
    () => JSON.stringify(request()),
    () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void ask(), quietMs);
    },
    { immediate: true },
  );

  return { preview, failure };
}

/** An export under way or done, found again by its job's id. */
export function useExport(jobId: () => string | null) {
  const client = useClient();
  const jobs = useJobs();
  const made = shallowRef<Export | null>(null);
  const failure = shallowRef<Failure | null>(null);
  const job = computed<Job | null>(() => jobs.jobs.get(jobId() ?? '') ?? null);

  watch(
    () => [job.value?.state, job.value?.resultId] as const,
    async ([state, resultId]) => {
      made.value = null;
      failure.value = job.value?.failure ?? null;
      if (state !== 'done' || !resultId) return;
      try {
        made.value = await client.exports.get({ id: resultId });
      } catch (error) {
        failure.value = failureOf(error);
      }
    },
    { immediate: true },
  );

  /** Starts writing and answers with the job. @throws whatever the studio refuses with */
  async function start(request: ExportRequest): Promise<Job> {
    const { job: started } = await client.exports.start(request);
    jobs.note(started);
    return started;
  }

  return { job, made, failure, start };
}
