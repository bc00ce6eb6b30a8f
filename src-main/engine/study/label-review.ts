import * as tf from '@tensorflow/tfjs-core';
import { halving, preserving } from '../models/convolutional-networks.ts';
import type { Layer } from '../models/layers.ts';
import { forward } from '../models/layers.ts';
import { permutation } from '../random.ts';
import { breathe, openNetwork, pictureBatch, studyBatch, type StudiedPictures } from './training.ts';

const folds = 4;
/** Rounds through the pictures: few, so that wrong labels are not learnt by heart. */
const epochs = 4;
const learningRate = 2e-3;

const stepsFor = (count: number): number =>
  Math.round(Math.min(1200, Math.max(150, (epochs * count * (folds - 1)) / folds / studyBatch)));

function classifierOf({ sizePx, channels }: StudiedPictures, classes: number): Layer[] {
  const widths = [24, 48, 64];
  const reducing = widths.map((outputs, level): Layer => {
    const inputs = level === 0 ? channels : widths[level - 1]!;
    return {
      ...{ kind: 'convolution', name: `reduce${level}`, inputs, outputs, ...halving },
      activation: 'leakyRelu',
      initial: preserving(halving.kernelPx ** 2 * inputs, 2),
    };
  });
  const flat = (sizePx / 2 ** widths.length) ** 2 * widths.at(-1)!;
  return [
    ...reducing,
    { kind: 'reshape', name: 'flat', shape: [flat] },
    {
      ...{ kind: 'dense', name: 'classes', inputs: flat, outputs: classes, activation: 'linear' },
      initial: preserving(flat, 1),
    },
  ];
}

/**
 * How probable each class is for each picture, by a classifier that did not see the picture while it learnt
 * (cross-validation in four parts). It is what confident learning judges labels by (Northcutt, Jiang and Chuang,
 * "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021).
 *
 * @param labels class of each picture, 0 … `classes` − 1
 * @param tell hears how much of the work is done, 0…1
 * @returns `[picture, classes]`
 */
export async function crossValidate(
  pictures: StudiedPictures,
  labels: Int32Array,
  classes: number,
  seed: number,
  tell: (share: number) => void,
): Promise<Float32Array> {
  const { count } = pictures;
  const probabilities = new Float32Array(count * classes);
  const parts = partsOf(labels, classes, seed);
  const layers = classifierOf(pictures, classes);
  const byBatch = { by: 'batch' } as const;
  for (let part = 0; part < folds; part += 1) {
    const seen = placesWhere(count, (place) => parts[place] !== part);
    const unseen = placesWhere(count, (place) => parts[place] === part);
    if (seen.length === 0 || unseen.length === 0) continue;
    const network = openNetwork(layers, seed + part, 'study-classifier', learningRate);
    const steps = stepsFor(count);
    const batch = Math.min(studyBatch, seen.length);
    try {
      let order: Uint32Array = new Uint32Array();
      for (let step = 0; step < steps; step += 1) {
        const places = Uint32Array.from({ length: batch }, (_, at) => {
          const position = step * batch + at;
          const inEpoch = position % seen.length;
          if (inEpoch === 0) {
            const epoch = Math.floor(position / seen.length);
            order = permutation(seed, `study-part-${part}`, epoch, seen.length);
          }
          return seen[order[inEpoch]!]!;
        });
        tf.tidy(() => {
          const images = pictureBatch(pictures, places);
          network.step(() => {
            const logits = forward(layers, network.weights, images, byBatch) as tf.Tensor2D;
            // The gradient of cross-entropy after a softmax is their difference, so that its inner product with the
            // logits has the same gradient and needs no other.
            const slope = softmax(logits.dataSync<'float32'>(), classes);
            places.forEach((place, at) => (slope[at * classes + labels[place]!]! -= 1));
            return tf.div(tf.sum(tf.mul(logits, tf.tensor2d(slope, [batch, classes]))), batch);
          });
        });
        tell((part + (0.9 * (step + 1)) / steps) / folds);
        if (step % 4 === 3) await breathe();
      }
      for (let first = 0; first < unseen.length; first += studyBatch) {
        const places = unseen.slice(first, first + studyBatch);
        const logits = tf.tidy(() =>
          forward(layers, network.weights, pictureBatch(pictures, places), byBatch).dataSync<'float32'>(),
        );
        const found = softmax(logits, classes);
        places.forEach((place, at) =>
          probabilities.set(found.subarray(at * classes, (at + 1) * classes), place * classes),
        );
      }
    } finally {
      network.dispose();
    }
    await breathe();
  }
  return probabilities;
}

const placesWhere = (count: number, wanted: (place: number) => boolean): Uint32Array =>
  Uint32Array.from({ length: count }, (_, place) => place).filter(wanted);

/** The part of each picture; each class is dealt out evenly. */
function partsOf(labels: Int32Array, classes: number, seed: number): Uint8Array {
  const dealt = new Uint32Array(classes);
  const parts = new Uint8Array(labels.length);
  for (const place of permutation(seed, 'study-parts', 0, labels.length)) {
    const label = labels[place]!;
    parts[place] = (dealt[label]! + label) % folds;
    dealt[label]! += 1;
  }
  return parts;
}

/** Of each row, `[row, classes]`. */
function softmax(logits: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const own = logits.subarray(row, row + classes);
    const largest = own.reduce((most, value) => Math.max(most, value), -Infinity);
    const powers = own.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((all, value) => all + value, 0);
    result.set(
      powers.map((value) => value / sum),
      row,
    );
  }
  return result;
}
