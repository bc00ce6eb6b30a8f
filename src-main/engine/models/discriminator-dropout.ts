import * as tf from '@tensorflow/tfjs-core';
import { uniforms } from '../random.ts';
import type { Layer, Weights } from './layers.ts';
import { forward } from './layers.ts';

/** Layers that only change what the one before them gave. */
const passed: ReadonlySet<Layer['kind']> = new Set([
  'reshape',
  'activation',
  'batch-normalization',
  'group-normalization',
  'position-mean',
]);

/**
 * {@link forward} with dropout (Srivastava et al., "Dropout", 2014) after each hidden layer, by batch statistics.
 * Of a map whole channels are left out (Tompson et al., "Efficient Object Localization Using Convolutional Networks",
 * 2015): neighbouring pixels would tell what is missing. The masks are a function of (seed, stream, draw, layer).
 *
 * @param rate the share that is left out, in [0, 1); what stays grows by as much
 */
export function forwardWithDropout(
  layers: readonly Layer[],
  weights: Weights,
  x: tf.Tensor,
  classes: tf.Tensor2D | undefined,
  rate: number,
  source: { readonly seed: number; readonly stream: string; readonly draw: number },
): tf.Tensor {
  const byBatch = { by: 'batch' } as const;
  const last = layers.findLastIndex(({ kind }) => !passed.has(kind));
  return layers.reduce((input, layer, index) => {
    const output = forward([layer], weights, input, byBatch, classes);
    if (index >= last || passed.has(layer.kind)) return output;
    const [batch, ...rest] = output.shape as [number, ...number[]];
    const features = rest.at(-1)!;
    const numbers = uniforms(source.seed, `${source.stream}/${layer.name}`, source.draw, batch * features);
    const mask = tf.tensor(
      numbers.map((number) => (number < rate ? 0 : 1 / (1 - rate))),
      [batch, ...rest.slice(0, -1).map(() => 1), features],
    );
    return tf.mul(output, mask);
  }, x);
}
