import * as tf from '@tensorflow/tfjs-core';
import type { Activation } from '../ops/layers.ts';
import {
  batchNormalization,
  convolution,
  dense,
  leakyRelu,
  normalizeWith,
  relu,
  transposedConvolution,
} from '../ops/layers.ts';
import { normals } from '../random.ts';

/** How a weight is first filled: normally distributed with this mean and standard deviation. */
export interface Initial {
  readonly mean: number;
  readonly deviation: number;
}

interface WeightLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
  readonly initial: Initial;
}

/** One layer as plain data; a network is a list of them. */
export type Layer =
  | ({ readonly kind: 'dense' } & WeightLayer)
  /** Square kernel, padding `same`. */
  | ({ readonly kind: 'convolution'; readonly kernelPx: number; readonly stride: 1 | 2 } & WeightLayer)
  /** Enlarges height and width by `stride`. */
  | ({
      readonly kind: 'transposed-convolution';
      readonly kernelPx: number;
      readonly stride: 1 | 2;
    } & WeightLayer)
  /** Over everything but the channel (Ioffe and Szegedy, 2015), then the activation. */
  | {
      readonly kind: 'batch-normalization';
      readonly name: string;
      readonly channels: number;
      /** With it, each of so many classes has a scale and a shift of its own (de Vries et al., 2017). */
      readonly classes?: number;
      readonly activation: 'relu' | 'leakyRelu';
    }
  /**
   * One number for a picture and a class: a dense layer, and the product of the picture's features with a
   * vector of the class (the projection of Miyato and Koyama, 2018).
   */
  | {
      readonly kind: 'projection';
      readonly name: string;
      readonly inputs: number;
      readonly classes: number;
      readonly initial: Initial;
    }
  /** Gives each picture of the batch another shape. */
  | { readonly kind: 'reshape'; readonly name: string; readonly shape: readonly number[] };

/** Tensors by `<layer>.<part>`. */
export type Weights = ReadonlyMap<string, tf.Tensor>;

/** Mean and variance of each batch normalisation, by `<layer>.mean` and `<layer>.variance`. */
export type Statistics = ReadonlyMap<string, tf.Tensor1D>;

/**
 * Where batch normalisation takes its statistics: from the batch, as in training, or from stored ones,
 * which keep the pictures of a batch independent of one another.
 */
export type Normalization =
  | {
      readonly by: 'batch';
      readonly collect?: (name: string, mean: tf.Tensor1D, variance: tf.Tensor1D) => void;
    }
  | { readonly by: 'statistics'; readonly statistics: Statistics };

export interface WeightDeclaration {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: Initial;
}

const epsilon = 1e-5;
const zero: Initial = { mean: 0, deviation: 0 };

/** Every weight of a network, in the order of its layers. */
export function declareWeights(layers: readonly Layer[]): WeightDeclaration[] {
  return layers.flatMap((layer): WeightDeclaration[] => {
    const bias = (size: number) => ({ name: `${layer.name}.bias`, shape: [size], initial: zero });
    switch (layer.kind) {
      case 'dense':
        return [
          { name: `${layer.name}.weights`, shape: [layer.inputs, layer.outputs], initial: layer.initial },
          bias(layer.outputs),
        ];
      case 'convolution': {
        const shape = [layer.kernelPx, layer.kernelPx, layer.inputs, layer.outputs];
        return [{ name: `${layer.name}.filter`, shape, initial: layer.initial }, bias(layer.outputs)];
      }
      case 'transposed-convolution': {
        const shape = [layer.kernelPx, layer.kernelPx, layer.outputs, layer.inputs];
        return [{ name: `${layer.name}.filter`, shape, initial: layer.initial }, bias(layer.outputs)];
      }
      case 'batch-normalization': {
        const shape = layer.classes === undefined ? [layer.channels] : [layer.classes, layer.channels];
        return [
          { name: `${layer.name}.gamma`, shape, initial: { mean: 1, deviation: 0.02 } },
          { name: `${layer.name}.beta`, shape, initial: zero },
        ];
      }
      case 'projection':
        return [
          { name: `${layer.name}.weights`, shape: [layer.inputs, 1], initial: layer.initial },
          bias(1),
          { name: `${layer.name}.classes`, shape: [layer.classes, layer.inputs], initial: layer.initial },
        ];
      case 'reshape':
        return [];
    }
  });
}

/** Fresh values of a weight: a function of the seed and of the weight's name alone. */
export function initialValues(declaration: WeightDeclaration, seed: number, network: string): Float32Array {
  const { name, shape, initial } = declaration;
  const size = tf.util.sizeFromShape([...shape]);
  if (initial.deviation === 0) return new Float32Array(size).fill(initial.mean);
  const values = normals(seed, `initial/${network}.${name}`, 0, size);
  return values.map((value) => initial.mean + initial.deviation * value);
}

