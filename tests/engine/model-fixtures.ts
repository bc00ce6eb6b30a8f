import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../src-main/contract/engine-messages.ts';
import { drawsFromInputs, families } from '../../src-main/contract/presets.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import type { Model } from '../../src-main/engine/models/family.ts';
import { picturesPerStep } from '../../src-main/engine/models/family.ts';
import { uniforms, words } from '../../src-main/engine/random.ts';
import type { StoredTensor } from '../../src-main/engine/safetensors.ts';
import { holeGrey } from '../../src-main/imaging/pure/derive-input.ts';

export const build = (config: ModelConfig): Model => familyOf(config.family).build(config);

/** Noise to train a step on, `[batchesPerStep × batch, height, width, channel]`, −1…1. */
export const pictures = (config: ModelConfig, step = 0): tf.Tensor4D => {
  const { sizePx, channels, seed } = config;
  const count = picturesPerStep(familyOf(config.family), config);
  const shape: [number, number, number, number] = [count, sizePx, sizePx, channels];
  const values = uniforms(seed, 'test-pictures', step, tf.util.sizeFromShape(shape));
  return tf.tensor4d(
    values.map((value) => value * 2 - 1),
    shape,
  );
};

/** Classes in turn, for a config that has them. */
export const labelsFor = ({ classes }: ModelConfig, count: number): Int32Array | undefined =>
  classes && Int32Array.from({ length: count }, (_, index) => index % classes.length);

/**
 * Bytes of noise to draw pictures from, for a family that takes inputs; undefined for the others. Where it fills holes,
 * the upper quarter of each is one.
 */
export const inputBytesFor = (config: ModelConfig, count: number): Uint8Array | undefined => {
  if (!drawsFromInputs(config.family)) return undefined;
  const pictureBytes = config.sizePx ** 2 * config.channels;
  const bytes = Uint8Array.from(
    words(config.seed, 'test-inputs', 0, count * pictureBytes),
    (word) => word >>> 24,
  );
  if (families[config.family].repairs === 'restores') {
    for (let picture = 0; picture < count; picture++) {
      bytes.fill(holeGrey, picture * pictureBytes, (picture + 0.25) * pictureBytes);
    }
  }
  return bytes;
};

/** The same as a tensor, −1…1; those from `first` on. */
export const inputsFor = (config: ModelConfig, count: number, first = 0): tf.Tensor4D | undefined => {
  const { sizePx, channels } = config;
  const bytes = inputBytesFor(config, first + count)?.slice(first * sizePx ** 2 * channels);
  return (
    bytes &&
    tf.tensor4d(
      Float32Array.from(bytes, (byte) => byte / 127.5 - 1),
      [count, sizePx, sizePx, channels],
    )
  );
};

/** Trains steps `from` up to `to` and returns the scalars of the last. */
export const trainOn = (model: Model, from: number, to: number) => {
  let values: Record<string, number> = {};
  for (let step = from; step < to; step++) {
    const images = pictures(model.config, step);
    const inputs = inputsFor(model.config, images.shape[0]);
    values = model.trainStep(images, step, labelsFor(model.config, images.shape[0]), inputs);
    tf.dispose(inputs ? [images, inputs] : images);
  }
  return values;
};

/** The names of the tensors that differ. */
export const moved = (before: Map<string, StoredTensor>, after: Map<string, StoredTensor>) =>
  [...before.keys()].filter((name) => {
    const [old, fresh] = [before.get(name)!.data, after.get(name)!.data];
    return old.some((value, index) => value !== fresh[index]);
  });
