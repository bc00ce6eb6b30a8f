import type { Image } from '../contract/domain/images.ts';
import type { Job } from '../contract/domain/jobs.ts';
import type { Run } from '../contract/domain/runs.ts';
import { engineProtocol } from '../contract/engine-messages.ts';
import { memberOf } from '../contract/ensemble.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { drawsFromInputs, samplingSettings } from '../contract/presets.ts';
import { requireDiskSpace } from '../workspace/files.ts';
import { runEngineJob } from './engine-process.ts';
import {
  bytesPerImage,
  classNameOf,
  drawingCheckpoint,
  seedsFrom,
  type DrawingCheckpoint,
  type DrawingTools,
} from './drawing-checkpoint.ts';
import { modelConfigOf } from './run-training.ts';

export interface GenerationRequest {
  runId: string;
  checkpointStep?: number;
  /** Further checkpoints of the same form that draw with this one: each seed decides which of them. */
  ensemble?: readonly { runId: string; checkpointStep?: number }[];
  count: number;
  seed: number;
  /** One of the run's classes; without it each seed also decides the class. */
  classIndex?: number;
  /** What the run's family lets one choose; its defaults for the rest. */
  sampling?: Settings;
}

/** Pictures drawn from a checkpoint into the gallery. */
export function createGeneration({
  workspace,
  backends,
  jobs,
  runs,
  datasets,
  gallery,
  version,
}: DrawingTools) {
  /** Where the inputs are that a run draws from. */
  const pairsOf = ({ family, datasetId, datasetVersion }: Run) => {
    if (!drawsFromInputs(family)) return {};
    const { images, heldOutImages } = datasets.version(datasetId, datasetVersion);
    return {
      pairs: { versionFolder: workspace.versionFolder(datasetId, datasetVersion), images, heldOutImages },
    };
  };

  /** Draws some seeds from one checkpoint, in an engine of its own. */
  const draw = async (
    { run, checkpoint, classIndex, sampling, provenance }: DrawingCheckpoint,
    seeds: readonly number[],
    taken: (image: Image) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const chosen = sampling ? { sampling } : {};
    await backends.use((backend) =>
      runEngineJob(
        {
          job: 'generate',
          protocol: engineProtocol,
          backend,
          config: modelConfigOf(run),
          checkpoint: checkpoint.path,
          seeds: [...seeds],
          ...(classIndex === undefined ? {} : { classIndex }),
          ...chosen,
          ...pairsOf(run),
          provenance,
        },
        async (report) => {
          if (report.report !== 'image') return;
          const { seed, label, input } = report;
          const image = await gallery.add({
            png: report.png,
            runId: run.id,
            checkpointStep: checkpoint.step,
            seed,
            label,
            ...chosen,
            sizePx: run.sizePx,
            provenance: {
              ...provenance,
              seed,
              ...(label === undefined ? {} : { label }),
              ...(input === undefined ? {} : { input }),
            },
          });
          taken(image);
        },
        signal,
      ),
    );
  };

  return {
    /**
     * Starts drawing `count` pictures; picture i has seed `seed + i` modulo 2³². A picture that is there
     * already (same run, checkpoint, seed, class and sampling) is drawn again and keeps its id. Of an ensemble each
     * seed decides which checkpoint draws it, and the picture belongs to that one.
     *
     * @throws StudioError `not-found`, `class-unknown`, `setting-unknown`, `setting-out-of-range`,
     *   `checkpoint-missing`, `ensemble-mismatch`, `disk-full`
     */
    async start(request: GenerationRequest): Promise<{ job: Job; finished: Promise<Image[]> }> {
      const first = runs.get(request.runId);
      const className = classNameOf(first, request.classIndex);
      const members: DrawingCheckpoint[] = [];
      for (const wanted of [request, ...(request.ensemble ?? [])]) {
        const settings = (run: Run) => samplingSettings(run, request.sampling);
        const member = await drawingCheckpoint({ runs, datasets, version }, wanted, className, settings);
        requireSameForm(first, member.run);
        const isKnown = members.some(
          ({ run, checkpoint }) => run.id === member.run.id && checkpoint.step === member.checkpoint.step,
        );
        if (!isKnown) members.push(member);
      }
      await requireDiskSpace(workspace.folder, request.count * bytesPerImage);
      const seeds = seedsFrom(request.seed, request.count);
      return jobs.start('generation', first.name, async (control) => {
        const bySeed = new Map<number, Image>();
        control.progress(0, request.count);
        control.result(first.id);
        for (const [place, member] of asEnsemble(members).entries()) {
          const own = seeds.filter((seed) => memberOf(seed, members.length) === place);
          if (own.length === 0) continue;
          const take = (image: Image) => {
            bySeed.set(image.seed, image);
            control.progress(bySeed.size);
          };
          await draw(member, own, take, control.signal);
        }
        return seeds.flatMap((seed) => bySeed.get(seed) ?? []);
      });
    },
  };
}

/** The members, each saying in its provenance which of them it is; a single one stays as it is. */
function asEnsemble(members: readonly DrawingCheckpoint[]): DrawingCheckpoint[] {
  if (members.length === 1) return [...members];
  const named = members.map(({ run, checkpoint }) => ({
    runId: run.id,
    step: checkpoint.step,
    checkpointSha256: checkpoint.sha256,
  }));
  return members.map((member, place) => ({
    ...member,
    provenance: { ...member.provenance, ensemble: { members: named, member: place } },
  }));
}

/** @throws StudioError `ensemble-mismatch` where two runs draw pictures of different sizes or channels */
function requireSameForm(first: Run, other: Run): void {
  const form = ({ sizePx, channels }: Run) => `${sizePx}×${sizePx} ${channels === 1 ? 'grey' : 'RGB'}`;
  if (form(first) === form(other)) return;
  throw new StudioError(
    'ensemble-mismatch',
    `“${other.name}” draws ${form(other)} pictures and “${first.name}” ${form(first)} ones: they cannot draw as one model. Choose runs of the same size and colours.`,
    { name: other.name, found: form(other), needed: form(first) },
  );
}
