import type { HyperParameter, Settings } from '../hyper-parameters.ts';
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

/** What every family takes: the optimiser, the batch and the rhythm of the run. */
export const trainingParameters: readonly HyperParameter[] = [
  {
    key: 'batchSize',
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
  {
    key: 'learningRate',
    live: 'learning',
    type: 'number',
    default: 0.0002,
    min: 0.000001,
    max: 0.01,
    advanced: false,
    text: {
      en: {
        title: 'Learning rate',
        help: 'How far each step moves the weights. Lower it when the losses swing wildly.',
      },
      zh: { title: '学习率', help: '每一步把权重移动多远。损失剧烈摆动时调低。' },
    },
  },
  {
    key: 'beta1',
    live: 'learning',
    type: 'number',
    default: 0.5,
    min: 0,
    max: 0.99,
    advanced: true,
    text: {
      en: {
        title: 'Momentum (Adam β1)',
        help: 'How much of the last direction is kept. 0.5 keeps adversarial training steady.',
      },
      zh: { title: '动量（Adam β1）', help: '保留多少上一步的方向。对抗训练用 0.5 更稳。' },
    },
  },
  {
    key: 'beta2',
    live: 'learning',
    type: 'number',
    default: 0.999,
    min: 0.5,
    max: 0.99999,
    advanced: true,
    text: {
      en: {
        title: 'Scale memory (Adam β2)',
        help: 'How long the size of past gradients is remembered. Rarely worth changing.',
      },
      zh: { title: '尺度记忆（Adam β2）', help: '过去梯度大小记多久。很少需要改。' },
    },
  },
  {
    key: 'averageDecay',
    live: 'learning',
    type: 'number',
    default: 0.995,
    min: 0,
    max: 0.99999,
    advanced: true,
    text: {
      en: {
        title: 'Smoothing of the generator (moving average)',
        help: 'Samples come from a running average of the generator. Higher is smoother and slower to follow; 0 turns it off.',
      },
      zh: {
        title: '生成器平滑（滑动平均）',
        help: '样图取自生成器权重的滑动平均。越高越平滑、跟得越慢；0 为关闭。',
      },
    },
  },
  {
    key: 'horizontalFlip',
    live: 'learning',
    type: 'switch',
    default: false,
    advanced: false,
    text: {
      en: {
        title: 'Mirror pictures at random',
        help: 'Shows half of the pictures left-right mirrored. Good for faces and things, wrong for letters and digits.',
      },
      zh: { title: '随机左右翻转', help: '一半图片左右镜像。适合人脸与物件，不适合文字与数字。' },
    },
  },
  {
    key: 'sampleEverySteps',
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

/** The same parameters with other defaults for those that `defaults` names. */
export function withDefaults(
  parameters: readonly HyperParameter[],
  defaults: Readonly<Settings>,
): readonly HyperParameter[] {
  return parameters.map((parameter) =>
    parameter.key in defaults
      ? ({ ...parameter, default: defaults[parameter.key] } as HyperParameter)
      : parameter,
  );
}
