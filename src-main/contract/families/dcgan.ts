import { adversarialParameters, furtherHalvings } from './discriminator-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import { adversarialLoss, baseChannels, latentSize, trainingParameters } from './shared-parameters.ts';

export const dcgan: Family = {
  id: 'dcgan',
  title: { en: 'DCGAN', zh: 'DCGAN（卷积）' },
  summary: {
    en: 'Convolutional networks that learn edges, strokes and shapes. The one to use for pictures.',
    zh: '卷积网络，学会边缘、笔画与形状。做图首选。',
  },
  reference:
    'Radford et al., Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks, 2016',
  parameters: [
    latentSize,
    baseChannels,
    adversarialLoss,
    furtherHalvings,
    ...adversarialParameters,
    ...trainingParameters,
    ...frozenParameters('generator', 'discriminator'),
  ],
};
