import { adversarialParameters } from './discriminator-parameters.ts';
import type { Family } from './family.ts';
import { adversarialLoss, baseChannels, latentSize, trainingParameters } from './shared-parameters.ts';

export const cgan: Family = {
  id: 'cgan',
  title: { en: 'Conditional DCGAN', zh: '条件 DCGAN' },
  summary: {
    en: 'A DCGAN that knows the classes: afterwards you choose which of them it draws. Needs labelled pictures.',
    zh: '懂得类别的 DCGAN：训练之后可指定画哪一类。图片须有标签。',
  },
  reference: 'Miyato and Koyama, cGANs with Projection Discriminator, 2018',
  needsClasses: true,
  parameters: [latentSize, baseChannels, adversarialLoss, ...adversarialParameters, ...trainingParameters],
};
