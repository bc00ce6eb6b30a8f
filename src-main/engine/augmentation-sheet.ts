import type { AugmentJob } from '../contract/engine-messages.ts';
import type { EngineReport } from '../contract/engine-reports.ts';
import { encodePng } from '../imaging/pure/png-encode.ts';
import { augment, augmentationOf, geometryOf } from './augmentation/augmentation.ts';

const gapPx = 2;

/**
 * Draws the contact sheet of augmentation and reports `augmented`, then `finished`. The first column holds the
 * pictures as they are; each further one is a batch of its own, as a training step would take it. Tensors are only
 * loaded where something is altered before the discriminator.
 */
export async function drawAugmentations(
  job: AugmentJob,
  report: (report: EngineReport) => Promise<void>,
): Promise<void> {
  const { pixels, sizePx, channels, draws, seed } = job;
  const length = sizePx * sizePx * channels;
  const pictures = pixels.length / length;
  const plain = Float32Array.from(pixels, (byte) => byte / 127.5 - 1);
  const asked = augmentationOf(job.settings);
  const augmentation = job.paired ? geometryOf(asked) : asked;
  const alterAll = await alterationOf(job, pictures);
  const batches: Float32Array[] = [plain];
  for (let step = 0; step < draws; step++) {
    const values = plain.slice();
    if (augmentation) augment({ values, pictures, sizePx, channels }, augmentation, { seed, step });
    batches.push(alterAll ? alterAll(values, step) : values);
  }
  const columns = batches.length;
  const widthPx = columns * (sizePx + gapPx) - gapPx;
  const heightPx = pictures * (sizePx + gapPx) - gapPx;
  // With transparent gaps, so that a sheet lies well on a light page and on a dark one.
  const sheet = new Uint8Array(widthPx * heightPx * 4);
  batches.forEach((values, column) => {
    for (let picture = 0; picture < pictures; picture++) {
      for (let pixel = 0; pixel < sizePx * sizePx; pixel++) {
        const x = column * (sizePx + gapPx) + (pixel % sizePx);
        const y = picture * (sizePx + gapPx) + Math.floor(pixel / sizePx);
        const from = picture * length + pixel * channels;
        const to = 4 * (y * widthPx + x);
        for (let channel = 0; channel < 3; channel++) {
          const value = values[from + (channels === 1 ? 0 : channel)]!;
          sheet[to + channel] = Math.round(Math.min(255, Math.max(0, (value + 1) * 127.5)));
        }
        sheet[to + 3] = 255;
      }
    }
  });
  const png = encodePng({ pixels: sheet, widthPx, heightPx, channels: 4 });
  await report({ report: 'augmented', png, columns, rows: pictures, gapPx });
  await report({ report: 'finished', outcome: 'completed', step: draws, trainedMs: 0, stepMs: null });
}

/** What is done before the discriminator, by its very code; null where nothing is. */
async function alterationOf(
  { settings, probability, sizePx, channels, seed }: AugmentJob,
  pictures: number,
): Promise<((values: Float32Array, step: number) => Float32Array) | null> {
  if (probability === null) return null;
  const [tf, { openCpuBackend }, alterations] = await Promise.all([
    import('@tensorflow/tfjs-core'),
    import('./backends/cpu-backend.ts'),
    import('./optimisation/differentiable-augmentation.ts'),
  ]);
  const kinds = alterations.alterationKinds(settings);
  if (!kinds) return null;
  await openCpuBackend();
  return (values, draw) => {
    const by = alterations.drawAlterations(
      { seed, stream: 'alter-real', draw },
      kinds,
      { batch: pictures, sizePx },
      probability,
    );
    return tf.tidy(() =>
      alterations.alter(tf.tensor4d(values, [pictures, sizePx, sizePx, channels]), by).dataSync<'float32'>(),
    );
  };
}
