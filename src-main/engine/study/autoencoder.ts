import * as tf from '@tensorflow/tfjs-core';
import { halving, preserving } from '../models/convolutional-networks.ts';
import type { Layer } from '../models/layers.ts';
import { forward } from '../models/layers.ts';
import { permutation } from '../random.ts';
import {
  breathe,
  inBatches,
  openNetwork,
  pictureBatch,
  studyBatch,
  type StudiedPictures,
} from './training.ts';

/** Length of a picture's embedding. */
export const embeddingSize = 32;
/** The picture is halved three times; the widths of the maps on the way. */
const widths = [16, 32, 48];
const learningRate = 2e-3;

/** Enough to tell the pictures of a set apart; more would only sharpen what is drawn back. */
const stepsFor = (count: number): number =>
  Math.round(Math.min(900, Math.max(200, (count / studyBatch) * 10)));

function encoderOf({ sizePx, channels }: StudiedPictures): { layers: Layer[]; smallestPx: number } {
  const layers = widths.map((outputs, level): Layer => {
    const inputs = level === 0 ? channels : widths[level - 1]!;
    return {
      ...{ kind: 'convolution', name: `reduce${level}`, inputs, outputs, ...halving },
      activation: 'leakyRelu',
      initial: preserving(halving.kernelPx ** 2 * inputs, 2),
    };
  });
  const smallestPx = sizePx / 2 ** widths.length;
  const flat = smallestPx * smallestPx * widths.at(-1)!;
  layers.push(
    { kind: 'reshape', name: 'flat', shape: [flat] },
    {
      ...{ kind: 'dense', name: 'code', inputs: flat, outputs: embeddingSize, activation: 'linear' },
      initial: preserving(flat, 1),
    },
  );
  return { layers, smallestPx };
}

function decoderOf({ channels }: StudiedPictures, smallestPx: number): Layer[] {
  const deepest = widths.at(-1)!;
  const flat = smallestPx * smallestPx * deepest;
  const enlarging = widths.map((_, level): Layer => {
    const inputs = widths[widths.length - 1 - level]!;
    const isLast = level === widths.length - 1;
    return {
      ...{ kind: 'transposed-convolution', name: `enlarge${level}`, inputs, ...halving },
      outputs: isLast ? channels : widths[widths.length - 2 - level]!,
      activation: isLast ? 'tanh' : 'leakyRelu',
      initial: preserving((halving.kernelPx / halving.stride) ** 2 * inputs, isLast ? 1 : 2),
    };
  });
  return [
    {
      ...{ kind: 'dense', name: 'project', inputs: embeddingSize, outputs: flat, activation: 'leakyRelu' },
      initial: preserving(embeddingSize, 2),
    },
    { kind: 'reshape', name: 'map', shape: [smallestPx, smallestPx, deepest] },
    ...enlarging,
  ];
}

/**
 * Learns a code for each picture of a set from the set alone: a small convolutional autoencoder (Hinton and
 * Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks", 2006) that is trained to draw each
 * picture again. What the set has in common is drawn well and lies close together; what is strange lies apart.
 *
 * @param tell hears how much of the work is done, 0…1
 * @returns `[picture, embeddingSize]`; the same set and seed give the same on one backend
 */
export async function learnEmbedding(
  pictures: StudiedPictures,
  seed: number,
  tell: (share: number) => void,
): Promise<Float32Array> {
  const { layers, smallestPx } = encoderOf(pictures);
  const encoder = layers;
  const whole = [...encoder, ...decoderOf(pictures, smallestPx)];
  const network = openNetwork(whole, seed, 'study-autoencoder', learningRate);
  const steps = stepsFor(pictures.count);
  const byBatch = { by: 'batch' } as const;
  try {
    const batch = Math.min(studyBatch, pictures.count);
    let order: Uint32Array = new Uint32Array();
    for (let step = 0; step < steps; step += 1) {
      const places = Uint32Array.from({ length: batch }, (_, at) => {
        const position = step * batch + at;
        const inEpoch = position % pictures.count;
        if (inEpoch === 0) {
          order = permutation(seed, 'study-order', Math.floor(position / pictures.count), pictures.count);
        }
        return order[inEpoch]!;
      });
      tf.tidy(() => {
        const images = pictureBatch(pictures, places);
        network.step(() => {
          const drawn = forward(whole, network.weights, images, byBatch);
          return tf.mean(tf.square(tf.sub(drawn, images)));
        });
      });
      tell((0.9 * (step + 1)) / steps);
      if (step % 4 === 3) await breathe();
    }
    const embedding = new Float32Array(pictures.count * embeddingSize);
    for (const places of inBatches(pictures.count)) {
      const codes = tf.tidy(() =>
        forward(encoder, network.weights, pictureBatch(pictures, places), byBatch).dataSync<'float32'>(),
      );
      embedding.set(codes, places[0]! * embeddingSize);
    }
    return embedding;
  } finally {
    network.dispose();
  }
}
