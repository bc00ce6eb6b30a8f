import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from '../models/layers.ts';
import { createWeights } from '../models/network-state.ts';
import { createAdam } from '../ops/adam.ts';

/** Pictures of one studied set: `[picture, sizePx, sizePx, channels]`, 0…255. */
export interface StudiedPictures {
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly sizePx: number;
  readonly channels: number;
}

/** So many pictures go through a network at a time. */
export const studyBatch = 64;

/** The named pictures, `[batch, sizePx, sizePx, channels]`, −1…1. */
export function pictureBatch(pictures: StudiedPictures, places: Uint32Array): tf.Tensor4D {
  const { pixels, sizePx, channels } = pictures;
  const size = sizePx * sizePx * channels;
  const values = new Float32Array(places.length * size);
  places.forEach((place, at) => {
    for (let value = 0; value < size; value += 1) {
      values[at * size + value] = pixels[place * size + value]! / 127.5 - 1;
    }
  });
  return tf.tensor4d(values, [places.length, sizePx, sizePx, channels]);
}

/** A small network with its optimiser, trained by whatever loss it is given. */
export function openNetwork(layers: readonly Layer[], seed: number, name: string, learningRate: number) {
  const weights = createWeights(layers, seed, name);
  const variables = [...weights.values()];
  const adam = createAdam(variables, { learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  return {
    weights,
    step(loss: () => tf.Scalar): void {
      tf.tidy(() => {
        const { grads } = tf.variableGrads(loss, variables);
        adam.step(grads);
      });
    },
    dispose(): void {
      adam.dispose();
      tf.dispose(variables);
    },
  };
}

/** Lets reports out and orders in between two pieces of work. */
export const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** All places in pieces of `studyBatch`, in order. */
export function* inBatches(count: number): Generator<Uint32Array> {
  for (let first = 0; first < count; first += studyBatch) {
    yield Uint32Array.from({ length: Math.min(studyBatch, count - first) }, (_, at) => first + at);
  }
}
