import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { AdversarialDesign } from './adversarial-design.ts';
import { describeAdversarial } from './adversarial-design.ts';
import { createAdversarialModel } from './adversarial-model.ts';
import { objectiveOf } from './adversarial-objectives.ts';
import { convolutionalNetworks } from './convolutional-networks.ts';
import type { ModelFamily } from './family.ts';

/**
 * Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
 * Networks", 2016.
 */
export const dcgan = {
  id: 'dcgan',
  describe: (config: ModelConfig) => describeAdversarial(config, design(config)),
  build: (config: ModelConfig) => createAdversarialModel(config, design(config)),
} satisfies ModelFamily;

function design(config: ModelConfig): AdversarialDesign {
  const { settings } = config;
  return {
    ...convolutionalNetworks(config),
    objective: objectiveOf(settings),
    beta1: Number(settings.beta1),
  };
}
