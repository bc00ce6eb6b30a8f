import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { AdversarialDesign } from './adversarial-design.ts';
import { describeAdversarial } from './adversarial-design.ts';
import { createAdversarialModel } from './adversarial-model.ts';
import { wasserstein } from './adversarial-objectives.ts';
import { convolutionalNetworks } from './convolutional-networks.ts';
import type { ModelFamily } from './family.ts';

/** Gulrajani et al., "Improved Training of Wasserstein GANs", 2017. */
export const wganGp = {
  id: 'wgan-gp',
  describe: (config: ModelConfig) => describeAdversarial(config, design(config)),
  build: (config: ModelConfig) => createAdversarialModel(config, design(config)),
} satisfies ModelFamily;

function design(config: ModelConfig): AdversarialDesign {
  const { settings } = config;
  return {
    // The paper forbids batch normalisation in the critic: the penalty holds for each picture by itself.
    ...convolutionalNetworks(config),
    objective: wasserstein,
    beta1: Number(settings.beta1),
    discriminatorUpdates: Number(settings.criticUpdates),
    gradientPenaltyWeight: Number(settings.penaltyWeight),
  };
}
