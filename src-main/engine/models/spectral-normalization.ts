import * as tf from '@tensorflow/tfjs-core';
import { normals } from '../random.ts';
import { withoutGradient } from './gradient-stop.ts';
import type { Weights } from './layers.ts';

/** Holds how far a network can stretch its input, layer by layer. */
export interface SpectralNormalization {
  /** A vector for each matrix, by the weight's name; part of a checkpoint. */
  readonly vectors: ReadonlyMap<string, tf.Variable>;
  /** Brings each vector one power iteration closer to the direction that its matrix stretches most; frozen ones stay. */
  iterate(): void;
  /** The weights, each held matrix divided by its largest singular value; differentiable in the weights. */
  normalized(): Weights;
  dispose(): void;
}

export interface SpectralOptions {
  /** Which matrices are divided, by name; all unless said. */
  readonly holds?: (name: string) => boolean;
  /** Those that do not move, and whose vectors thus need not either. */
  readonly frozen?: ReadonlySet<string>;
}

/** A random vector is far from the wanted direction: a network that starts wild takes long to calm down. */
const firstIterations = 8;

/**
 * Spectral normalisation of a network's matrices, a filter counting as one from all its inputs to its outputs:
 * Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018. The vectors are constants to the
 * gradient, as in the paper. Biases stay as they are.
 */
export function createSpectralNormalization(
  weights: ReadonlyMap<string, tf.Variable>,
  seed: number,
  { holds = () => true, frozen = new Set() }: SpectralOptions = {},
): SpectralNormalization {
  const matrices = [...weights].filter(([name, { rank }]) => rank >= 2 && holds(name));
  const vectors = new Map(
    matrices.map(([name, { shape }]) => {
      const size = shape.at(-1)!;
      const start = normals(seed, `spectral/${name}`, 0, size);
      return [name, tf.tidy(() => tf.variable(unit(tf.tensor2d(start, [size, 1])), false))];
    }),
  );

  const turn = (turned: typeof matrices) =>
    tf.tidy(() => {
      for (const [name, weight] of turned) {
        const matrix = asMatrix(weight);
        const vector = vectors.get(name)!;
        const across = unit(tf.matMul(matrix, vector as tf.Tensor as tf.Tensor2D));
        vector.assign(unit(tf.matMul(matrix, across, true, false)));
      }
    });
  for (let time = 0; time < firstIterations; time++) turn(matrices);
  const moving = matrices.filter(([name]) => !frozen.has(name));

  return {
    vectors,
    iterate: () => turn(moving),
    normalized: () =>
      new Map<string, tf.Tensor>(
        [...weights].map(([name, weight]) => {
          const vector = vectors.get(name);
          if (!vector) return [name, weight];
          const right = vector as tf.Tensor as tf.Tensor2D;
          // The stretched vector as a number without a past: only the matrix between the two is learned through.
          const left = withoutGradient(() => unit(tf.matMul(asMatrix(weight), right)));
          const stretched = tf.matMul(asMatrix(weight), right);
          return [name, tf.div(weight, tf.sum(tf.mul(left, stretched)))];
        }),
      ),
    dispose: () => tf.dispose([...vectors.values()]),
  };
}

function asMatrix(weight: tf.Tensor): tf.Tensor2D {
  return tf.reshape(weight, [-1, weight.shape.at(-1)!]);
}

function unit<T extends tf.Tensor>(vector: T): T {
  return tf.div(vector, tf.sqrt(tf.add(tf.sum(tf.square(vector)), 1e-12)));
}
