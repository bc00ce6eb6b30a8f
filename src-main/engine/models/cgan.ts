import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { AdversarialDesign } from './adversarial-design.ts';
import { describeAdversarial } from './adversarial-design.ts';
import { createAdversarialModel } from './adversarial-model.ts';
import { objectiveOf } from './adversarial-objectives.ts';
import { convolutionalNetworks } from './convolutional-networks.ts';
import type { ModelFamily } from './family.ts';

/**
 * Miyato and Koyama, "cGANs with Projection Discriminator", 2018, on the networks of the DCGAN. The projection
 * goes over the whole last map instead of its sum: at two or three levels that sum would say little. In its place may
 * stand the auxiliary classifier of Odena et al., "Conditional Image Synthesis with Auxiliary Classifier GANs", 2017.
 */
export const cgan = {
  id: 'cgan',
  describe: (config: ModelConfig) => describeAdversarial(config, design(config)),
  build: (config: ModelConfig) => createAdversarialModel(config, design(config)),
} satisfies ModelFamily;

function design(config: ModelConfig): AdversarialDesign {
  const { settings } = config;
  return {
    ...convolutionalNetworks(config),
    objective: objectiveOf(settings),
    beta1: Number(settings.beta1),
    ...(settings.classGuidance === 'auxiliary' ? { classWeight: Number(settings.classWeight) } : {}),
  };
}
