import type { Image, Provenance } from '../contract/domain/images.ts';
import type { Job } from '../contract/domain/jobs.ts';
import type { Run } from '../contract/domain/runs.ts';
import { engineProtocol } from '../contract/engine-messages.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { samplingSettings } from '../contract/presets.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { requireDiskSpace } from '../workspace/files.ts';
import type { StudioBackends } from './backends.ts';
import type { Datasets } from './datasets.ts';
import { runEngineJob } from './engine-process.ts';
import type { Gallery } from './gallery.ts';
import type { Jobs } from './jobs.ts';
import { modelConfigOf } from './run-training.ts';
import type { Runs } from './runs.ts';

export interface GenerationRequest {
  runId: string;
  checkpointStep?: number;
  count: number;
  seed: number;
  /** One of the run's classes; without it each seed also decides the class. */
  classIndex?: number;
  /** What the run's family lets one choose; its defaults for the rest. */
  sampling?: Settings;
}

/** The failure for a class that a run cannot draw; names those it can. */
export function classUnknown(run: Run, wanted: string): StudioError {
  const known = run.classes?.join(', ') ?? '';
  const advice = run.classes
    ? `Its classes: ${known}.`
    : 'It was trained without classes: generate without one, or train a conditional preset.';
  return new StudioError('class-unknown', `“${run.name}” cannot draw the class “${wanted}”. ${advice}`, {
    run: run.name,
    wanted,
    known,
  });
}

/** For the provenance: what the run branched off, without its name, which may change. */
function parentOf({ parent }: Run): Pick<Provenance['run'], 'parent'> {
  if (!parent) return {};
  const { runId, step, sha256 } = parent;
  return { parent: { runId, step, sha256 } };
}

/** A generous bound for one small PNG with its provenance. */
const bytesPerImage = 40_000;

/** Pictures drawn from a checkpoint into the gallery. */
export function createGeneration({
  workspace,
  backends,
  jobs,
  runs,
  datasets,
  gallery,
  version,
}: {
  workspace: Workspace;
  backends: StudioBackends;
  jobs: Jobs;
  runs: Runs;
  datasets: Datasets;
  gallery: Gallery;
  /** Of the studio, for the provenance. */
  version: string;
}) {
  return {
    /**
     * Starts drawing `count` pictures; picture i has seed `seed + i` modulo 2³². A picture that is there
     * already (same run, checkpoint, seed, class and sampling) is drawn again and keeps its id.
     *
     * @throws StudioError `not-found`, `class-unknown`, `setting-unknown`, `setting-out-of-range`,
     *   `checkpoint-missing`, `disk-full`
     */
    async start(request: GenerationRequest): Promise<{ job: Job; finished: Promise<Image[]> }> {
      const run = runs.get(request.runId);
      const { classIndex } = request;
      if (classIndex !== undefined && run.classes?.[classIndex] === undefined) {
        throw classUnknown(run, String(classIndex));
      }
      const chosen = samplingSettings(run, request.sampling);
      const sampling = Object.keys(chosen).length === 0 ? {} : { sampling: chosen };
      const checkpoint =
        request.checkpointStep === undefined
          ? await runs.checkpoints.last(run.id)
          : await runs.checkpoints.at(run.id, request.checkpointStep);
      if (!checkpoint) {
        throw new StudioError(
          'checkpoint-missing',
          `“${run.name}” has no checkpoint to generate from yet. Save one, or let it train on.`,
          { run: run.name, step: run.step, known: '' },
        );
      }
      await requireDiskSpace(workspace.folder, request.count * bytesPerImage);
      const dataset = datasets.get(run.datasetId);
      const datasetVersion = datasets.version(run.datasetId, run.datasetVersion);
      const provenance: Omit<Provenance, 'seed' | 'label'> = {
        generator: { name: 'Imago Studio', version },
        ...sampling,
        run: {
          id: run.id,
          name: run.name,
          preset: run.presetId,
          family: run.family,
          seed: run.seed,
          step: checkpoint.step,
          checkpointSha256: checkpoint.sha256,
          settings: run.settings,
          backend: run.backend?.device ?? '',
          ...parentOf(run),
        },
        dataset: {
          id: dataset.id,
          name: dataset.name,
          version: datasetVersion.version,
          hash: datasetVersion.hash,
          images: datasetVersion.images,
          licence: dataset.licence,
        },
      };
      const seeds = Array.from({ length: request.count }, (_, i) => (request.seed + i) % 0x1_0000_0000);
      return jobs.start('generation', run.name, async (control) => {
        const images: Image[] = [];
        control.progress(0, request.count);
        control.result(run.id);
        await backends.use((backend) =>
          runEngineJob(
            {
              job: 'generate',
              protocol: engineProtocol,
              backend,
              config: modelConfigOf(run),
              checkpoint: checkpoint.path,
              seeds,
              ...(classIndex === undefined ? {} : { classIndex }),
              ...sampling,
              provenance,
            },
            async (report) => {
              if (report.report !== 'image') return;
              const { seed, label } = report;
              images.push(
                await gallery.add({
                  png: report.png,
                  runId: run.id,
                  checkpointStep: checkpoint.step,
                  seed,
                  label,
                  ...sampling,
                  sizePx: run.sizePx,
                  provenance: { ...provenance, seed, ...(label === undefined ? {} : { label }) },
                }),
              );
              control.progress(images.length);
            },
            control.signal,
          ),
        );
        return images;
      });
    },
  };
}
