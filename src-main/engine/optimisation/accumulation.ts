import * as tf from '@tensorflow/tfjs-core';
import type { Settings } from '../../contract/hyper-parameters.ts';

/** What one batch says: gradients in the order of the weights, and scalars by name. */
export interface BatchResult {
  readonly gradients: tf.Tensor[];
  readonly values: Record<string, number>;
}

/** How many batches one update of a network looks at. */
export function batchesPerUpdate({ gradientAccumulation }: Readonly<Settings>): number {
  return Number(gradientAccumulation ?? 1);
}

/**
 * Gradients and scalars averaged over the batches of one update (gradient accumulation): nothing is kept from one
 * step to the next, so there is nothing to save. With one batch it is `compute` itself. For use inside `tf.tidy`.
 *
 * @param update counts the updates of the whole run
 * @param compute draws its random numbers by `draw`, which counts the batches of the whole run; a network that sees
 *   no pictures of the dataset takes `batch` as their number
 */
export function overBatches(
  settings: Readonly<Settings>,
  update: number,
  compute: (batch: number, draw: number) => BatchResult,
): BatchResult {
  const batches = batchesPerUpdate(settings);
  if (batches === 1) return compute(0, update);
  let sums: tf.Tensor[] | null = null;
  const records: Record<string, number>[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const earlier: tf.Tensor[] | null = sums;
    sums = tf.tidy(() => {
      const { gradients, values } = compute(batch, update * batches + batch);
      records.push(values);
      return gradients.map((gradient, index) => (earlier ? tf.add(earlier[index]!, gradient) : gradient));
    });
    if (earlier) tf.dispose(earlier);
  }
  return {
    gradients: sums!.map((sum) => tf.mul(sum, 1 / batches)),
    values: meansOf(records),
  };
}

/** The pictures and labels of batch `index` of as many as `batches`; the pictures are the caller's to dispose. */
export function batchOf(
  images: tf.Tensor4D,
  labels: Int32Array | undefined,
  index: number,
  batches: number,
): { images: tf.Tensor4D; labels: Int32Array | undefined } {
  if (batches === 1) return { images, labels };
  const [pictures, ...rest] = images.shape;
  const size = pictures / batches;
  return {
    images: tf.slice(images, [index * size, 0, 0, 0], [size, ...rest]),
    labels: labels?.subarray(index * size, (index + 1) * size),
  };
}

/** The mean of each scalar over the records that have it. */
export function meansOf(records: readonly Record<string, number>[]): Record<string, number> {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = records.flatMap((record) => record[name] ?? []);
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
    }),
  );
}
