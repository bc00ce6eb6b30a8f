import { learnClasses } from './class-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import { keepBestCheckpoints } from './rescue-parameters.ts';
import { baseChannels, latentSize, trainingParameters, withDefaults } from './shared-parameters.ts';

export const vae: Family = {
  id: 'vae',
  title: { en: 'VAE', zh: 'VAE（变分自编码器）' },
  summary: {
    en: 'Learns to pack each picture into a few numbers and to unpack it. Fast, never collapses, and a little soft.',
    zh: '学会把每张图压缩成少量数字再还原。训练快、不会坍缩，画面略柔。',
  },
  reference: 'Kingma and Welling, Auto-Encoding Variational Bayes, 2014',
  bestMetric: { key: 'reconstructionLoss', goal: 'lowest' },
  parameters: [
    ...withDefaults([latentSize], { latentSize: 32 }),
    baseChannels,
    learnClasses,
    {
      key: 'likelihood',
      type: 'choice',
      default: 'bernoulli',
      choices: [
        { value: 'bernoulli', en: 'Bernoulli (black or white)', zh: '伯努利（非黑即白）' },
        { value: 'gaussian', en: 'Gaussian (shades and colours)', zh: '高斯（灰阶与彩色）' },
      ],
      advanced: true,
      text: {
        en: {
          title: 'Likelihood of a pixel',
          help: 'How a pixel that is off is counted. Bernoulli suits ink on paper; Gaussian suits photographs and colours.',
        },
        zh: {
          title: '像素的似然',
          help: '像素偏差如何计算。黑白笔画用伯努利；照片与彩色用高斯。',
        },
      },
    },
    {
      key: 'pixelDeviation',
      type: 'number',
      default: 0.2,
      min: 0.01,
      max: 2,
      advanced: true,
      text: {
        en: {
          title: 'Deviation of a pixel (Gaussian only)',
          help: 'How far a pixel may be off, where 2 is from black to white. Smaller asks for sharper pictures and for more of the latents.',
        },
        zh: {
          title: '像素标准差（仅高斯）',
          help: '允许像素偏离多少，从黑到白为 2。越小画面越清晰，对潜在向量要求也越多。',
        },
      },
    },
    {
      key: 'beta',
      type: 'number',
      default: 1,
      min: 0,
      max: 100,
      advanced: true,
      text: {
        en: {
          title: 'Weight of the divergence (β)',
          help: 'How much the latents have to look like noise. Lower gives sharper reconstructions and odder samples.',
        },
        zh: {
          title: '散度权重（β）',
          help: '潜在向量须多接近噪声。调低则还原更清晰，但样图可能怪异。',
        },
      },
    },
    {
      key: 'klWarmUpSteps',
      type: 'integer',
      default: 500,
      min: 0,
      max: 1000000,
      unit: 'steps',
      advanced: true,
      text: {
        en: {
          title: 'Warm-up of the divergence',
          help: 'Over so many steps its weight grows from nothing. Lengthen it when the divergence falls to zero and stays there.',
        },
        zh: { title: '散度预热', help: '散度权重用多少步从零升起。若散度一直停在零附近，请延长。' },
      },
    },
    {
      key: 'freeNats',
      type: 'number',
      default: 0,
      min: 0,
      max: 10,
      unit: 'nats',
      advanced: true,
      text: {
        en: {
          title: 'Free bits of each latent',
          help: 'So much information each latent may carry unpunished. A little, such as 0.1, keeps all of them in use.',
        },
        zh: {
          title: '每个潜变量的免费信息量',
          help: '每个潜变量可免罚携带的信息。取 0.1 左右，可让它们都用起来。',
        },
      },
    },
    ...withDefaults(trainingParameters, { learningRate: 0.001, beta1: 0.9, averageHalfLifeSteps: 69 }),
    keepBestCheckpoints,
    ...frozenParameters('encoder', 'decoder'),
  ],
};
