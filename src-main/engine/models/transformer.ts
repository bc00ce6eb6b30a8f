import * as tf from '@tensorflow/tfjs-core';
import { dense, gelu } from '../ops/layers.ts';
import { layerNormalization } from '../ops/normalization.ts';
import { softmax } from '../ops/softmax.ts';
import { attend } from './block-layers.ts';
import type { LayerDescription } from './family.ts';
import type { Initial, WeightDeclaration, Weights } from './layers.ts';

/** The size of a decoder-only Transformer. */
export interface TransformerShape {
  readonly words: number;
  readonly positions: number;
  /** How many different beginnings there are: one for each class. */
  readonly beginnings: number;
  readonly size: number;
  readonly layers: number;
  readonly heads: number;
}

const epsilon = 1e-5;
const widening = 4;

/**
 * The weights of a decoder-only Transformer with the normalisation before each part (Radford et al., "Language Models
 * are Unsupervised Multitask Learners", 2019), in the order of use.
 */
export function declareTransformer(shape: TransformerShape): WeightDeclaration[] {
  const { words, positions, beginnings, size, layers } = shape;
  const usual: Initial = { mean: 0, deviation: 0.02 };
  // What is added to the stream is smaller the more often something is added.
  const added: Initial = { mean: 0, deviation: 0.02 / Math.sqrt(2 * layers) };
  const matrix = (name: string, inputs: number, outputs: number, initial: Initial): WeightDeclaration[] => [
    { name: `${name}.weights`, shape: [inputs, outputs], initial },
    { name: `${name}.bias`, shape: [outputs], initial: { mean: 0, deviation: 0 } },
  ];
  const normalization = (name: string): WeightDeclaration[] => [
    { name: `${name}.gamma`, shape: [size], initial: { mean: 1, deviation: 0 } },
    { name: `${name}.beta`, shape: [size], initial: { mean: 0, deviation: 0 } },
  ];
  return [
    { name: 'words.table', shape: [words, size], initial: usual },
    { name: 'positions.table', shape: [positions, size], initial: usual },
    { name: 'beginnings.table', shape: [beginnings, size], initial: usual },
    ...Array.from({ length: layers }, (_, layer) => [
      ...normalization(`block${layer + 1}.attention-normalize`),
      ...matrix(`block${layer + 1}.attention-joined`, size, 3 * size, usual),
      ...matrix(`block${layer + 1}.attention`, size, size, added),
      ...normalization(`block${layer + 1}.widen-normalize`),
      ...matrix(`block${layer + 1}.widen`, size, widening * size, usual),
      ...matrix(`block${layer + 1}.narrow`, widening * size, size, added),
    ]).flat(),
    ...normalization('last-normalize'),
    ...matrix('logits', size, words, usual),
  ];
}

/** A row of the layer table for each part. */
export function describeTransformer(shape: TransformerShape): LayerDescription[] {
  const sizes = new Map<string, { outputs: number; parameters: number }>();
  for (const declared of declareTransformer(shape)) {
    const name = declared.name.slice(0, declared.name.lastIndexOf('.'));
    const known = sizes.get(name)?.parameters ?? 0;
    const parameters = known + tf.util.sizeFromShape([...declared.shape]);
    sizes.set(name, { outputs: declared.shape.at(-1)!, parameters });
  }
  return [...sizes].map(([name, { outputs, parameters }]) => ({
    ...{ network: 'transformer', name, outputShape: [shape.positions, outputs], parameters },
  }));
}

/** Keys and values of the positions so far, layer by layer, `[batch × heads, positions, size / heads]`. */
export interface AttentionMemory {
  readonly keys: (tf.Tensor3D | null)[];
  readonly values: (tf.Tensor3D | null)[];
}

export const emptyMemory = ({ layers }: TransformerShape): AttentionMemory => ({
  keys: new Array<null>(layers).fill(null),
  values: new Array<null>(layers).fill(null),
});

/**
 * The logits of the next word at every position, each from those before it.
 *
 * @param words `[batch × positions]`, row by row
 * @param beginnings `[batch]`: what each row begins with
 * @returns `[batch × positions, words]`
 */
