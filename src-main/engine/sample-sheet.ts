import * as tf from '@tensorflow/tfjs-core';
import type { Settings } from '../contract/hyper-parameters.ts';
import { encodePng } from '../imaging/pure/png-encode.ts';
import type { Model } from './models/family.ts';
import { normals } from './random.ts';

const side = 8;
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
 * with a column for each class (the first 16) and one latent for each row.
 */
export function drawSampleSheet(model: Model): SampleSheet {
  const { seed, sizePx, channels, classes } = model.config;
  const columns = classes ? Math.min(classes.length, mostColumns) : side;
  const rows = side;
  const tiles = columns * rows;
  const { latentSize } = model;
  const drawn = normals(seed, 'sample-latents', 0, (classes ? rows : tiles) * latentSize);
  const latents = classes ? repeatEach(drawn, latentSize, columns) : drawn;
  const labels = classes && Array.from({ length: tiles }, (_, tile) => tile % columns);
  const pictures = samplePixels(model, latents, tiles, labels, model.sheetSampling);
  const widthPx = columns * sizePx;
  const sheet = new Uint8Array(pictures.length);
  const rowBytes = sizePx * channels;
  for (let tile = 0; tile < tiles; tile++) {
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
 */
export function samplePixels(
  model: Model,
  latents: Float32Array,
  count: number,
  labels?: readonly number[],
  sampling?: Readonly<Settings>,
): Uint8Array {
  const values = tf.tidy(() =>
    model
      .sample(tf.tensor2d(latents, [count, latents.length / count]), labels, sampling)
      .dataSync<'float32'>(),
  );
  return Uint8Array.from(values, (value) => Math.min(255, Math.max(0, Math.round((value + 1) * 127.5))));
}
