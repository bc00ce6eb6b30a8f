import type { HyperParameter } from '../hyper-parameters.ts';

/** The discriminator's own learning rate: the two time scales of Heusel et al. 2017. */
const discriminatorLearningRate: HyperParameter = {
  key: 'discriminatorLearningRate',
  group: 'discriminator',
  live: 'learning',
  type: 'number',
  default: 0,
  min: 0,
  max: 1,
  advanced: true,
  text: {
    en: {
      title: 'Learning rate of the discriminator',
      help: '0 takes the same as the generator. A few times as high helps a discriminator that cannot keep up (Heusel et al. 2017); lower one that always wins.',
    },
    zh: {
      title: '判别器学习率',
      help: '0 表示与生成器相同。判别器跟不上时可高几倍（Heusel 等 2017）；一边倒时调低。',
    },
  },
};

/** For those whose discriminator halves its map as often as the generator doubles it. */
export const furtherHalvings: HyperParameter = {
  key: 'furtherHalvings',
  group: 'discriminator',
  type: 'integer',
  // What runs were trained with that do not know the setting.
  default: 0,
  min: 0,
  max: 2,
  unit: 'halvings',
  advanced: true,
  text: {
    en: {
      title: 'Further halvings in the discriminator',
      help: 'How often it halves its map beyond the generator’s smallest. From 7 pixels, one more lets it judge the whole picture instead of its parts, which takes far fewer steps to good ones.',
    },
    zh: {
      title: '判别器额外减半次数',
      help: '判别器的特征图比生成器最小的图再减半几次。从 7 像素再减一次，便能看整幅画面而不只看局部，达到同样效果所需步数少得多。',
    },
  },
};

const dropout: HyperParameter = {
  key: 'discriminatorDropout',
  group: 'discriminator',
  live: 'learning',
  type: 'number',
  default: 0,
  min: 0,
  max: 0.9,
  advanced: true,
  text: {
    en: {
      title: 'Dropout in the discriminator',
      help: 'Leaves out this share of its channels at random in each step (Srivastava et al. 2014). 0.2 to 0.4 slows one that learns the pictures by heart.',
    },
    zh: {
      title: '判别器 dropout',
      help: '每步随机丢弃这一比例的通道（Srivastava 等 2014）。判别器死记图片时，取 0.2 到 0.4。',
    },
  },
};

const labelSmoothing: HyperParameter = {
  key: 'labelSmoothing',
  group: 'discriminator',
  live: 'learning',
  type: 'number',
  default: 0,
  min: 0,
  max: 0.5,
  advanced: true,
  text: {
    en: {
      title: 'One-sided label smoothing',
      help: 'Real pictures count as real by 1 minus this much (Salimans et al. 2016). 0.1 curbs a discriminator that is too sure. Without effect on the hinge loss.',
    },
    zh: {
      title: '单侧标签平滑',
      help: '真图的目标降为 1 减此值（Salimans 等 2016）。判别器过于自信时取 0.1。对合页损失无效。',
    },
  },
};

const slopePenalties: readonly HyperParameter[] = [
  {
    key: 'r1Weight',
    group: 'discriminator',
    live: 'learning',
    type: 'number',
    default: 0,
    min: 0,
    max: 1000,
    advanced: true,
    text: {
      en: {
        title: 'R1 penalty (γ)',
        help: 'Flattens the discriminator around real pictures (Mescheder et al. 2018). 0 is off; 0.1 to 10 calms a run that swings. Costs a second derivative.',
      },
      zh: {
        title: 'R1 惩罚（γ）',
        help: '让判别器在真图附近平缓（Mescheder 等 2018）。0 为关闭；训练摇摆时取 0.1 到 10。须算二阶导数。',
      },
    },
  },
  {
    key: 'r2Weight',
    group: 'discriminator',
    live: 'learning',
    type: 'number',
    default: 0,
    min: 0,
    max: 1000,
    advanced: true,
    text: {
      en: {
        title: 'R2 penalty (γ)',
        help: 'The same around generated pictures. Seldom needed beside R1.',
      },
      zh: { title: 'R2 惩罚（γ）', help: '同样作用于生成图附近。有了 R1，很少再需要。' },
    },
  },
  {
    key: 'penaltyInterval',
    group: 'discriminator',
    live: 'learning',
    type: 'integer',
    default: 16,
    min: 1,
    max: 64,
    unit: 'updates',
    advanced: true,
    text: {
      en: {
        title: 'R1 and R2 every',
        help: 'Only every so many updates, and so much stronger then (Karras et al. 2020). 16 costs next to nothing; 1 is the most even.',
      },
      zh: {
        title: 'R1、R2 间隔',
        help: '每隔几次更新才算，强度相应放大（Karras 等 2020）。16 几乎不费时；1 最均匀。',
      },
    },
  },
];

