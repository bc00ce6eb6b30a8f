import * as tf from '@tensorflow/tfjs-core';
import type { NetworkId } from '../../contract/domain/runs.ts';
import type { StoredTensor } from '../safetensors.ts';
import { corrupt } from '../safetensors.ts';
import type { LayerDescription } from './family.ts';
import type { Layer } from './layer-kinds.ts';
import { tracedShapes } from './layer-kinds.ts';
import type { WeightDeclaration } from './layers.ts';
import { declareWeights, initialValues } from './layers.ts';

/** The rows of the layer table for one network that takes `inputShape`, without the batch. */
export function describeNetwork(
  network: NetworkId,
  layers: readonly Layer[],
  inputShape: readonly number[],
): LayerDescription[] {
  return tracedShapes(layers, inputShape).rows.map(({ layer, shape }) => ({
    network,
    name: layer.name,
    outputShape: shape,
    parameters: countParameters([layer]),
  }));
}

/** How many numbers the weights of these layers hold. */
export function countParameters(layers: readonly Layer[]): number {
  return declareWeights(layers).reduce((sum, { shape }) => sum + tf.util.sizeFromShape([...shape]), 0);
}

/** Fresh weights by `<layer>.<part>`, from the seed and the names alone. */
export function createWeights(
  layers: readonly Layer[],
  seed: number,
  network: string,
): Map<string, tf.Variable> {
  return createDeclaredWeights(declareWeights(layers), seed, network);
}

/** Fresh weights by their names, from the seed and the names alone. */
export function createDeclaredWeights(
  declarations: readonly WeightDeclaration[],
  seed: number,
  network: string,
): Map<string, tf.Variable> {
  return new Map(
    declarations.map((declaration) => {
      const values = initialValues(declaration, seed, network);
      return [declaration.name, tf.tidy(() => tf.variable(tf.tensor(values, [...declaration.shape])))];
    }),
  );
}

/** The entries with `<prefix>.` before their names. */
export function prefixed<T>(prefix: string, entries: ReadonlyMap<string, T>): [string, T][] {
  return [...entries].map(([name, value]) => [`${prefix}.${name}`, value]);
}

/** Copies of the tensors, as a checkpoint holds them. */
export function storeTensors(variables: ReadonlyMap<string, tf.Variable>): Map<string, StoredTensor> {
  return new Map(
    [...variables].map(([name, variable]) => {
      const data = Float32Array.from(variable.dataSync<'float32'>());
      return [name, { type: 'F32', shape: variable.shape, data }];
    }),
  );
}

/**
 * Gives each variable the stored values of its name; all of them, or none.
 *
 * @param fresh names of those that begin anew instead
 * @throws StudioError `checkpoint-corrupt` naming the first tensor that is missing or of another shape
 */
export function restoreTensors(
  variables: ReadonlyMap<string, tf.Variable>,
  stored: ReadonlyMap<string, StoredTensor>,
  fileName: string,
  fresh: Iterable<string> = [],
): void {
  const skipped = new Set(fresh);
  const restored = [...variables].filter(([name]) => !skipped.has(name));
  for (const [name, { shape }] of restored) {
    const found = stored.get(name);
    if (found?.type !== 'F32' || found.shape.join() !== shape.join()) {
      throw corrupt(fileName, `its “${name}” is not [${shape.join(', ')}]: it belongs to another model`);
    }
  }
  for (const [name, variable] of restored) {
    const { data } = stored.get(name)!;
    tf.tidy(() => variable.assign(tf.tensor(data as Float32Array, variable.shape)));
  }
}

/** The number of a scalar, brought over from the backend. */
export function scalarOf(value: tf.Scalar): number {
  return value.dataSync<'float32'>()[0]!;
}