export function foresee(
  shape: TransformerShape,
  weights: Weights,
  words: Int32Array,
  beginnings: Int32Array,
): tf.Tensor2D {
  const { positions, size, heads } = shape;
  const batch = beginnings.length;
  // Each position sees the word before it; the first sees how the row begins.
  const begin = tf.reshape(chosen(weights, 'beginnings', beginnings), [batch, 1, size]);
  const before = tf.reshape(chosen(weights, 'words', words), [batch, positions, size]);
  const shifted = tf.concat([begin, tf.slice(before, [0, 0, 0], [batch, positions - 1, size])], 1);
  let stream = tf.reshape(tf.add(shifted, weights.get('positions.table')!), [-1, size]) as tf.Tensor2D;
  for (let layer = 0; layer < shape.layers; layer++) {
    stream = block(weights, `block${layer + 1}`, stream, (joined) => {
      const rows = tf.reshape(joined, [batch, positions, 3 * size]) as tf.Tensor3D;
      return tf.reshape(attend(rows, heads, true), [-1, size]) as tf.Tensor2D;
    });
  }
  return logitsOf(weights, stream);
}

/**
 * The logits of the word at `position` alone, `[batch, words]`, from what `memory` holds of the positions before it;
 * the memory gets this position too. Its tensors are the caller's.
 *
 * @param previous the words at the position before; at the first, what each row begins with
 */
export function foreseeNext(
  shape: TransformerShape,
  weights: Weights,
  memory: AttentionMemory,
  previous: Int32Array,
  position: number,
): tf.Tensor2D {
  const { size, heads } = shape;
  const batch = previous.length;
  const ofHead = size / heads;
  const place = tf.slice(weights.get('positions.table')! as tf.Tensor2D, [position, 0], [1, size]);
  const input = chosen(weights, position === 0 ? 'beginnings' : 'words', previous);
  let stream = tf.add(input, place) as tf.Tensor2D;
  for (let layer = 0; layer < shape.layers; layer++) {
    stream = block(weights, `block${layer + 1}`, stream, (joined) => {
      const part = (index: number) =>
        tf.reshape(tf.slice(joined, [0, index * size], [batch, size]), [
          batch * heads,
          1,
          ofHead,
        ]) as tf.Tensor3D;
      const extended = (known: (tf.Tensor3D | null)[], fresh: tf.Tensor3D) => {
        const old = known[layer];
        const all = old ? (tf.concat([old, fresh], 1) as tf.Tensor3D) : tf.clone(fresh);
        known[layer] = tf.keep(all);
        old?.dispose();
        return all;
      };
      const keys = extended(memory.keys, part(1));
      const values = extended(memory.values, part(2));
      const fit = tf.mul(tf.matMul(part(0), keys, false, true), 1 / Math.sqrt(ofHead));
      const taken = tf.matMul(softmax(fit) as tf.Tensor3D, values);
      return tf.reshape(taken, [batch, size]) as tf.Tensor2D;
    });
  }
  return logitsOf(weights, stream);
}

/** Frees what a memory holds. */
export function forget({ keys, values }: AttentionMemory): void {
  for (const tensor of [...keys, ...values]) tensor?.dispose();
}

function block(
  weights: Weights,
  name: string,
  stream: tf.Tensor2D,
  look: (joined: tf.Tensor2D) => tf.Tensor2D,
): tf.Tensor2D {
  const calm = normalized(weights, `${name}.attention-normalize`, stream);
  const taken = through(
    weights,
    `${name}.attention`,
    look(through(weights, `${name}.attention-joined`, calm)),
  );
  const between = tf.add(stream, taken) as tf.Tensor2D;
  const wide = gelu(
    through(weights, `${name}.widen`, normalized(weights, `${name}.widen-normalize`, between)),
  );
  return tf.add(between, through(weights, `${name}.narrow`, wide));
}

function logitsOf(weights: Weights, stream: tf.Tensor2D): tf.Tensor2D {
  return through(weights, 'logits', normalized(weights, 'last-normalize', stream));
}

function chosen(weights: Weights, table: string, rows: Int32Array): tf.Tensor2D {
  return tf.gather(weights.get(`${table}.table`)! as tf.Tensor2D, tf.tensor1d(rows, 'int32'));
}

function through(weights: Weights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const matrix = weights.get(`${name}.weights`)! as tf.Tensor2D;
  return dense(x, matrix, weights.get(`${name}.bias`)! as tf.Tensor1D, 'linear');
}

function normalized(weights: Weights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const [gamma, beta] = [weights.get(`${name}.gamma`)!, weights.get(`${name}.beta`)!];
  return layerNormalization(x, gamma as tf.Tensor1D, beta as tf.Tensor1D, epsilon);
}
