import type { NetworkId } from '../../contract/domain/runs.ts';
import { frozenKey } from '../../contract/families/frozen-parameters.ts';
import type { Settings } from '../../contract/hyper-parameters.ts';

/** The layer of a weight, `<layer>.<part>`. */
export const layerOf = (weight: string): string => weight.slice(0, weight.lastIndexOf('.'));

/** How many layers of a network stay as they are, counted among those that have weights, from its input on. */
export const frozenLayers = (network: NetworkId, settings: Readonly<Settings>): number =>
  Number(settings[frozenKey(network)] ?? 0);

/**
 * The names of the weights that a run leaves as they are: those of the first layers of the network. In a discriminator
 * these are the ones nearest to the picture, as in Mo et al., "Freeze the Discriminator: a Simple Baseline for
 * Fine-Tuning GANs", 2020; in a generator those nearest to the latents.
 *
 * @param weights names, in the order of the layers
 */
export function frozenWeights(
  network: NetworkId,
  weights: Iterable<string>,
  settings: Readonly<Settings>,
): ReadonlySet<string> {
  const names = [...weights];
  const layers = [...new Set(names.map(layerOf))].slice(0, frozenLayers(network, settings));
  return new Set(names.filter((name) => layers.includes(layerOf(name))));
}
