import { learnClasses } from './class-parameters.ts';
import { adversarialParameters, furtherHalvings } from './discriminator-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import {
  adversarialLoss,
  baseChannels,
  latentSize,
  trainingParameters,
  withDefaults,
} from './shared-parameters.ts';

export const resnetGan: Family = {
  id: 'resnet-gan',
  title: { en: 'ResNet GAN', zh: 'ResNet GAN（谱归一化）' },
  summary: {
    en: 'Residual networks with a discriminator that is held in check. Crisp pictures and steady training; the one to use for 64 pixels.',
    zh: '残差网络，判别器受谱归一化约束。画面清晰、训练平稳，64 像素首选。',
  },
  reference: 'Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018',
  parameters: [
    latentSize,
    ...withDefaults([baseChannels], { baseChannels: 16 }),
    learnClasses,
    {
      key: 'generatorKind',
      type: 'choice',
      default: 'residual',
      choices: [
        { value: 'residual', en: 'Residual (Miyato et al. 2018)', zh: '残差（Miyato 等 2018）' },
        { value: 'style', en: 'Style-modulated (Karras et al. 2020)', zh: '风格调制（Karras 等 2020）' },
      ],
      advanced: true,
      text: {
        en: {
          title: 'Kind of generator',
          help: 'A style-modulated one can trade variety for regular pictures when it generates (truncation). It learns more slowly at first.',
        },
        zh: {
          title: '生成器类型',
          help: '风格调制的生成器在生成时可用截断，以多样换规整；起初学得较慢。',
        },
      },
    },
    {
      key: 'blocksAt',
      type: 'choice',
      // What runs were trained with that do not know the setting.
      default: 'larger',
      choices: [
        { value: 'larger', en: 'The larger size (Miyato et al. 2018)', zh: '较大的尺寸（Miyato 等 2018）' },
        { value: 'smaller', en: 'The smaller size', zh: '较小的尺寸' },
      ],
      advanced: true,
      text: {
        en: {
          title: 'Residual blocks convolve at',
          help: 'A block doubles or halves its map. At the smaller of the two sizes a step takes about two thirds of the time: for large pictures. The style-modulated generator has no such blocks.',
        },
        zh: {
          title: '残差块的卷积尺寸',
          help: '每个残差块把特征图放大或缩小一倍。在较小的尺寸上做卷积，每步约省三分之一的时间，宜用于大图。风格调制的生成器没有残差块。',
        },
      },
    },
    {
      key: 'smoothEnlargement',
      type: 'switch',
      // What runs were trained with that do not know the setting.
      default: false,
      advanced: true,
      text: {
        en: {
          title: 'Smooth the last enlargement',
          help: 'A mean over two by two pixels after the last doubling: most of the grid of dots over what is drawn goes (after Odena et al. 2016). The style-modulated generator does not use it.',
        },
        zh: {
          title: '平滑最后一次放大',
          help: '最后一次放大后取 2×2 像素的均值：画面上的网点大多消失（参照 Odena 等 2016）。风格调制的生成器不用它。',
        },
      },
    },
    {
      key: 'styleMixing',
      type: 'number',
      default: 0.5,
      min: 0,
      max: 1,
      advanced: true,
      text: {
        en: {
          title: 'Style mixing',
          help: 'So many training pictures change to a second style half way, so that coarse and fine traits become independent. For the style-modulated generator only.',
        },
        zh: {
          title: '风格混合',
          help: '这一比例的训练图中途换用第二种风格，使粗细特征相互独立。仅用于风格调制的生成器。',
        },
      },
    },
    ...withDefaults([adversarialLoss], { loss: 'hinge' }),
    furtherHalvings,
    {
      key: 'scoreFrom',
      group: 'discriminator',
      type: 'choice',
      // What runs were trained with that do not know the setting.
      default: 'mean',
      choices: [
        { value: 'mean', en: 'The mean over the picture', zh: '全图平均' },
        { value: 'positions', en: 'Each position by itself', zh: '逐个位置' },
      ],
      advanced: true,
      text: {
        en: {
          title: 'The discriminator judges by',
          help: 'Each position by itself lets it tell where something is missing, which takes a fraction of the steps; only R1 holds its last layer then. The mean is gentler, for a run whose discriminator always wins.',
        },
        zh: {
          title: '判别器评判依据',
          help: '逐个位置能看出哪里不对，所需步数少得多，但最后一层只由 R1 约束。全图平均更温和，适合判别器一边倒的训练。',
        },
      },
    },
    ...withDefaults(adversarialParameters, { r1Weight: 1 }),
    ...withDefaults(trainingParameters, { learningRate: 0.0005 }),
    ...frozenParameters('generator', 'discriminator'),
  ],
  sampling: ({ generatorKind }) =>
    generatorKind !== 'style'
      ? []
      : [
          {
            key: 'truncation',
            type: 'number',
            default: 1,
            min: 0.3,
            max: 1,
            advanced: false,
            text: {
              en: {
                title: 'Truncation (ψ)',
                help: 'Lower draws each style closer to the mean: more regular pictures, less variety. 1 leaves them as they are.',
              },
              zh: {
                title: '截断（ψ）',
                help: '越低，风格越靠近平均：画面更规整，多样性更少。1 为不截断。',
              },
            },
          },
        ],
};