/**
 * The output of a network for a batch. Intermediate tensors are the caller's to tidy.
 *
 * @param x `[batch, …]` in the shape the first layer takes
 * @param classes `[batch, classes]`, 1 at the class of each picture and 0 elsewhere; for networks that know classes
 */
export function forward(
  layers: readonly Layer[],
  weights: Weights,
  x: tf.Tensor,
  normalization: Normalization,
  classes?: tf.Tensor2D,
): tf.Tensor {
  const weight = <T extends tf.Tensor>(layer: Layer, part: string): T =>
    weights.get(`${layer.name}.${part}`) as T;
  return layers.reduce((input, layer): tf.Tensor => {
    switch (layer.kind) {
      case 'dense':
        return dense(
          input as tf.Tensor2D,
          weight<tf.Tensor2D>(layer, 'weights'),
          weight<tf.Tensor1D>(layer, 'bias'),
          layer.activation,
        );
      case 'convolution':
        return convolution(
          input as tf.Tensor4D,
          weight<tf.Tensor4D>(layer, 'filter'),
          weight<tf.Tensor1D>(layer, 'bias'),
          layer.stride,
          layer.activation,
        );
      case 'transposed-convolution':
        return transposedConvolution(
          input as tf.Tensor4D,
          weight<tf.Tensor4D>(layer, 'filter'),
          weight<tf.Tensor1D>(layer, 'bias'),
          layer.stride,
          layer.activation,
        );
      case 'batch-normalization': {
        const gamma = weight<tf.Tensor1D>(layer, 'gamma');
        const beta = weight<tf.Tensor1D>(layer, 'beta');
        const activate = layer.activation === 'relu' ? relu : leakyRelu;
        if (layer.classes !== undefined) {
          const plain = normalizePlainly(layer.name, input as tf.Tensor4D, normalization);
          const ofPicture = (table: tf.Tensor) =>
            tf.reshape(tf.matMul(classes!, table as unknown as tf.Tensor2D), [-1, 1, 1, layer.channels]);
          return activate(tf.add(tf.mul(plain, ofPicture(gamma)), ofPicture(beta)));
        }
        if (normalization.by === 'statistics') {
          const mean = normalization.statistics.get(`${layer.name}.mean`)!;
          const variance = normalization.statistics.get(`${layer.name}.variance`)!;
          return activate(normalizeWith(input, mean, variance, gamma, beta, epsilon));
        }
        const { y, mean, variance } = batchNormalization(input as tf.Tensor4D, gamma, beta, epsilon);
        normalization.collect?.(layer.name, mean, variance);
        return activate(y);
      }
      case 'projection': {
        const features = input as tf.Tensor2D;
        const plain = dense(
          features,
          weight<tf.Tensor2D>(layer, 'weights'),
          weight<tf.Tensor1D>(layer, 'bias'),
          'linear',
        );
        const ofClass = tf.matMul(classes!, weight<tf.Tensor2D>(layer, 'classes'));
        return tf.add(plain, tf.sum(tf.mul(features, ofClass), 1, true));
      }
      case 'reshape':
        return tf.reshape(input, [input.shape[0]!, ...layer.shape]);
    }
  }, x);
}

/** Batch normalisation alone, without scale and shift. */
function normalizePlainly(name: string, x: tf.Tensor4D, normalization: Normalization): tf.Tensor {
  const channels: [number] = [x.shape[3]];
  const [one, none] = [tf.ones<tf.Rank.R1>(channels), tf.zeros<tf.Rank.R1>(channels)];
  if (normalization.by === 'statistics') {
    const mean = normalization.statistics.get(`${name}.mean`)!;
    const variance = normalization.statistics.get(`${name}.variance`)!;
    return normalizeWith(x, mean, variance, one, none, epsilon);
  }
  const { y, mean, variance } = batchNormalization(x, one, none, epsilon);
  normalization.collect?.(name, mean, variance);
  return y;
}

/** The shape of one picture's output after each layer. */
export function outputShapes(layers: readonly Layer[], inputShape: readonly number[]): number[][] {
  let shape = [...inputShape];
  return layers.map((layer) => {
    switch (layer.kind) {
      case 'dense':
        shape = [layer.outputs];
        break;
      case 'convolution':
        shape = [...shape.slice(0, 2).map((size) => Math.ceil(size / layer.stride)), layer.outputs];
        break;
      case 'transposed-convolution':
        shape = [...shape.slice(0, 2).map((size) => size * layer.stride), layer.outputs];
        break;
      case 'batch-normalization':
        break;
      case 'projection':
        shape = [1];
        break;
      case 'reshape':
        shape = [...layer.shape];
        break;
    }
    return shape;
  });
}
