import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { augment, geometryOf, type Augmentation } from './augmentation/augmentation.ts';
import { damagedBatch, damagedPicture, type Damage } from './damage.ts';
import { permutation } from './random.ts';

export interface DatasetReader {
  /**
   * The pictures of a training step, `[batchSize, sizePx, sizePx, channels]` row by row, −1…1. The same
   * step always gives the same pictures. The array is the caller's.
   */
  batch(step: number): Float32Array<ArrayBuffer>;
  /**
   * The inputs that stand beside the pictures of a step in a set of pairs: of the same shape and range, in the same
   * order, mirrored and moved as their targets are; or the pictures themselves, damaged. The array is the caller's.
   *
   * @throws StudioError `dataset-not-paired` where the reader was opened with neither `pairs` nor `damage`
   */
  inputs(step: number): Float32Array<ArrayBuffer>;
  /** The class of each of these pictures; undefined for a dataset that was opened without classes. */
  labels(step: number): Int32Array | undefined;
  close(): void;
}

export interface DatasetReaderOptions {
  /** Folder of the dataset version; its `images.u8` holds the pictures as uint8 NHWC. */
  readonly versionFolder: string;
  /** Pictures of the training part, which stands first in the file … */
  readonly images: number;
  /** … before so many that are held out. */
  readonly heldOutImages?: number;
  /** Which part to read; an epoch is all of it. */
  readonly part?: 'train' | 'held-out';
  /** Reads `inputs.u8` as well, for models that learn from pairs. */
  readonly pairs?: boolean;
  /** Damages the pictures for their inputs, for models that give them back; nothing without it. */
  readonly damage?: Damage | null;
  readonly sizePx: number;
  readonly channels: number;
  readonly batchSize: number;
  readonly seed: number;
  /** So many classes, whose numbers are in `labels.i32`, little-endian; 0 reads no labels. */
  readonly classes?: number;
  /** What is done to each picture at random, anew at each step; null leaves them as they are. */
  readonly augmentation: Augmentation | null;
  /** Up to here the whole file is kept in memory; beyond it each picture is read when its turn comes. */
  readonly keptInMemoryBytes?: number;
}

/**
 * Reads one part of a dataset version in batches. Each epoch shows every picture once, in an order that (seed,
 * epoch) alone decides; a batch may reach over the end of an epoch.
 *
 * @throws StudioError `dataset-not-paired` when pairs are asked of a version that holds none
 * @throws StudioError `dataset-changed` when a file is missing or not of the size its version says, or a label is none of
 *   the classes
 */
export function openDataset(options: DatasetReaderOptions): DatasetReader {
  const { sizePx, channels, batchSize, seed, keptInMemoryBytes = 256 * 1024 * 1024 } = options;
  const heldOutImages = options.heldOutImages ?? 0;
  const rows = options.images + heldOutImages;
  const [firstRow, images] =
    options.part === 'held-out' ? [options.images, heldOutImages] : [0, options.images];
  const pictureBytes = sizePx * sizePx * channels;
  const labels = options.classes ? readLabels(options.versionFolder, rows, options.classes) : undefined;
  const place = { rows, firstRow, images, pictureBytes };
  const halfMemory = options.pairs ? keptInMemoryBytes / 2 : keptInMemoryBytes;
  const targets = openRows(path.join(options.versionFolder, 'images.u8'), place, halfMemory);
  let inputs: Rows | null = null;
  if (options.pairs) {
    try {
      inputs = openRows(pairsFile(options.versionFolder), place, halfMemory);
    } catch (error) {
      targets.close();
      throw error;
    }
  }

  // Colours of a pair belong together: only what moves pixels is done, and to both alike.
  const augmentation = options.pairs ? geometryOf(options.augmentation) : options.augmentation;

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

  const read = (rowsOf: Rows, step: number): Float32Array<ArrayBuffer> => {
    const values = new Float32Array(batchSize * pictureBytes);
    for (let index = 0; index < batchSize; index++) {
      const { source, from } = rowsOf.at(pictureAt(step * batchSize + index));
      const to = index * pictureBytes;
      for (let byte = 0; byte < pictureBytes; byte++) values[to + byte] = source[from + byte]! / 127.5 - 1;
    }
    if (augmentation) {
      augment({ values, pictures: batchSize, sizePx, channels }, augmentation, { seed, step });
    }
    return values;
  };

  return {
    batch: (step) => read(targets, step),
    inputs(step) {
      if (options.damage) {
        return damagedBatch(read(targets, step), { sizePx, channels }, options.damage, { seed, step });
      }
      if (!inputs) throw notPaired(options.versionFolder);
      return read(inputs, step);
    },
    labels: (step) =>
      labels &&
      Int32Array.from(
        { length: batchSize },
        (_, index) => labels[firstRow + pictureAt(step * batchSize + index)]!,
      ),
    close() {
      targets.close();
      inputs?.close();
    },
  };
}

