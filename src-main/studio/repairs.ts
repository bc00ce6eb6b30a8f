import type { Image } from '../contract/domain/images.ts';
import type { Job } from '../contract/domain/jobs.ts';
import type { FittedPicture, RepairLook, RepairOrigin, RepairOrder } from '../contract/domain/repairs.ts';
import { repairLookSchema, repairRequestSchema } from '../contract/domain/repairs.ts';
import type { Run } from '../contract/domain/runs.ts';
import { engineProtocol } from '../contract/engine-messages.ts';
import { StudioError } from '../contract/errors.ts';
import type { RepairKind } from '../contract/families/family.ts';
import { families, familyIds, repairSettings } from '../contract/presets.ts';
import { maskUseOf, repairVaries } from '../contract/repair-rules.ts';
import { holeGrey } from '../imaging/pure/derive-input.ts';
import { encodePng } from '../imaging/pure/png-encode.ts';
import { hashBytes, requireDiskSpace } from '../workspace/files.ts';
import {
  bytesPerImage,
  classNameOf,
  drawingCheckpoint,
  seedsFrom,
  type DrawingTools,
} from './drawing-checkpoint.ts';
import { runEngineJob } from './engine-process.ts';
import { fitPicture } from './repair-fitting.ts';
import { maskFor } from './repair-mask.ts';
import { bringPicture } from './repair-source.ts';
import { modelConfigOf } from './run-training.ts';

export type Repairs = ReturnType<typeof createRepairs>;

/** Pictures that were looked at; each is a few kilobytes. */
const keptPreviews = 64;

