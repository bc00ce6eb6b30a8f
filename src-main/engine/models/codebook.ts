import * as tf from '@tensorflow/tfjs-core';
import { inFullPrecision } from '../backends/full-precision.ts';
import { integers } from '../random.ts';

/** A vocabulary of vectors that follow what they stand for. */
export interface Codebook {
  /** Words, sums and counts by name; part of a checkpoint. */
  readonly state: ReadonlyMap<string, tf.Variable>;
  /** The number of the nearest word of each vector: `[rows, codeSize]` to `[rows]`. */
  nearest(vectors: tf.Tensor2D): Int32Array;
  /** The words of these numbers, `[rows, codeSize]`. */
  words(codes: Int32Array): tf.Tensor2D;
  /**
   * Moves each word towards the mean of the vectors that it stands for, and gives one that nobody uses the place of
   * a vector of this batch.
   *
   * @param step decides which vectors
   * @returns the share of words in use, 0…1
   */
  follow(vectors: tf.Tensor2D, codes: Int32Array, seed: number, step: number): number;
  dispose(): void;
}

/** A word that stands for less than this share of what each would, were all used alike, starts anew. */
const idleShare = 0.03;

/**
 * The codebook of van den Oord et al., "Neural Discrete Representation Learning", 2017, appendix A.1: moving averages
 * instead of gradients; idle words start anew as in Dhariwal et al., "Jukebox", 2020.
 *
 * @param initial first values of the words, `codebookSize × codeSize`
 */
export function createCodebook(
  codebookSize: number,
  codeSize: number,
  decay: number,
  initial: Float32Array,
): Codebook {
  const variable = (values: Float32Array, shape: number[]) =>
    tf.tidy(() => tf.variable(tf.tensor(values, shape), false));
  const state = new Map<string, tf.Variable>([
    ['words', variable(initial, [codebookSize, codeSize])],
    ['sums', variable(initial, [codebookSize, codeSize])],
    ['counts', variable(new Float32Array(codebookSize).fill(1), [codebookSize])],
  ]);
  const words = state.get('words')! as tf.Tensor as tf.Tensor2D;
  const assign = (name: string, values: Float32Array) =>
    tf.tidy(() => state.get(name)!.assign(tf.tensor(values, state.get(name)!.shape)));

  return {
    state,
    nearest: (vectors) =>
      tf.tidy(() => {
        // ‖v − w‖² without ‖v‖², which is the same for every word.
        const lengths = tf.sum(tf.square(words), 1);
        const fits = inFullPrecision(() => tf.matMul(vectors, words, false, true));
        const distances = tf.sub(lengths, tf.mul(fits, 2));
        return nearestOfRows(distances.dataSync<'float32'>(), codebookSize);
      }),
    words: (codes) => tf.gather(words, tf.tensor1d(codes, 'int32')),
    follow(vectors, codes, seed, step) {
      const values = vectors.dataSync<'float32'>();
      const sums = Float32Array.from(state.get('sums')!.dataSync<'float32'>());
      const counts = Float32Array.from(state.get('counts')!.dataSync<'float32'>());
      const fresh = new Float32Array(sums.length);
      const uses = new Float32Array(codebookSize);
      for (const [row, code] of codes.entries()) {
        uses[code]! += 1;
        for (let at = 0; at < codeSize; at++) fresh[code * codeSize + at]! += values[row * codeSize + at]!;
      }
      const next = new Float32Array(sums.length);
      const replacements = integers(seed, 'codebook-revival', step, codebookSize, codes.length);
      let inUse = 0;
      for (let code = 0; code < codebookSize; code++) {
        counts[code] = decay * counts[code]! + (1 - decay) * uses[code]!;
        const isIdle = counts[code]! < (idleShare * codes.length) / codebookSize;
        if (isIdle) counts[code] = codes.length / codebookSize;
        else inUse++;
        for (let at = 0; at < codeSize; at++) {
          const place = code * codeSize + at;
          sums[place] = isIdle
            ? values[replacements[code]! * codeSize + at]! * counts[code]!
            : decay * sums[place]! + (1 - decay) * fresh[place]!;
          next[place] = sums[place]! / counts[code]!;
        }
      }
      assign('words', next);
      assign('sums', sums);
      assign('counts', counts);
      return inUse / codebookSize;
    },
    dispose: () => tf.dispose([...state.values()]),
  };
}

function nearestOfRows(distances: Float32Array, size: number): Int32Array {
  const nearest = new Int32Array(distances.length / size);
  for (let row = 0; row < nearest.length; row++) {
    let best = 0;
    for (let code = 1; code < size; code++) {
      if (distances[row * size + code]! < distances[row * size + best]!) best = code;
    }
    nearest[row] = best;
  }
  return nearest;
}
