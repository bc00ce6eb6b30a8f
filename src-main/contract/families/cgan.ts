import { adversarialParameters, furtherHalvings } from './discriminator-parameters.ts';
import type { HyperParameter } from '../hyper-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import { adversarialLoss, baseChannels, latentSize, trainingParameters } from './shared-parameters.ts';

const classParameters: readonly HyperParameter[] = [
  {
    key: 'classGuidance',
    type: 'choice',
    default: 'projection',
    choices: [
      { value: 'projection', en: 'Projection (Miyato and Koyama 2018)', zh: '投影（Miyato 与 Koyama 2018）' },
      {
        value: 'auxiliary',
        en: 'Auxiliary classifier (Odena et al. 2017)',
        zh: '辅助分类器（Odena 等 2017）',
      },
    ],
    advanced: true,
    text: {
      en: {
        title: 'How the discriminator knows the classes',
        help: 'An auxiliary classifier insists on the class and shows how well it is told; projection keeps more variety within a class.',
      },
      zh: {
        title: '判别器如何识别类别',
        help: '辅助分类器更强调类别，并能看出分辨得如何；投影则保留更多类内变化。',
      },
    },
  },
  {
    key: 'classWeight',
    type: 'number',
    default: 1,
    min: 0.01,
    max: 100,
    advanced: true,
    text: {
      en: {
        title: 'Weight of the auxiliary classifier',
        help: 'Raise it when pictures of the wrong class are drawn; lower it when those of one class all look alike.',
      },
      zh: { title: '辅助分类器权重', help: '画错类别时调高；同类画面千篇一律时调低。' },
    },
  },
];

export const cgan: Family = {
  id: 'cgan',
  title: { en: 'Conditional DCGAN', zh: '条件 DCGAN' },
  summary: {
    en: 'A DCGAN that knows the classes: afterwards you choose which of them it draws. Needs labelled pictures.',
    zh: '懂得类别的 DCGAN：训练之后可指定画哪一类。图片须有标签。',
  },
  reference:
    'Miyato and Koyama, cGANs with Projection Discriminator, 2018; Odena et al., Conditional Image Synthesis with Auxiliary Classifier GANs, 2017',
  needsClasses: true,
  parameters: [
    latentSize,
    baseChannels,
    adversarialLoss,
    ...classParameters,
    furtherHalvings,
    ...adversarialParameters,
    ...trainingParameters,
    ...frozenParameters('generator', 'discriminator'),
  ],
};