/** Repair, completion and translation of pictures that a person brings; what is made lands in the gallery. */
export function createRepairs({ workspace, backends, jobs, runs, datasets, gallery, version }: DrawingTools) {
  const previews = new Map<string, Uint8Array>();

  /** Keeps a PNG in sight without writing it. @returns its SHA-256 */
  const show = (png: Uint8Array): string => {
    const sha256 = hashBytes(png);
    previews.delete(sha256);
    previews.set(sha256, png);
    for (const oldest of previews.keys()) {
      if (previews.size <= keptPreviews) break;
      previews.delete(oldest);
    }
    return sha256;
  };

  const prepare = async (request: RepairLook) => {
    const run = runs.get(request.runId);
    const kind = requireRepairs(run);
    const recipe = datasets.version(run.datasetId, run.datasetVersion);
    const brought = await bringPicture(request.from, { workspace, datasets, gallery });
    const fitted = await fitPicture(brought, run, recipe, request.derive);
    const input = encodePng({
      ...{ pixels: fitted.pixels, widthPx: run.sizePx, heightPx: run.sizePx },
      channels: run.channels,
    });
    return { run, kind, brought, fitted, input, use: maskUseOf(run.family, recipe.pairing.kind) };
  };

  return {
    /** The PNG of a picture or mask that was looked at lately; null for others. */
    preview: (sha256: string): Uint8Array | null => previews.get(sha256) ?? null,

    /**
     * What a picture becomes before the model of a run sees it; nothing is written.
     *
     * @throws StudioError `not-found`, `repair-unsupported`, `path-missing`, `file-unreadable`, `dataset-changed`,
     *   `input-invalid`
     */
    async look(request: RepairLook): Promise<FittedPicture> {
      const { run, brought, fitted, input } = await prepare(repairLookSchema.parse(request));
      const { sizePx, channels } = run;
      const { name, widthPx, heightPx, rights } = brought;
      return {
        inputSha256: show(input),
        transparencySha256: fitted.opaque && show(maskPng(fitted.opaque, sizePx)),
        ...{ name, widthPx, heightPx, sizePx, channels, rights },
      };
    },

    /**
     * Starts to make `count` pictures out of one; picture i has seed `seed + i` modulo 2³². One that is there already
     * (same run, checkpoint, seed, class, sampling, input and mask) is made again and keeps its id.
     *
     * @returns with the job the hashes of the fitted picture and of the mask, by which the results are found
     * @throws StudioError as {@link look} does, `input-invalid` also for more than one of a model without chance, and
     *   `mask-unusable`, `class-unknown`, `setting-unknown`,
     *   `setting-out-of-range`, `checkpoint-missing`, `disk-full`
     */
    async start(order: RepairOrder): Promise<{
      job: Job;
      inputSha256: string;
      maskSha256: string | null;
      finished: Promise<Image[]>;
    }> {
      const request = repairRequestSchema.parse(order);
      const { run, kind, brought, fitted, input, use } = await prepare(request);
      const { sizePx } = run;
      if (request.count > 1 && !repairVaries(run)) {
        throw new StudioError(
          'input-invalid',
          `“${run.name}” gives one answer for each picture, whatever the seed: ask for one.`,
          { name: run.name },
        );
      }
      const mask = await maskFor(request.mask, brought, fitted, run, use);
      const { checkpoint, classIndex, sampling, provenance } = await drawingCheckpoint(
        { runs, datasets, version },
        request,
        classNameOf(run, request.classIndex),
        (of) => repairSettings(of, request.sampling),
      );
      await requireDiskSpace(workspace.folder, request.count * bytesPerImage);

      const seeds = seedsFrom(request.seed, request.count);
      const maskImage = mask && maskPng(mask, sizePx);
      const inputSha256 = show(input);
      const maskSha256 = maskImage && show(maskImage);
      const repair = { inputSha256, ...(maskSha256 === null ? {} : { maskSha256 }) };
      const origin: RepairOrigin = {
        ...{ kind, ...repair, from: brought.from, rights: brought.rights },
        hiddenShare: mask ? mask.reduce((sum, keep) => sum + 1 - keep, 0) / mask.length : 0,
        ...(fitted.derived ? { derived: fitted.derived } : {}),
      };
      const whole = mask ?? new Uint8Array(sizePx * sizePx).fill(1);
      const picture = showsHoles(kind, mask) ? withHoles(fitted.pixels, whole) : fitted.pixels;
      const chosen = sampling ? { sampling } : {};
      const started = jobs.start('repair', run.name, async (control) => {
        const made: Image[] = [];
        control.progress(0, request.count);
        control.result(run.id);
        await backends.use((backend) =>
          runEngineJob(
            {
              ...{ job: 'repair', protocol: engineProtocol, backend },
              ...{ config: modelConfigOf(run), checkpoint: checkpoint.path },
              repairs: [{ picture: Uint8Array.from(picture), mask: Uint8Array.from(whole), seeds, origin }],
              ...(classIndex === undefined ? {} : { classIndex }),
              ...chosen,
              provenance,
            },
            async (report) => {
              if (report.report !== 'image') return;
              const { seed, label, png } = report;
              // Before the row that refers to them.
              if (made.length === 0) {
                await workspace.putInput(input);
                if (maskImage) await workspace.putInput(maskImage);
              }
              const image = await gallery.add({
                ...{ png, runId: run.id, checkpointStep: checkpoint.step, seed, label, sizePx, repair },
                ...chosen,
                provenance: {
                  ...{ ...provenance, seed, repair: origin },
                  ...(label === undefined ? {} : { label }),
                },
              });
              made.push(image);
              control.progress(made.length);
            },
            control.signal,
          ),
        );
        return made;
      });
      return { ...started, inputSha256, maskSha256 };
    },
  };
}

/** @throws StudioError `repair-unsupported` naming the families that repair */
function requireRepairs(run: Run): RepairKind {
  const kind = families[run.family].repairs;
  if (kind) return kind;
  const known = familyIds.filter((id) => families[id].repairs).join(', ');
  throw new StudioError(
    'repair-unsupported',
    `“${run.name}” only draws pictures of its own. To repair one, use a run of one of these families: ${known}.`,
    { name: run.name, family: run.family, known },
  );
}

/** White where it hides: painted masks are read the same way. */
function maskPng(mask: Uint8Array, sizePx: number): Uint8Array {
  const pixels = mask.map((keep) => (keep === 1 ? 0 : 255));
  return encodePng({ pixels, widthPx: sizePx, heightPx: sizePx, channels: 1 });
}

const showsHoles = (kind: RepairKind, mask: Uint8Array | null): boolean =>
  kind === 'translates' && mask !== null;

/** Grey where the mask hides, as versions show holes to the models that learn to fill them. */
function withHoles(pixels: Uint8Array, mask: Uint8Array): Uint8Array {
  const channels = pixels.length / mask.length;
  return pixels.map((value, at) => (mask[Math.floor(at / channels)] === 1 ? value : holeGrey));
}
