import type { HyperParameter, Settings } from '../hyper-parameters.ts';
import { augmentationParameters } from './augmentation-parameters.ts';
import { optimisationParameters } from './optimisation-parameters.ts';
import { rescueParameters } from './rescue-parameters.ts';

export const latentSize: HyperParameter = {
  key: 'latentSize',
  type: 'integer',
  default: 100,
  min: 2,
  max: 512,
  unit: 'numbers',
  advanced: true,
  text: {
    en: {
      title: 'Picture noise (latent size)',
      help: 'How many random numbers each picture starts from. 100 suits small pictures; more rarely helps.',
    },
    zh: {
      title: '图像噪声（潜在向量长度）',
      help: '每张图从多少个随机数出发。小图用 100 即可，再多也少有益处。',
    },
  },
};

export const baseChannels: HyperParameter = {
  key: 'baseChannels',
  type: 'integer',
  default: 32,
  min: 4,
  max: 256,
  unit: 'channels',
  advanced: false,
  text: {
    en: {
      title: 'Network width (base channels)',
      help: 'Channels of the layer nearest the picture; doubles with each layer. Twice the width takes about four times as long.',
    },
    zh: {
      title: '网络宽度（基础通道数）',
      help: '最靠近图像一层的通道数，逐层加倍。宽度加倍，耗时约四倍。',
    },
  },
};

/** What the two networks of an adversarial family make small. */
export const adversarialLoss: HyperParameter = {
  key: 'loss',
  type: 'choice',
  default: 'non-saturating',
  choices: [
    {
      value: 'non-saturating',
      en: 'Non-saturating (Goodfellow et al. 2014)',
      zh: '非饱和（Goodfellow 等 2014）',
    },
    { value: 'least-squares', en: 'Least squares (Mao et al. 2017)', zh: '最小二乘（Mao 等 2017）' },
    { value: 'hinge', en: 'Hinge (Lim and Ye 2017)', zh: '合页（Lim 与 Ye 2017）' },
  ],
  advanced: true,
  text: {
    en: {
      title: 'Loss',
      help: 'What the two networks compete for. Try least squares or hinge when the discriminator wins and the pictures stop changing.',
    },
    zh: {
      title: '损失函数',
      help: '两个网络争的是什么。判别器一边倒、画面不再变化时，可试最小二乘或合页损失。',
    },
  },
};

/** What every family takes: the batch, how the weights move, what is done to the pictures, the rhythm of the run. */
export const trainingParameters: readonly HyperParameter[] = [
  {
    key: 'batchSize',
    group: 'optimisation',
    type: 'integer',
    default: 64,
    min: 2,
    max: 512,
    unit: 'pictures',
    advanced: false,
    text: {
      en: {
        title: 'Pictures per step (batch size)',
        help: 'How many pictures one step looks at. Halve it when memory is short.',
      },
      zh: { title: '每步图片数（批大小）', help: '每一步看多少张图。内存不足时减半。' },
    },
  },
  ...optimisationParameters,
  ...augmentationParameters,
  {
    key: 'sampleEverySteps',
    group: 'rhythm',
    live: 'rhythm',
    type: 'integer',
    default: 250,
    min: 1,
    max: 100000,
    unit: 'steps',
    advanced: true,
    text: {
      en: {
        title: 'Draw the sample grid every',
        help: 'How often the 64 fixed samples are drawn and kept.',
      },
      zh: { title: '样图间隔', help: '每隔多少步绘制并保存 64 张固定样图。' },
    },
  },
  {
    key: 'checkpointEverySteps',
    group: 'rhythm',
    live: 'rhythm',
    type: 'integer',
    default: 1000,
    min: 1,
    max: 1000000,
    unit: 'steps',
    advanced: true,
    text: {
      en: {
        title: 'Save a checkpoint every',
        help: 'After a crash at most this many steps are trained again.',
      },
      zh: { title: '检查点间隔', help: '意外中断后，最多重训这么多步。' },
    },
  },
  {
    key: 'keepCheckpoints',
    group: 'rhythm',
    live: 'rhythm',
    type: 'integer',
    default: 5,
    min: 1,
    max: 1000,
    unit: 'files',
    advanced: true,
    text: {
      en: {
        title: 'Checkpoints to keep',
        help: 'Older ones are removed, except the starred, the best and those that pictures were generated from.',
      },
      zh: { title: '保留检查点数', help: '更早的会被移除；加星的、最佳的和已用来生成图片的除外。' },
    },
  },
  ...rescueParameters,
];

const ofColoursAlone = ['brightness', 'contrast', 'saturation', 'hue', 'cutout', 'noise'];

/** The same for what learns from pairs, whose colours belong together: only what moves both alike. */
export const pairedTrainingParameters: readonly HyperParameter[] = trainingParameters.filter(
  ({ key }) => !ofColoursAlone.includes(key),
);

/**
 * The same parameters with other defaults for those that `defaults` names.
 *
 * @throws Error for a name that none of them has
 */
export function withDefaults(
  parameters: readonly HyperParameter[],
  defaults: Readonly<Settings>,
): readonly HyperParameter[] {
  const stray = Object.keys(defaults).find((key) => !parameters.some((parameter) => parameter.key === key));
  if (stray !== undefined) throw new Error(`There is no parameter “${stray}” to give a default.`);
  return parameters.map((parameter) =>
    parameter.key in defaults
      ? ({ ...parameter, default: defaults[parameter.key] } as HyperParameter)
      : parameter,
  );
}
