import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../contract/engine-messages.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { encodePng } from '../imaging/pure/png-encode.ts';
import type { PairReader } from './dataset-reader.ts';
import type { Model } from './models/family.ts';
import { normals } from './random.ts';

const side = 8;
/** Of input, output and target; three of them are about as wide as a sheet without pairs. */
const pairsInRow = 3;
/** More columns than this would be too small to see; the classes beyond them are left out. */
const mostColumns = 16;

export interface SampleSheet {
  readonly png: Uint8Array;
  readonly columns: number;
  readonly rows: number;
}

/**
 * A PNG of samples without gaps, row by row, from latents that stay the same over the whole run, so that one
 * sheet after the other shows the same pictures growing: 8×8, or, where the model knows classes, eight rows
 * with a column for each class (the first 16) and one latent for each row; or, where it draws from an input, eight
 * rows of three pairs, each as input, what is drawn from it, and target.
 *
 * @param pairs what a model draws from that needs an input
 */
export function drawSampleSheet(model: Model, pairs: PairReader | null = null): SampleSheet {
  if (pairs) return drawPairSheet(model, pairs);
  const { seed, sizePx, channels, classes } = model.config;
  const columns = classes ? Math.min(classes.length, mostColumns) : side;
  const rows = side;
  const tiles = columns * rows;
  const { latentSize } = model;
  const drawn = normals(seed, 'sample-latents', 0, (classes ? rows : tiles) * latentSize);
  const latents = classes ? repeatEach(drawn, latentSize, columns) : drawn;
  const labels = classes && Array.from({ length: tiles }, (_, tile) => tile % columns);
  const pictures = samplePixels(model, latents, tiles, labels, model.sheetSampling);
  return sheetOf(pictures, columns, rows, { sizePx, channels });
}

function drawPairSheet(model: Model, pairs: PairReader): SampleSheet {
  const { seed, sizePx, channels } = model.config;
  const tiles = pairsInRow * side;
  const shown = Array.from({ length: tiles }, (_, tile) => pairs.pair(tile));
  const pictureBytes = sizePx * sizePx * channels;
  const latents = normals(seed, 'sample-latents', 0, tiles * model.latentSize);
  const inputs = joined(shown.map(({ input }) => input));
  const drawn = samplePixels(model, latents, tiles, undefined, model.sheetSampling, inputs);
  const pictures = shown.flatMap(({ input, target }, tile) => [
    input,
    drawn.subarray(tile * pictureBytes, (tile + 1) * pictureBytes),
    target,
  ]);
  return sheetOf(joined(pictures), 3 * pairsInRow, side, { sizePx, channels });
}

/** Pictures of one size, one behind the other. */
export function joined(pictures: readonly Uint8Array[]): Uint8Array {
  const length = pictures[0]?.length ?? 0;
  const bytes = new Uint8Array(pictures.length * length);
  pictures.forEach((picture, place) => bytes.set(picture, place * length));
  return bytes;
}

/** A PNG of pictures that lie one behind the other. */
function sheetOf(
  pictures: Uint8Array,
  columns: number,
  rows: number,
  { sizePx, channels }: Pick<ModelConfig, 'sizePx' | 'channels'>,
): SampleSheet {
  const widthPx = columns * sizePx;
  const sheet = new Uint8Array(pictures.length);
  const rowBytes = sizePx * channels;
  for (let tile = 0; tile < columns * rows; tile++) {
    const left = (tile % columns) * rowBytes;
    const top = Math.floor(tile / columns) * sizePx;
    for (let row = 0; row < sizePx; row++) {
      const from = (tile * sizePx + row) * rowBytes;
      sheet.set(pictures.subarray(from, from + rowBytes), (top + row) * widthPx * channels + left);
    }
  }
  const png = encodePng({ pixels: sheet, widthPx, heightPx: rows * sizePx, channels });
  return { png, columns, rows };
}

/** Each stretch of `length` numbers `times` times, one after the other. */
function repeatEach(values: Float32Array, length: number, times: number): Float32Array {
  const result = new Float32Array(values.length * times);
  for (let copy = 0; copy < (values.length / length) * times; copy++) {
    const from = Math.floor(copy / times) * length;
    result.set(values.subarray(from, from + length), copy * length);
  }
  return result;
}

/**
 * Pictures as bytes, one after the other, row by row.
 *
 * @param latents `count` × latentSize numbers
 * @param labels the class of each, for a model with classes
 * @param sampling as for {@link Model.sample}
 * @param inputs as many pictures, of a model that draws from an input
 */
export function samplePixels(
  model: Model,
  latents: Float32Array,
  count: number,
  labels?: readonly number[],
  sampling?: Readonly<Settings>,
  inputs?: Uint8Array,
): Uint8Array {
  const { sizePx, channels } = model.config;
  const values = tf.tidy(() => {
    const drawnFrom = inputs && tensorOf(inputs, count, { sizePx, channels });
    return model
      .sample(tf.tensor2d(latents, [count, latents.length / count]), labels, sampling, drawnFrom)
      .dataSync<'float32'>();
  });
  return bytesOf(values);
}

/** Pictures of bytes, one behind the other, as `[count, sizePx, sizePx, channel]`, −1…1. */
export function tensorOf(
  pictures: Uint8Array,
  count: number,
  { sizePx, channels }: Pick<ModelConfig, 'sizePx' | 'channels'>,
): tf.Tensor4D {
  return tf.tensor4d(
    Float32Array.from(pictures, (byte) => byte / 127.5 - 1),
    [count, sizePx, sizePx, channels],
  );
}

/** Values of −1…1 as bytes; those of {@link tensorOf} come back as they were. */
export function bytesOf(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) => Math.min(255, Math.max(0, Math.round((value + 1) * 127.5))));
}
