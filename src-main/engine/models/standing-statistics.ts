import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer-kinds.ts';
import { simpleLayers } from './layer-kinds.ts';
import type { Weights } from './layers.ts';
import { forward } from './layers.ts';
import type { StyleMapping } from './style-generator.ts';
import { styleOf } from './style-generator.ts';

/** So many latents decide the statistics. */
export const statisticsBatch = 256;
/** The style that truncation leads to, measured with the statistics. */
const meanStyleName = 'mapping.mean';

export interface StatisticsSource {
  readonly generator: readonly Layer[];
  readonly mapping: StyleMapping | undefined;
  /** The averaged weights of both. */
  readonly average: Weights;
  /** The same each time, `[statisticsBatch, latentSize]`. */
  latents(): tf.Tensor2D;
  /** `[statisticsBatch, classes]`; undefined without classes. */
  classes(): tf.Tensor2D | undefined;
}

/** The normalisation statistics that belong to averaged weights. */
export interface StandingStatistics {
  /** Mean 0, variance 1 and a mean style of 0 until they are measured. */
  readonly tensors: ReadonlyMap<string, tf.Variable<tf.Rank.R1>>;
  /** `[styleSize]`; only of a generator with styles. */
  meanStyle(): tf.Variable<tf.Rank.R1>;
  /** Measures them, unless they belong to the present average. */
  measure(): void;
  /** Says whether what they hold belongs to the present average. */
  setMeasured(isMeasured: boolean): void;
  dispose(): void;
}

/**
 * The "standing statistics" of Brock et al., "Large Scale GAN Training for High Fidelity Natural Image Synthesis",
 * 2019: measured on fixed latents with just the weights that draw, since a running mean of the training batches would
 * belong to others.
 */
export function createStandingStatistics(source: StatisticsSource): StandingStatistics {
  const { generator, mapping, average } = source;
  const tensors = emptyStatistics(generator, mapping);
  let isMeasured = false;
  return {
    tensors,
    meanStyle: () => tensors.get(meanStyleName)!,
    measure() {
      if (isMeasured || tensors.size === 0) return;
      tf.tidy(() => {
        const latents = source.latents();
        const classes = source.classes();
        const collect = (name: string, mean: tf.Tensor1D, variance: tf.Tensor1D) => {
          tensors.get(`${name}.mean`)!.assign(mean);
          tensors.get(`${name}.variance`)!.assign(variance);
        };
        if (mapping)
          tensors.get(meanStyleName)!.assign(tf.mean(styleOf(mapping, average, latents, classes), 0));
        else forward(generator, average, latents, { by: 'batch', collect }, classes);
      });
      isMeasured = true;
    },
    setMeasured: (is) => void (isMeasured = is),
    dispose: () => void tf.dispose([...tensors.values()]),
  };
}

function emptyStatistics(
  layers: readonly Layer[],
  mapping: StyleMapping | undefined,
): Map<string, tf.Variable<tf.Rank.R1>> {
  const variable = (size: number, value: number) =>
    tf.tidy(() => tf.variable(tf.tensor1d(new Float32Array(size).fill(value)), false));
  const ofLayers = simpleLayers(layers)
    .filter((layer) => layer.kind === 'batch-normalization')
    .flatMap(({ name, channels }): [string, tf.Variable<tf.Rank.R1>][] => [
      [`${name}.mean`, variable(channels, 0)],
      [`${name}.variance`, variable(channels, 1)],
    ]);
  return new Map([
    ...ofLayers,
    ...(mapping ? [[meanStyleName, variable(mapping.styleSize, 0)] as const] : []),
  ]);
}
