import * as tf from '@tensorflow/tfjs-core';
import {
  batchNormalization,
  convolution,
  dense,
  leakyRelu,
  normalizeWith,
  relu,
  silu,
  transposedConvolution,
} from '../ops/layers.ts';
import { normals } from '../random.ts';
import { groupNormalization } from '../ops/normalization.ts';
import { attend, smoothFilter, styleConvolution } from './block-layers.ts';
import type { Initial, Layer, PlainActivation, SimpleLayer } from './layer-kinds.ts';
import { simpleLayers } from './layer-kinds.ts';

export type { Initial, Layer } from './layer-kinds.ts';

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
const one: Initial = { mean: 1, deviation: 0 };

/** Every weight of a network, in the order of its layers. */
export function declareWeights(layers: readonly Layer[]): WeightDeclaration[] {
  return simpleLayers(layers).flatMap((layer): WeightDeclaration[] => {
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
      case 'group-normalization':
        return [
          { name: `${layer.name}.gamma`, shape: [layer.channels], initial: one },
          { name: `${layer.name}.beta`, shape: [layer.channels], initial: zero },
        ];
      case 'condition-shift':
        return [
          { name: `${layer.name}.weights`, shape: [layer.inputs, layer.outputs], initial: layer.initial },
          bias(layer.outputs),
        ];
      case 'attention': {
        const { channels, initial } = layer;
        return [
          { name: `${layer.name}.gamma`, shape: [channels], initial: one },
          { name: `${layer.name}.beta`, shape: [channels], initial: zero },
          { name: `${layer.name}.joined`, shape: [channels, 3 * channels], initial },
          { name: `${layer.name}.weights`, shape: [channels, channels], initial },
          bias(channels),
        ];
      }
      case 'style-convolution': {
        const { kernelPx, inputs, outputs, styleSize, stride } = layer;
        const depths = stride === 1 ? [inputs, outputs] : [outputs, inputs];
        return [
          { name: `${layer.name}.filter`, shape: [kernelPx, kernelPx, ...depths], initial: layer.initial },
          bias(outputs),
          {
            name: `${layer.name}.style`,
            shape: [styleSize, inputs],
            initial: { mean: 0, deviation: 1 / Math.sqrt(styleSize) },
          },
          { name: `${layer.name}.style-bias`, shape: [inputs], initial: one },
        ];
      }
      case 'learned-start':
        return [{ name: `${layer.name}.map`, shape: layer.shape, initial: { mean: 0, deviation: 1 } }];
      case 'activation':
      case 'channel-gate':
      case 'enlargement':
      case 'position-mean':
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
 * @param condition `[batch, …]`, what the network is told beside x: for layers that know classes, 1 at the class of
 *   each picture and 0 elsewhere; for the others whatever they take
 */
export function forward(
  layers: readonly Layer[],
  weights: Weights,
  x: tf.Tensor,
  normalization: Normalization,
  condition?: tf.Tensor2D,
): tf.Tensor {
  const weight = <T extends tf.Tensor>(layer: SimpleLayer, part: string): T =>
    weights.get(`${layer.name}.${part}`) as T;
  const through = (inner: readonly Layer[], input: tf.Tensor) =>
    forward(inner, weights, input, normalization, condition);
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
      case 'transposed-convolution': {
        const filter = weight<tf.Tensor4D>(layer, 'filter');
        return transposedConvolution(
          input as tf.Tensor4D,
          layer.smooth === true ? smoothFilter(filter) : filter,
          weight<tf.Tensor1D>(layer, 'bias'),
          layer.stride,
          layer.activation,
        );
      }
      case 'batch-normalization': {
        const gamma = weight<tf.Tensor1D>(layer, 'gamma');
        const beta = weight<tf.Tensor1D>(layer, 'beta');
        if (layer.classes !== undefined) {
          const plain = normalizePlainly(layer.name, input as tf.Tensor4D, normalization);
          const ofPicture = (table: tf.Tensor) =>
            tf.reshape(tf.matMul(condition!, table as unknown as tf.Tensor2D), [-1, 1, 1, layer.channels]);
          return activate(tf.add(tf.mul(plain, ofPicture(gamma)), ofPicture(beta)), layer.activation);
        }
        if (normalization.by === 'statistics') {
          const mean = normalization.statistics.get(`${layer.name}.mean`)!;
          const variance = normalization.statistics.get(`${layer.name}.variance`)!;
          return activate(normalizeWith(input, mean, variance, gamma, beta, epsilon), layer.activation);
        }
        const { y, mean, variance } = batchNormalization(input as tf.Tensor4D, gamma, beta, epsilon);
        normalization.collect?.(layer.name, mean, variance);
        return activate(y, layer.activation);
      }
      case 'projection': {
        const features = input as tf.Tensor2D;
        const plain = dense(
          features,
          weight<tf.Tensor2D>(layer, 'weights'),
          weight<tf.Tensor1D>(layer, 'bias'),
          'linear',
        );
        const ofClass = tf.matMul(condition!, weight<tf.Tensor2D>(layer, 'classes'));
        return tf.add(plain, tf.sum(tf.mul(features, ofClass), 1, true));
      }
      case 'reshape':
        return tf.reshape(input, [input.shape[0]!, ...layer.shape]);
      case 'activation':
        return activate(input, layer.activation);
      case 'channel-gate': {
        const gates = tf.slice(condition!, [0, layer.from], [-1, layer.channels]);
        return tf.mul(input, tf.reshape(gates, [-1, 1, 1, layer.channels]));
      }
      case 'enlargement': {
        const [, height, width] = input.shape as [number, number, number, number];
        return tf.image.resizeNearestNeighbor(input as tf.Tensor4D, [height * 2, width * 2]);
      }
      case 'position-mean':
        return tf.mean(input, [1, 2]);
      case 'residual':
        return tf.add(through(layer.body, input), through(layer.shortcut, input));
      case 'bypass':
        return tf.concat([input, through(layer.inside, input)], input.rank - 1);
      case 'group-normalization': {
        const [gamma, beta] = [weight<tf.Tensor1D>(layer, 'gamma'), weight<tf.Tensor1D>(layer, 'beta')];
        return activate(
          groupNormalization(input as tf.Tensor4D, layer.groups, gamma, beta, epsilon),
          layer.activation,
        );
      }
      case 'condition-shift': {
        const shift = dense(
          condition!,
          weight<tf.Tensor2D>(layer, 'weights'),
          weight<tf.Tensor1D>(layer, 'bias'),
          'linear',
        );
        return tf.add(input, tf.reshape(shift, [-1, 1, 1, layer.outputs]));
      }
      case 'attention': {
        const { channels, heads } = layer;
        const [batch, height, width] = input.shape as [number, number, number, number];
        const [gamma, beta] = [weight<tf.Tensor1D>(layer, 'gamma'), weight<tf.Tensor1D>(layer, 'beta')];
        const calm = groupNormalization(input as tf.Tensor4D, 1, gamma, beta, epsilon);
        const rows = tf.reshape(calm, [-1, channels]) as tf.Tensor2D;
        const joined = tf.reshape(tf.matMul(rows, weight<tf.Tensor2D>(layer, 'joined')), [
          batch,
          height * width,
          3 * channels,
        ]) as tf.Tensor3D;
        const taken = tf.reshape(attend(joined, heads), [-1, channels]) as tf.Tensor2D;
        const [weights, bias] = [weight<tf.Tensor2D>(layer, 'weights'), weight<tf.Tensor1D>(layer, 'bias')];
        return tf.add(input, tf.reshape(dense(taken, weights, bias, 'linear'), input.shape));
      }
      case 'style-convolution':
        return styleConvolution(layer, input as tf.Tensor4D, condition!, (part) => weight(layer, part));
      case 'learned-start':
        return tf.tile(tf.reshape(weight<tf.Tensor3D>(layer, 'map'), [1, ...layer.shape]), [
          condition!.shape[0],
          1,
          1,
          1,
        ]);
    }
  }, x);
}

function activate(x: tf.Tensor, activation: PlainActivation): tf.Tensor {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return relu(x);
    case 'leakyRelu':
      return leakyRelu(x);
    case 'silu':
      return silu(x);
  }
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
