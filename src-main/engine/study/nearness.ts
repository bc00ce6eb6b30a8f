import * as tf from '@tensorflow/tfjs-core';
import { permutation } from '../random.ts';
import { breathe } from './training.ts';

/** Points of a space, row by row: `[point, size]`. */
export interface Points {
  readonly values: Float32Array;
  readonly count: number;
  readonly size: number;
}

/** Larger sets are compared with a random part of themselves, so that the work grows with the set and not its square. */
const mostReferences = 4000;
/** Rows of distances that are held at a time. */
const rowsAtOnce = 512;

/** Neighbours of each point, nearest first: `[point, neighbours]`. */
export interface Neighbours {
  readonly places: Uint32Array;
  readonly distances: Float32Array;
}

/** Places of the points that all others are compared with, in ascending order. */
export function referencePlaces(count: number, seed: number, most = mostReferences): Uint32Array {
  if (count <= most) return Uint32Array.from({ length: count }, (_, place) => place);
  return permutation(seed, 'study-references', 0, count).slice(0, most).sort();
}

/**
 * The nearest of some reference points for each point, itself left out. Distances come as matrix products on the
 * backend: |a − b|² = |a|² + |b|² − 2ab.
 */
export async function nearestReferences(
  points: Points,
  references: Uint32Array,
  neighbours: number,
): Promise<Neighbours> {
  const { values, count, size } = points;
  const wanted = Math.min(neighbours, references.length - 1);
  const places = new Uint32Array(count * wanted);
  const distances = new Float32Array(count * wanted);
  const rowOf = (place: number) => values.subarray(place * size, (place + 1) * size);
  const squareOf = (place: number) => rowOf(place).reduce((sum, value) => sum + value * value, 0);
  const referenceRows = new Float32Array(references.length * size);
  references.forEach((place, at) => referenceRows.set(rowOf(place), at * size));
  const referenceSquares = Float64Array.from(references, squareOf);
  const transposed = tf.tidy(() => tf.transpose(tf.tensor2d(referenceRows, [references.length, size])));
  try {
    for (let first = 0; first < count; first += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, count - first);
      const products = tf.tidy(() =>
        tf
          .matMul(tf.tensor2d(values.slice(first * size, (first + rows) * size), [rows, size]), transposed)
          .dataSync<'float32'>(),
      );
      for (let row = 0; row < rows; row += 1) {
        const place = first + row;
        const own = squareOf(place);
        const found = smallest(wanted, references.length, (at) =>
          references[at] === place
            ? Infinity
            : own + referenceSquares[at]! - 2 * products[row * references.length + at]!,
        );
        found.forEach(({ at, value }, rank) => {
          places[place * wanted + rank] = references[at]!;
          distances[place * wanted + rank] = Math.sqrt(Math.max(0, value));
        });
      }
      await breathe();
    }
  } finally {
    transposed.dispose();
  }
  return { places, distances };
}

/** The places with the smallest values, smallest first. */
function smallest(count: number, length: number, valueOf: (at: number) => number) {
  const found: { at: number; value: number }[] = [];
  for (let at = 0; at < length; at += 1) {
    const value = valueOf(at);
    if (found.length === count && value >= found[count - 1]!.value) continue;
    let rank = found.length < count ? found.length : count - 1;
    while (rank > 0 && found[rank - 1]!.value > value) {
      found[rank] = found[rank - 1]!;
      rank -= 1;
    }
    found[rank] = { at, value };
  }
  return found;
}

/** Neighbours that a point is judged by. */
const judgedBy = 10;

/**
 * How far each point is from its neighbours: the mean distance to the ten nearest (Ramaswamy, Rastogi and Shim,
 * "Efficient Algorithms for Mining Outliers from Large Data Sets", 2000), as a multiple of the set's median.
 *
 * @returns `[point]`; 1 is usual
 */
export async function remoteness(points: Points, seed: number): Promise<Float32Array> {
  const { count } = points;
  if (count < 3) return new Float32Array(count).fill(1);
  const { distances } = await nearestReferences(points, referencePlaces(count, seed), judgedBy);
  const width = distances.length / count;
  const means = Float32Array.from({ length: count }, (_, place) => {
    const own = distances.subarray(place * width, (place + 1) * width);
    return own.reduce((sum, distance) => sum + distance, 0) / width;
  });
  const median = means.slice().sort()[count >> 1]! || 1;
  return means.map((mean) => mean / median);
}

/**
 * The two directions in which points differ most (principal component analysis; Pearson, 1901), found by power
 * iteration.
 *
 * @returns `[point, 2]`, centred, in the units of the points
 */
export function principalPlane(points: Points): Float32Array {
  const { values, count, size } = points;
  const mean = new Float64Array(size);
  for (let at = 0; at < values.length; at += 1) mean[at % size]! += values[at]! / count;
  const covariance = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let point = 0; point < count; point += 1) {
    for (let axis = 0; axis < size; axis += 1) centred[axis] = values[point * size + axis]! - mean[axis]!;
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column < size; column += 1) {
        covariance[row * size + column]! += (centred[row]! * centred[column]!) / count;
      }
    }
  }
  const directions: Float64Array[] = [];
  for (let number = 0; number < 2; number += 1) {
    let direction = Float64Array.from({ length: size }, (_, axis) => 1 / (1 + axis + number));
    for (let round = 0; round < 300; round += 1) {
      const next = new Float64Array(size);
      for (let row = 0; row < size; row += 1) {
        for (let column = 0; column < size; column += 1) {
          next[row]! += covariance[row * size + column]! * direction[column]!;
        }
      }
      for (const before of directions) {
        const along = next.reduce((sum, value, axis) => sum + value * before[axis]!, 0);
        next.forEach((value, axis) => (next[axis] = value - along * before[axis]!));
      }
      const length = Math.hypot(...next);
      if (length < 1e-12) break;
      direction = next.map((value) => value / length);
    }
    // Of the two directions of a line, the one whose largest part is positive.
    const largest = direction.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    if (largest < 0) direction = direction.map((value) => -value);
    directions.push(direction);
  }
  const plane = new Float32Array(count * 2);
  for (let point = 0; point < count; point += 1) {
    directions.forEach((direction, number) => {
      let sum = 0;
      for (let axis = 0; axis < size; axis += 1) {
        sum += (values[point * size + axis]! - mean[axis]!) * direction[axis]!;
      }
      plane[point * 2 + number] = sum;
    });
  }
  return plane;
}
