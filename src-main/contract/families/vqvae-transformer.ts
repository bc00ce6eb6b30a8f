import { StudioError } from '../errors.ts';
import type { HyperParameter } from '../hyper-parameters.ts';
import { learnClasses } from './class-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import { baseChannels, trainingParameters, withDefaults } from './shared-parameters.ts';

export const vqvaeTransformer: Family = {
  id: 'vqvae-transformer',
  title: { en: 'VQ-VAE with Transformer', zh: 'VQ-VAE + Transformer' },
  summary: {
    en: 'First learns a vocabulary of picture parts, then the grammar by which they follow one another. Can also complete a picture.',
    zh: '先学一套图像部件的“词汇”，再学它们的“语法”。还能续画半张图。',
  },
  reference:
    'van den Oord et al., Neural Discrete Representation Learning, 2017; Esser et al., Taming Transformers for High-Resolution Image Synthesis, 2021',
  parameters: [
    baseChannels,
    learnClasses,
    {
      key: 'codebookSize',
      type: 'integer',
      default: 128,
      min: 8,
      max: 2048,
      unit: 'codes',
      advanced: true,
      text: {
        en: {
          title: 'Words in the vocabulary (codebook)',
          help: 'More tell finer differences and make the grammar harder. 128 suits drawings, 512 colour pictures.',
        },
        zh: { title: '词汇量（码本大小）', help: '越大越细致，语法也越难学。线条图取 128，彩图取 512。' },
      },
    },
    {
      key: 'codeSize',
      type: 'integer',
      default: 32,
      min: 2,
      max: 256,
      unit: 'numbers',
      advanced: true,
      text: {
        en: { title: 'Length of a word', help: 'How many numbers describe one word. Rarely worth changing.' },
        zh: { title: '码字长度', help: '每个码字由多少个数表示。很少需要改。' },
      },
    },
    {
      key: 'commitment',
      type: 'number',
      default: 0.25,
      min: 0,
      max: 10,
      advanced: true,
      text: {
        en: {
          title: 'Commitment (β)',
          help: 'How strongly the encoder keeps to the words there are. Raise it when the quantisation error climbs.',
        },
        zh: { title: '承诺权重（β）', help: '编码器贴近现有码字的力度。量化误差上升时调高。' },
      },
    },
    {
      key: 'codebookDecay',
      type: 'number',
      default: 0.98,
      min: 0,
      max: 0.9999,
      advanced: true,
      text: {
        en: {
          title: 'Memory of the vocabulary',
          help: 'Each word is a moving average of what it stood for; higher changes more slowly.',
        },
        zh: { title: '码本记忆', help: '码字是它所代表内容的滑动平均；越高变化越慢。' },
      },
    },
    {
      key: 'firstPhaseSteps',
      type: 'integer',
      default: 1500,
      min: 1,
      max: 10_000_000,
      unit: 'steps',
      advanced: false,
      text: {
        en: {
          title: 'Steps for the vocabulary',
          help: 'For so many steps it learns to take pictures apart, and the grammar along with it; from then on the vocabulary stands still and only the grammar is refined.',
        },
        zh: {
          title: '学词汇的步数',
          help: '在这么多步里学习拆解图像，同时学语法；之后词汇固定，只继续打磨语法。',
        },
      },
    },
    {
      key: 'transformerSize',
      type: 'integer',
      default: 96,
      min: 8,
      max: 1024,
      unit: 'channels',
      advanced: true,
      text: {
        en: {
          title: 'Width of the Transformer',
          help: 'A multiple of its heads. Twice the width takes about four times as long.',
        },
        zh: { title: 'Transformer 宽度', help: '须为头数的倍数。宽度加倍，耗时约四倍。' },
      },
    },
    {
      key: 'transformerLayers',
      type: 'integer',
      default: 3,
      min: 1,
      max: 24,
      unit: 'layers',
      advanced: true,
      text: {
        en: { title: 'Layers of the Transformer', help: 'More see longer relations and take longer.' },
        zh: { title: 'Transformer 层数', help: '越多越能看到长程关系，也越慢。' },
      },
    },
    {
      key: 'transformerHeads',
      type: 'integer',
      default: 4,
      min: 1,
      max: 16,
      unit: 'heads',
      advanced: true,
      text: {
        en: { title: 'Heads of its attention', help: 'So many things each place looks for at once.' },
        zh: { title: '注意力头数', help: '每个位置同时关注多少件事。' },
      },
    },
    ...withDefaults(trainingParameters, {
      ...{ learningRate: 0.001, beta1: 0.9, averageHalfLifeSteps: 69, gradientClip: 1 },
      ...{ sampleEverySteps: 250, checkpointEverySteps: 500 },
    }),
    ...frozenParameters('encoder', 'decoder', 'transformer'),
  ],
  requireFitting({ transformerSize, transformerHeads }) {
    if (Number(transformerSize) % Number(transformerHeads) === 0) return;
    const allowed = `a multiple of transformerHeads, which is ${Number(transformerHeads)}`;
    throw new StudioError(
      'setting-out-of-range',
      `The setting “transformerSize” cannot be ${Number(transformerSize)}: it takes ${allowed}.`,
      { key: 'transformerSize', value: String(transformerSize), allowed },
    );
  },
  sampling: () => sampling,
  repairs: 'completes',
};

const sampling: readonly HyperParameter[] = [
  {
    key: 'temperature',
    type: 'number',
    default: 1,
    min: 0.1,
    max: 2,
    advanced: false,
    text: {
      en: {
        title: 'Temperature',
        help: 'Below 1 it keeps to what is likely; above, it dares more and errs more.',
      },
      zh: { title: '温度', help: '低于 1 更守常；高于 1 更大胆，也更易出错。' },
    },
  },
  {
    key: 'topK',
    type: 'integer',
    default: 0,
    min: 0,
    max: 2048,
    unit: 'codes',
    advanced: false,
    text: {
      en: {
        title: 'Only the likeliest words (top-k)',
        help: 'Each part is chosen among so many; 0 allows all.',
      },
      zh: { title: '只取最可能的码字（top-k）', help: '每处只在这么多个里挑选；0 为不限。' },
    },
  },
  {
    key: 'topP',
    type: 'number',
    default: 0.95,
    min: 0.05,
    max: 1,
    advanced: false,
    text: {
      en: {
        title: 'Only the likely share (top-p)',
        help: 'Each part is chosen among the likeliest words that together have this probability (Holtzman et al. 2020); 1 allows all.',
      },
      zh: {
        title: '只取高概率部分（top-p）',
        help: '每处只在合计达到此概率的最可能码字里挑选（Holtzman 等 2020）；1 为不限。',
      },
    },
  },
];