const augmentationKinds = (adaptive: boolean): HyperParameter => ({
  key: 'discriminatorAugmentation',
  group: 'discriminator',
  type: 'choice',
  default: 'off',
  choices: [
    { value: 'off', en: 'Off', zh: '关闭' },
    {
      value: 'always',
      en: 'Always (DiffAugment, Zhao et al. 2020)',
      zh: '始终（DiffAugment，Zhao 等 2020）',
    },
    ...(adaptive
      ? [{ value: 'adaptive', en: 'Adaptive (ADA, Karras et al. 2020)', zh: '自适应（ADA，Karras 等 2020）' }]
      : []),
  ],
  advanced: true,
  text: {
    en: {
      title: 'Augmentation before the discriminator',
      help: adaptive
        ? 'Real and generated pictures alike are altered before they are judged, so that the generator need not draw the alterations. For fewer than some thousand pictures; adaptive finds the dose by itself.'
        : 'Real and generated pictures alike are altered before they are judged, so that the generator need not draw the alterations. For fewer than some thousand pictures.',
    },
    zh: {
      title: '判别前的增强',
      help: adaptive
        ? '真图与生成图同样变换后再评判，生成器不必学会画出变换。适合不足几千张的图集；自适应会自行把握分量。'
        : '真图与生成图同样变换后再评判，生成器不必学会画出变换。适合不足几千张的图集。',
    },
  },
});

const part = (key: string, on: boolean, text: HyperParameter['text']): HyperParameter => ({
  key,
  group: 'discriminator',
  live: 'learning',
  type: 'switch',
  default: on,
  advanced: true,
  text,
});

const augmentationParts: readonly HyperParameter[] = [
  part('discriminatorColour', true, {
    en: { title: '… colour', help: 'Alters brightness, contrast and saturation before judging.' },
    zh: { title: '其一：颜色', help: '评判前改变亮度、对比度与饱和度。' },
  }),
  part('discriminatorTranslation', true, {
    en: { title: '… shift', help: 'Moves pictures by up to an eighth of their side before judging.' },
    zh: { title: '其二：平移', help: '评判前移动画面，至多八分之一边长。' },
  }),
  part('discriminatorCutout', true, {
    en: { title: '… cut-out', help: 'Covers a square of half the side before judging.' },
    zh: { title: '其三：遮挡', help: '评判前遮住边长一半的方块。' },
  }),
  part('discriminatorTurns', false, {
    en: {
      title: '… mirroring and quarter turns',
      help: 'Mirrors and turns pictures before judging. Use it with adaptive only, where it does not show in what is generated.',
    },
    zh: {
      title: '其四：镜像与直角旋转',
      help: '评判前镜像并旋转画面。只宜与自适应同用，才不会留在生成图里。',
    },
  }),
];

const adaptation: readonly HyperParameter[] = [
  {
    key: 'adaptiveTarget',
    group: 'discriminator',
    live: 'learning',
    type: 'number',
    default: 0.6,
    min: 0,
    max: 1,
    advanced: true,
    text: {
      en: {
        title: 'Adaptive: target',
        help: 'How far the discriminator may run ahead, measured by the mean sign of its output on real pictures: 0 cannot tell, 1 is always sure.',
      },
      zh: {
        title: '自适应：目标',
        help: '允许判别器领先多少，以它对真图输出的平均符号衡量：0 为分不清，1 为总能认出。',
      },
    },
  },
  {
    key: 'adaptivePictures',
    group: 'discriminator',
    live: 'learning',
    type: 'integer',
    default: 100_000,
    min: 100,
    max: 100_000_000,
    unit: 'pictures',
    advanced: true,
    text: {
      en: {
        title: 'Adaptive: pace',
        help: 'In so many real pictures the probability can go from 0 to 1. Shorten it for short runs.',
      },
      zh: { title: '自适应：快慢', help: '概率从 0 升到 1 至少要看多少张真图。短训练可调小。' },
    },
  },
];

/** For two networks that compete by a judgement: real or not. */
export const adversarialParameters: readonly HyperParameter[] = [
  discriminatorLearningRate,
  dropout,
  labelSmoothing,
  ...slopePenalties,
  augmentationKinds(true),
  ...augmentationParts,
  ...adaptation,
];

/** For one that judges pairs, patch by patch; both halves of a pair would have to be altered alike. */
export const pairedDiscriminatorParameters: readonly HyperParameter[] = [
  discriminatorLearningRate,
  dropout,
  labelSmoothing,
];

/** For a critic, whose output has no zero: nothing to smooth, and no sign to adapt by. */
export const criticParameters: readonly HyperParameter[] = [
  discriminatorLearningRate,
  dropout,
  augmentationKinds(false),
  ...augmentationParts,
];
