/** The nets that the bench trains, each the same as one of `tests/bench/peers/`. */
import type { ModelConfig } from '../../src-main/contract/engine-messages.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { findPreset, settingsFor } from '../../src-main/contract/presets.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import type { ModelFamily } from '../../src-main/engine/models/family.ts';

export interface BenchNet {
  readonly id: string;
  readonly title: string;
  /** What the ratio to PyTorch may be at most, and what it should become. */
  readonly target: number;
  readonly stretch: number;
  /** Script below `tests/bench/peers/` and its arguments. */
  readonly peer: readonly string[];
  /** The preset whose settings are used, with what differs. */
  readonly presetId: string;
  readonly settings: Settings;
}

/** The networks of PyTorch's side, which a preset may have otherwise. */
const asPeer: Settings = { baseChannels: 32, latentSize: 100, furtherHalvings: 0 };
const unpenalized: Settings = { r1Weight: 0 };

export const benchNets: readonly BenchNet[] = [
  {
    id: 'mlp-gan-28',
    title: 'MLP GAN 28×28',
    target: 0.9,
    stretch: 0.5,
    peer: ['mlp_gan.py'],
    presetId: 'mlp-gan-28',
    settings: unpenalized,
  },
  {
    id: 'dcgan-28',
    title: 'DCGAN 28×28 grey',
    target: 0.9,
    stretch: 0.7,
    peer: ['dcgan.py', '28', '1', '32'],
    presetId: 'dcgan-28',
    settings: { ...asPeer, ...unpenalized },
  },
  {
    id: 'dcgan-64-rgb',
    title: 'DCGAN 64×64 RGB (64 base channels)',
    target: 1.2,
    stretch: 1,
    peer: ['dcgan.py', '64', '3', '64'],
    presetId: 'dcgan-64-rgb',
    settings: { ...unpenalized, baseChannels: 64 },
  },
  {
    id: 'vae-28',
    title: 'convolutional VAE 28×28',
    target: 1,
    stretch: 0.7,
    peer: ['variational_autoencoder.py'],
    presetId: 'vae-28',
    settings: {},
  },
  {
    id: 'dcgan-28-penalty',
    title: 'DCGAN 28×28 with gradient penalty',
    target: 1,
    stretch: 0.7,
    peer: ['gradient_penalty.py'],
    presetId: 'wgan-gp-28',
    // One update of the critic for each of the generator, as in a DCGAN.
    settings: { ...asPeer, criticUpdates: 1 },
  },
];

/** Nets that only the scaling table trains. */
const scalingNets: readonly BenchNet[] = [32, 64].map((sizePx) => ({
  id: `dcgan-${sizePx}:scaling`,
  title: `DCGAN ${sizePx}×${sizePx} grey`,
  target: Infinity,
  stretch: Infinity,
  peer: ['dcgan.py', String(sizePx), '1', '32'],
  presetId: `dcgan-${sizePx}`,
  settings: { ...asPeer, ...unpenalized },
}));

/**
 * The net called `id`.
 *
 * @throws Error naming those that exist
 */
export function findNet(id: string): BenchNet {
  const nets = [...benchNets, ...scalingNets];
  const found = nets.find((net) => net.id === id);
  if (!found) throw new Error(`There is no net “${id}”. Nets: ${nets.map((net) => net.id).join(', ')}.`);
  return found;
}

/** The family and the configuration that a net is trained with; `chosen` comes on top of its settings. */
export function setUp(net: BenchNet, chosen: Settings = {}): { family: ModelFamily; config: ModelConfig } {
  const preset = findPreset(net.presetId);
  const config: ModelConfig = {
    family: preset.family,
    presetId: preset.id,
    sizePx: preset.sizePx,
    channels: preset.channels,
    seed: 1,
    settings: settingsFor(preset, { ...net.settings, ...chosen }),
  };
  return { family: familyOf(preset.family), config };
}
