import { adversarialParameters } from './discriminator-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import { adversarialLoss, latentSize, trainingParameters } from './shared-parameters.ts';

export const mlpGan: Family = {
  id: 'mlp-gan',
  title: { en: 'MLP GAN', zh: 'MLP GAN（全连接）' },
  summary: {
    en: 'The classic: two small fully connected networks. Fast, rough, good for a first look.',
    zh: '经典之作：两个小型全连接网络。快而粗，适合初看。',
  },
  reference: 'Goodfellow et al., Generative Adversarial Networks, 2014',
  parameters: [
    latentSize,
    {
      key: 'hiddenSize',
      type: 'integer',
      default: 128,
      min: 8,
      max: 2048,
      unit: 'units',
      advanced: true,
      text: {
        en: {
          title: 'Hidden units',
          help: 'Width of the two hidden layers of each network. More can draw finer things and takes longer.',
        },
        zh: { title: '隐藏单元数', help: '两个隐藏层的宽度。越宽越细致，也越慢。' },
      },
    },
    {
      key: 'recipe',
      type: 'choice',
      default: 'steady',
      choices: [
        { value: 'steady', en: 'Steady (leaky ReLU, β1 as set)', zh: '稳健（Leaky ReLU，β1 按设定）' },
        { value: 'textbook', en: 'Textbook (no activation, β1 0.9)', zh: '教科书（无激活函数，β1 0.9）' },
      ],
      advanced: true,
      text: {
        en: {
          title: 'Recipe',
          help: 'The textbook form, with nothing between its layers, usually collapses to one picture; it is here to be seen.',
        },
        zh: { title: '配方', help: '教科书写法层间无激活，多半坍缩为一张图；留作对照。' },
      },
    },
    adversarialLoss,
    ...adversarialParameters,
    ...trainingParameters,
    ...frozenParameters('generator', 'discriminator'),
  ],
};
