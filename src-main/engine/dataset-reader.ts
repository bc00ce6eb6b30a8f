import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { permutation, uniforms } from './random.ts';

export interface DatasetReader {
  /**
   * The pictures of a training step, `[batchSize, sizePx, sizePx, channels]` row by row, −1…1. The same
   * step always gives the same pictures. The array is the caller's.
   */
  batch(step: number): Float32Array<ArrayBuffer>;
  /** The class of each of these pictures; undefined for a dataset that was opened without classes. */
  labels(step: number): Int32Array | undefined;
  close(): void;
}

export interface DatasetReaderOptions {
  /** Folder of the dataset version; its `images.u8` holds the pictures as uint8 NHWC. */
  readonly versionFolder: string;
  readonly images: number;
  readonly sizePx: number;
  readonly channels: number;
  readonly batchSize: number;
  readonly seed: number;
  /** So many classes, whose numbers are in `labels.i32`, little-endian; 0 reads no labels. */
  readonly classes?: number;
  /** Mirrors half of the pictures left-right, chosen anew at each step. */
  readonly horizontalFlip: boolean;
  /** Up to here the whole file is kept in memory; beyond it each picture is read when its turn comes. */
  readonly keptInMemoryBytes?: number;
}

/**
 * Reads a dataset version in batches. Each epoch shows every picture once, in an order that (seed, epoch)
 * alone decides; a batch may reach over the end of an epoch.
 *
 * @throws StudioError `dataset-changed` when a file is missing or not of the size its version says, or a label is none of
 *   the classes
 */
export function openDataset(options: DatasetReaderOptions): DatasetReader {
  const { images, sizePx, channels, batchSize, seed, keptInMemoryBytes = 256 * 1024 * 1024 } = options;
  const file = path.join(options.versionFolder, 'images.u8');
  const rowBytes = sizePx * channels;
  const pictureBytes = rowBytes * sizePx;
  const descriptor = openImages(file, images * pictureBytes);
  const inMemory = images * pictureBytes <= keptInMemoryBytes;
  const source = Buffer.allocUnsafe(inMemory ? images * pictureBytes : pictureBytes);
  if (inMemory) readFully(descriptor, source, 0, file);
  const labels = options.classes ? readLabels(options.versionFolder, images, options.classes) : undefined;

  /** The orders of the two epochs a batch can touch without being longer than the dataset. */
  const orders = new Map<number, Uint32Array>();
  const pictureAt = (position: number): number => {
    const epoch = Math.floor(position / images);
    let order = orders.get(epoch);
    if (!order) {
      order = permutation(seed, 'order', epoch, images);
      if (orders.size >= 2) orders.delete(orders.keys().next().value!);
      orders.set(epoch, order);
    }
    return order[position % images]!;
  };

  return {
    batch(step) {
      const result = new Float32Array(batchSize * pictureBytes);
      const coins = options.horizontalFlip ? uniforms(seed, 'horizontal-flip', step, batchSize) : null;
      for (let index = 0; index < batchSize; index++) {
        const picture = pictureAt(step * batchSize + index);
        if (!inMemory) readFully(descriptor, source, picture * pictureBytes, file);
        const from = inMemory ? picture * pictureBytes : 0;
        const to = index * pictureBytes;
        if (coins && coins[index]! < 0.5) {
          copyMirrored(source, from, result, to, sizePx, channels);
        } else {
          for (let byte = 0; byte < pictureBytes; byte++)
            result[to + byte] = source[from + byte]! / 127.5 - 1;
        }
      }
      return result;
    },
    labels: (step) =>
      labels &&
      Int32Array.from({ length: batchSize }, (_, index) => labels[pictureAt(step * batchSize + index)]!),
    close() {
      closeSync(descriptor);
    },
  };
}

function readLabels(versionFolder: string, images: number, classes: number): Int32Array {
  const file = path.join(versionFolder, 'labels.i32');
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw changed(file, 'it cannot be opened', cause);
  }
  if (bytes.length !== images * 4) {
    throw changed(file, `it has ${bytes.length} bytes where ${images * 4} belong`);
  }
  const labels = Int32Array.from({ length: images }, (_, index) => bytes.readInt32LE(index * 4));
  const stray = labels.find((label) => label < 0 || label >= classes);
  if (stray !== undefined) throw changed(file, `it holds the label ${stray} for ${classes} classes`);
  return labels;
}

function copyMirrored(
  source: Uint8Array,
  from: number,
  result: Float32Array,
  to: number,
  sizePx: number,
  channels: number,
): void {
  for (let row = 0; row < sizePx; row++) {
    for (let column = 0; column < sizePx; column++) {
      for (let channel = 0; channel < channels; channel++) {
        const mirrored = (row * sizePx + (sizePx - 1 - column)) * channels + channel;
        result[to + (row * sizePx + column) * channels + channel] = source[from + mirrored]! / 127.5 - 1;
      }
    }
  }
}

function openImages(file: string, expectedBytes: number): number {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (cause) {
    throw changed(file, 'it cannot be opened', cause);
  }
  const { size } = fstatSync(descriptor);
  if (size !== expectedBytes) {
    closeSync(descriptor);
    throw changed(file, `it has ${size} bytes where ${expectedBytes} belong`);
  }
  return descriptor;
}

function readFully(descriptor: number, target: Buffer, position: number, file: string): void {
  for (let done = 0; done < target.length;) {
    // One read call moves at most 2 GiB, and less on some file systems.
    const read = readSync(descriptor, target, done, target.length - done, position + done);
    if (read === 0) throw changed(file, 'it became shorter');
    done += read;
  }
}

function changed(file: string, reason: string, cause?: unknown): StudioError {
  return new StudioError(
    'dataset-changed',
    `The pictures of this dataset version changed on disk: ${file}, ${reason}. Build the version again.`,
    { file, reason },
    cause,
  );
}
