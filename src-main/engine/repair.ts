import * as tf from '@tensorflow/tfjs-core';
import type { RepairJob } from '../contract/engine-messages.ts';
import type { EngineReport } from '../contract/engine-reports.ts';
import { families } from '../contract/presets.ts';
import { encodePng } from '../imaging/pure/png-encode.ts';
import { provenanceChunks } from '../imaging/pure/provenance.ts';
import { readCheckpoint } from './checkpoint.ts';
import { classOf } from './generation.ts';
import type { Model, ModelFamily } from './models/family.ts';
import { bytesOf, joined, tensorOf } from './sample-sheet.ts';

/** How many pictures go through the network at once; no picture depends on it. */
const batchSize = 64;

/**
 * Makes one picture for each seed of each repair and reports it as a finished PNG, then `finished`. Each depends on
 * the checkpoint, its own picture, mask and seed, and on the sampling alone.
 *
 * @param report resolves when the studio has taken the report: the next picture waits for it
 * @throws StudioError `checkpoint-missing`, `checkpoint-corrupt`
 * @throws RangeError when a picture or mask is not of the model's size
 */
export async function repair(
  job: RepairJob,
  family: ModelFamily,
  report: (report: EngineReport) => Promise<void>,
): Promise<void> {
  const { config } = job;
  const { sizePx, channels, classes } = config;
  const wanted = job.repairs.flatMap(({ seeds, ...rest }) => seeds.map((seed) => ({ seed, ...rest })));
  for (const { picture, mask } of job.repairs) {
    if (picture.length === sizePx * sizePx * channels && mask.length === sizePx * sizePx) continue;
    throw new RangeError(`A picture or mask to repair is not ${sizePx}×${sizePx} pixels large.`);
  }
  const checkpoint = readCheckpoint(job.checkpoint);
  const model = family.build(config);
  try {
    model.load(checkpoint.tensors, checkpoint.step, job.checkpoint);
    const pictureBytes = sizePx * sizePx * channels;
    for (let first = 0; first < wanted.length; first += batchSize) {
      const batch = wanted.slice(first, first + batchSize);
      const labels = labelsOf(job, batch);
      const pixels = repairedPixels(model, batch, labels, job.sampling);
      for (const [row, { seed, origin }] of batch.entries()) {
        const picture = pixels.subarray(row * pictureBytes, (row + 1) * pictureBytes);
        const label = classes && labels ? { label: classes[labels[row]!]! } : {};
        const png = encodePng(
          { pixels: picture, widthPx: sizePx, heightPx: sizePx, channels },
          provenanceChunks({ ...job.provenance, seed, ...label, repair: origin }),
        );
        await report({ report: 'image', index: first + row, seed, ...label, png });
      }
    }
  } finally {
    model.dispose();
  }
  await report({
    ...{ report: 'finished', outcome: 'completed', step: checkpoint.step },
    ...{ trainedMs: 0, stepMs: null },
  });
}

/**
 * The class of each picture: the one that was asked for. A model that fills holes does without, as what is kept says
 * enough; one that writes a picture from a class on has it decided by the seed.
 */
function labelsOf(
  { config: { family, classes }, classIndex }: RepairJob,
  batch: readonly { seed: number }[],
): number[] | undefined {
  if (!classes) return undefined;
  if (classIndex !== undefined) return batch.map(() => classIndex);
  if (families[family].repairs === 'masked') return undefined;
  return batch.map(({ seed }) => classOf(seed, classes.length));
}

/** The bytes of the repaired pictures, one behind the other. */
function repairedPixels(
  model: Model,
  batch: readonly { picture: Uint8Array; mask: Uint8Array; seed: number }[],
  labels: readonly number[] | undefined,
  sampling: RepairJob['sampling'],
): Uint8Array {
  const { sizePx, family } = model.config;
  if (!model.repair) throw new Error(`A model of the family ${family} repairs no pictures.`);
  const pictures = tensorOf(joined(batch.map(({ picture }) => picture)), batch.length, model.config);
  const mask = tf.tensor4d(Float32Array.from(joined(batch.map((one) => one.mask))), [
    batch.length,
    sizePx,
    sizePx,
    1,
  ]);
  const repaired = model.repair({
    ...{ pictures, mask, seeds: batch.map(({ seed }) => seed) },
    ...(labels ? { labels } : {}),
    ...(sampling ? { sampling } : {}),
  });
  const pixels = bytesOf(repaired.dataSync<'float32'>());
  tf.dispose([pictures, mask, repaired]);
  return pixels;
}