/** Pairs of a version, or its pictures beside what damage leaves of them, for drawing from them and looking at them; nothing is altered. */
export interface PairReader {
  readonly part: 'train' | 'held-out';
  /**
   * The pair that `number` stands for: those of the part in turn, again from the first behind the last, where damaged
   * each time otherwise. Bytes `[sizePx, sizePx, channels]`, the caller's.
   */
  pair(number: number): { row: number; input: Uint8Array; target: Uint8Array };
  close(): void;
}

/**
 * Opens the held-out pairs of a version, or those it trains on where none are held out.
 *
 * @param options damage makes the inputs from the pictures; without it they are read
 * @throws StudioError `dataset-not-paired`, `dataset-changed`
 */
export function openPairs(
  options: Pick<
    DatasetReaderOptions,
    'versionFolder' | 'images' | 'heldOutImages' | 'sizePx' | 'channels' | 'damage'
  >,
): PairReader {
  const { versionFolder, images, heldOutImages = 0, sizePx, channels, damage = null } = options;
  const rows = images + heldOutImages;
  const pictureBytes = sizePx * sizePx * channels;
  const [firstRow, count] = heldOutImages > 0 ? [images, heldOutImages] : [0, images];
  const place = { rows, firstRow, images: count, pictureBytes };
  const inputs = damage ? null : openRows(pairsFile(versionFolder), place, 0);
  let targets: Rows;
  try {
    targets = openRows(path.join(versionFolder, 'images.u8'), place, 0);
  } catch (error) {
    inputs?.close();
    throw error;
  }
  const bytesOf = (rowsOf: Rows, picture: number): Uint8Array => {
    const { source, from } = rowsOf.at(picture);
    return Uint8Array.from(source.subarray(from, from + pictureBytes));
  };
  return {
    part: heldOutImages > 0 ? 'held-out' : 'train',
    pair(number) {
      const picture = number % count;
      const target = bytesOf(targets, picture);
      const input = damage
        ? damagedPicture({ pixels: target, sizePx, channels }, damage, number)
        : bytesOf(inputs!, picture);
      return { row: firstRow + picture, input, target };
    },
    close() {
      inputs?.close();
      targets.close();
    },
  };
}

/** The pictures of one file and part, in memory or read one by one. */
interface Rows {
  /** A picture of the part, and where it begins in `source`; good until the next one is asked for. */
  at(picture: number): { source: Uint8Array; from: number };
  close(): void;
}

function openRows(
  file: string,
  { rows, firstRow, images, pictureBytes }: Record<'rows' | 'firstRow' | 'images' | 'pictureBytes', number>,
  keptInMemoryBytes: number,
): Rows {
  const descriptor = openImages(file, rows * pictureBytes);
  const inMemory = images * pictureBytes <= keptInMemoryBytes;
  const source = Buffer.allocUnsafe(inMemory ? images * pictureBytes : pictureBytes);
  if (inMemory) readFully(descriptor, source, firstRow * pictureBytes, file);
  return {
    at(picture) {
      if (inMemory) return { source, from: picture * pictureBytes };
      readFully(descriptor, source, (firstRow + picture) * pictureBytes, file);
      return { source, from: 0 };
    },
    close: () => closeSync(descriptor),
  };
}

function pairsFile(versionFolder: string): string {
  const file = path.join(versionFolder, 'inputs.u8');
  if (!existsSync(file)) throw notPaired(versionFolder);
  return file;
}

const notPaired = (versionFolder: string): StudioError =>
  new StudioError(
    'dataset-not-paired',
    `This model learns from pairs of an input and a target, and the dataset version holds single pictures (${versionFolder}). Make a version whose recipe says where the inputs come from.`,
    { file: versionFolder },
  );

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
