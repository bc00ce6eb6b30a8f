import type { GenerateJob } from '../contract/engine-messages.ts';
import type { EngineReport } from '../contract/engine-reports.ts';
import { encodePng } from '../imaging/pure/png-encode.ts';
import { provenanceChunks } from '../imaging/pure/provenance.ts';
import { readCheckpoint } from './checkpoint.ts';
import { damageOf } from './damage.ts';
import { openPairs } from './dataset-reader.ts';
import type { ModelFamily } from './models/family.ts';
import { integers, latentsOf } from './random.ts';
import { joined, samplePixels } from './sample-sheet.ts';

/** How many pictures go through the network at once; no picture depends on it. */
const batchSize = 64;

/**
 * Makes one picture for each seed of the job and reports it as a finished PNG, then `finished`. The
 * latent of a picture is drawn from its own seed, and so is its class where the model knows classes and the job
 * names none, and the pair whose input it is drawn from where the model takes one.
 *
 * @param report resolves when the studio has taken the report: the next picture waits for it
 * @throws StudioError `checkpoint-missing`, `checkpoint-corrupt`; `dataset-not-paired`, `dataset-changed` of the pairs
 */
export async function generate(
  job: GenerateJob,
  family: ModelFamily,
  report: (report: EngineReport) => Promise<void>,
): Promise<void> {
  const { config, seeds } = job;
  const { sizePx, channels, classes } = config;
  const checkpoint = readCheckpoint(job.checkpoint);
  const pairs = job.pairs ? openPairs({ ...job.pairs, sizePx, channels, damage: damageOf(config) }) : null;
  const model = family.build(config);
  try {
    model.load(checkpoint.tensors, checkpoint.step, job.checkpoint);
    const pictureBytes = sizePx * sizePx * channels;
    for (let first = 0; first < seeds.length; first += batchSize) {
      const batch = seeds.slice(first, first + batchSize);
      const latents = latentsOf(batch, model.latentSize);
      const labels = classes && batch.map((seed) => job.classIndex ?? classOf(seed, classes.length));
      const from = pairs && batch.map((seed) => pairs.pair(seed));
      const inputs = from ? joined(from.map(({ input }) => input)) : undefined;
      const pixels = samplePixels(model, latents, batch.length, labels, job.sampling, inputs);
      for (const [row, seed] of batch.entries()) {
        const picture = pixels.subarray(row * pictureBytes, (row + 1) * pictureBytes);
        const label = classes && labels ? { label: classes[labels[row]!]! } : {};
        const input = pairs && from ? { input: { part: pairs.part, row: from[row]!.row } } : {};
        const png = encodePng(
          { pixels: picture, widthPx: sizePx, heightPx: sizePx, channels },
          provenanceChunks({ ...job.provenance, seed, ...label, ...input }),
        );
        await report({ report: 'image', index: first + row, seed, ...label, ...input, png });
      }
    }
  } finally {
    pairs?.close();
    model.dispose();
  }
  await report({
    report: 'finished',
    outcome: 'completed',
    step: checkpoint.step,
    trainedMs: 0,
    stepMs: null,
  });
}

/** The class that a seed decides, where nobody asked for one. */
export function classOf(seed: number, classes: number): number {
  return integers(seed, 'class', 0, 1, classes)[0]!;
}
