import type { Variable } from '@tensorflow/tfjs-core';
import type { StartMode } from '../contract/domain/run-history.ts';
import type { ModelConfig } from '../contract/engine-messages.ts';
import { StudioError } from '../contract/errors.ts';
import type { Checkpoint } from './checkpoint.ts';
import { readCheckpoint } from './checkpoint.ts';
import type { Model } from './models/family.ts';
import { storeTensors } from './models/network-state.ts';
import { layerOf } from './optimisation/frozen-layers.ts';
import type { StoredTensor } from './safetensors.ts';

const networkOf = (name: string): string => name.slice(0, name.indexOf('.'));
const within = (name: string): string => name.slice(name.indexOf('.') + 1);

/**
 * The layers, `<network>.<layer>`, whose weights a checkpoint holds under the same names and in the same shapes. A layer
 * is taken over whole or not at all.
 */
export function layersInCommon(model: Model, found: ReadonlyMap<string, StoredTensor>): ReadonlySet<string> {
  const networks = Object.keys(model.parameters);
  const weights = [...model.tensors()].filter(([name]) => networks.includes(networkOf(name)));
  const taken = new Set(weights.map(([name]) => layerOf(name)));
  for (const [name, { shape }] of weights) {
    if (found.get(name)?.shape.join() !== shape.join()) taken.delete(layerOf(name));
  }
  return taken;
}

/** The network of which a model keeps an average: its weights have the average's names. */
function averagedNetwork(model: Model): string | undefined {
  const names = [...model.tensors().keys()];
  const own = (network: string) =>
    names
      .filter((name) => networkOf(name) === network)
      .map(within)
      .join();
  return Object.keys(model.parameters).find((network) => own(network) === own('average'));
}

/**
 * Gives a fresh model the layers of a checkpoint that fit it, and what belongs to them: their averages, and with `kept`
 * the memory of the optimiser. All others stay as the model's seed made them. The model is then at step 0.
 *
 * @returns the layers that were taken over, `<network>.<layer>`
 * @throws StudioError `checkpoint-foreign` when not one fits
 */
export function startFrom(
  model: Model,
  { tensors: found, step }: Checkpoint,
  mode: StartMode,
  file: string,
): ReadonlySet<string> {
  const taken = layersInCommon(model, found);
  if (taken.size === 0) {
    throw new StudioError(
      'checkpoint-foreign',
      `No layer of the checkpoint ${file} has the name and the shape of one that is needed. Start from a run whose networks are as wide.`,
      { file, found: 'no layer that fits', needed: 'at least one' },
    );
  }
  const averaged = averagedNetwork(model);
  const belongs = (name: string): boolean => taken.has(layerOf(name));
  const tensors = storeTensors(model.tensors() as ReadonlyMap<string, Variable>);
  for (const [name, { shape }] of tensors) {
    const [part, rest] = [networkOf(name), within(name)];
    const source = sourceOf(part, rest);
    const stored = source === null ? undefined : found.get(source);
    if (stored?.shape.join() === shape.join()) tensors.set(name, stored);
  }

  /** The name in the checkpoint of what a tensor of the model begins with; null where it begins anew. */
  function sourceOf(part: string, rest: string): string | null {
    const name = `${part}.${rest}`;
    if (part in model.parameters) {
      if (!belongs(name)) return null;
      return mode === 'fresh' && part === averaged ? `average.${rest}` : name;
    }
    if (part === 'average') return belongs(`${averaged}.${rest}`) ? name : null;
    if (part === 'spectral') return belongs(`discriminator.${rest}`) ? name : null;
    if (part === 'codebook') return name;
    if (mode === 'fresh' || !part.includes('-')) return null;
    return belongs(weightOfSlot(part, rest)) ? name : null;
  }

  if (mode === 'kept') {
    // How often a weight was moved, as far as its optimiser counts: at step 0 of the new run so much lies behind it.
    for (const name of [...tensors.keys()].filter((slot) => slot.endsWith('.first-moment'))) {
      const [part, rest] = [networkOf(name), within(name)];
      if (!belongs(weightOfSlot(part, rest)) || !found.has(name)) continue;
      const since = `${layerOf(name)}.since`;
      const began = Number(found.get(since)?.data[0] ?? 0);
      tensors.set(since, { type: 'F32', shape: [1], data: Float32Array.of(began - step) });
    }
  }
  model.load(tensors, 0, file);
  return taken;
}

/** `generator-adam`, `project.bias.first-moment` is a slot of `generator.project.bias`; that of two networks names its own. */
function weightOfSlot(part: string, rest: string): string {
  const network = part.slice(0, part.indexOf('-'));
  return network === 'coding' ? layerOf(rest) : `${network}.${layerOf(rest)}`;
}

/**
 * Reads the checkpoint that a run is to start from.
 *
 * @throws StudioError `checkpoint-missing`, `checkpoint-corrupt`; `checkpoint-foreign` for one of another family or of
 *   other channels
 */
export function readStart(file: string, wanted: ModelConfig): Checkpoint {
  const checkpoint = readCheckpoint(file);
  const form = ({ family, channels }: ModelConfig) => `${family}, ${channels === 1 ? 'grey' : 'RGB'}`;
  const [found, needed] = [form(checkpoint.config), form(wanted)];
  if (found === needed) return checkpoint;
  throw new StudioError(
    'checkpoint-foreign',
    `The checkpoint ${file} is of another model: it is ${found}, and ${needed} is needed. Choose a checkpoint of the same kind.`,
    { file, found, needed },
  );
}
