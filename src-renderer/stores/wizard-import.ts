import type { Ref } from 'vue';
import { computed, ref, shallowRef } from 'vue';
import type { ImportSource } from '../../src-main/contract/domain/sources.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { failureOf } from '../client/failure.ts';
import type { NamedFile } from '../client/upload.ts';
import { upload } from '../client/upload.ts';
import { useDatasets } from './datasets.ts';
import { useJobs } from './jobs.ts';
import { useProjects } from './projects.ts';
import type { ArrayChoice, ChosenSource } from './sources.ts';
import { mayBeArray } from './sources.ts';
import type { Draft } from './wizard-draft.ts';

interface Entered {
  readonly draft: Ref<Draft>;
  /** What last stood against the wizard. */
  readonly failure: Ref<Failure | null>;
  /** Answers with the id of the project that the pictures belong to. */
  readonly settleProject: () => Promise<string>;
}

/** How the wizard's pictures come in: sent where they must be, imported, or given up. */
export function useWizardImport({ draft, failure, settleProject }: Entered) {
  const projects = useProjects();
  const datasets = useDatasets();
  const jobs = useJobs();
  const uploading = ref<{ files: number; total: number; bytes: number } | null>(null);
  /** From the moment pictures are chosen until their import runs. */
  const taking = ref(false);
  /** A file of arrays that cannot be imported before it was said how its pictures lie; and how often one was asked about. */
  const asked = shallowRef<ArrayChoice | null>(null);
  const askedTimes = ref(0);
  let abort: AbortController | null = null;
  const importJob = computed(() => jobs.jobs.get(draft.value.importJobId ?? '') ?? null);

  /** Takes pictures in; the import runs on while the wizard goes on. */
  async function offer(source: ChosenSource, datasetName: string) {
    taking.value = true;
    failure.value = null;
    asked.value = null;
    if (draft.value.name.trim() === '') draft.value.name = datasetName;
    const wasNew = !projects.projects.some(({ id }) => id === draft.value.projectId);
    try {
      await cancelImport();
      draft.value = { ...draft.value, datasetId: null, importJobId: null, recipe: {} };
      const projectId = await settleProject();
      const reachable = source.kind === 'files' ? await send(source.files) : source;
      const { datasetId, jobId } = await datasets.startImport(projectId, datasetName, reachable);
      draft.value.datasetId = datasetId;
      draft.value.importJobId = jobId;
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) failure.value = failureOf(error);
      if (failure.value?.code === 'array-layout-needed' && mayBeArray(source)) {
        asked.value = source;
        askedTimes.value += 1;
      }
      if (wasNew) await forgetProject();
    } finally {
      taking.value = false;
      uploading.value = null;
      abort = null;
    }
  }

  /** A project made for pictures that could not be had is not left behind. */
  async function forgetProject() {
    const id = draft.value.projectId;
    draft.value.projectId = null;
    if (id) await projects.trash(id).catch(() => undefined);
  }

  async function send(files: readonly NamedFile[]): Promise<ImportSource> {
    abort = new AbortController();
    uploading.value = { files: 0, total: files.length, bytes: 0 };
    const report = (done: { files: number; bytes: number }) =>
      (uploading.value = { ...done, total: files.length });
    return { kind: 'upload', uploadId: await upload(files, report, abort.signal) };
  }

  /** Ends an upload or import under way; nothing half-made stays. */
  async function cancelImport() {
    abort?.abort();
    const job = importJob.value;
    if (job?.state !== 'running') return;
    await jobs.cancel(job.id);
    draft.value = { ...draft.value, datasetId: null, importJobId: null, recipe: {} };
  }

  /** Stops sending; what was imported already stays. */
  const abortUpload = () => abort?.abort();

  return { taking, asked, askedTimes, uploading, importJob, offer, cancelImport, abortUpload };
}
