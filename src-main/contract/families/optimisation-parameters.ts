import type { HyperParameter } from '../hyper-parameters.ts';

/** How the weights move: the optimiser, its learning rate over time, and what keeps it in bounds. */
export const optimisationParameters: readonly HyperParameter[] = [
  {
    key: 'learningRate',
    group: 'optimisation',
    live: 'learning',
    type: 'number',
    default: 0.0002,
    min: 0.000001,
    max: 1,
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
    key: 'optimiser',
    group: 'optimisation',
    type: 'choice',
    default: 'adam',
    choices: [
      { value: 'adam', en: 'Adam (Kingma and Ba 2015)', zh: 'Adam（Kingma 与 Ba 2015）' },
      { value: 'adamw', en: 'AdamW (Loshchilov and Hutter 2019)', zh: 'AdamW（Loshchilov 与 Hutter 2019）' },
      {
        value: 'rmsprop',
        en: 'RMSprop (Tieleman and Hinton 2012)',
        zh: 'RMSprop（Tieleman 与 Hinton 2012）',
      },
      { value: 'sgd', en: 'SGD with momentum (Polyak 1964)', zh: '带动量的 SGD（Polyak 1964）' },
    ],
    advanced: true,
    text: {
      en: {
        title: 'Optimiser',
        help: 'The rule that turns gradients into steps. Adam suits nearly everything; SGD needs a learning rate ten to a hundred times as large.',
      },
      zh: {
        title: '优化器',
        help: '把梯度变成步伐的规则。Adam 几乎处处适用；SGD 的学习率需放大十到一百倍。',
      },
    },
  },
  {
    key: 'beta1',
    group: 'optimisation',
    live: 'learning',
    type: 'number',
    default: 0.5,
    min: 0,
    max: 0.99,
    advanced: true,
    text: {
      en: {
        title: 'Momentum (β1 of Adam, momentum of SGD)',
        help: 'How much of the last direction is kept. 0.5 keeps adversarial training steady; RMSprop has none.',
      },
      zh: {
        title: '动量（Adam 的 β1、SGD 的动量）',
        help: '保留多少上一步的方向。对抗训练用 0.5 更稳；RMSprop 不用。',
      },
    },
  },
  {
    key: 'beta2',
    group: 'optimisation',
    live: 'learning',
    type: 'number',
    default: 0.999,
    min: 0.5,
    max: 0.99999,
    advanced: true,
    text: {
      en: {
        title: 'Scale memory (β2 of Adam, decay of RMSprop)',
        help: 'How long the size of past gradients is remembered. Rarely worth changing; SGD has none.',
      },
      zh: {
        title: '尺度记忆（Adam 的 β2、RMSprop 的衰减）',
        help: '过去梯度大小记多久。很少需要改；SGD 不用。',
      },
    },
  },
  {
    key: 'schedule',
    group: 'optimisation',
    live: 'learning',
    type: 'choice',
    default: 'constant',
    choices: [
      { value: 'constant', en: 'Constant', zh: '不变' },
      { value: 'linear', en: 'Linear', zh: '线性' },
      { value: 'cosine', en: 'Cosine (Loshchilov and Hutter 2017)', zh: '余弦（Loshchilov 与 Hutter 2017）' },
    ],
    advanced: true,
    text: {
      en: {
        title: 'Learning rate over time',
        help: 'How the learning rate falls. Let it fall when the pictures are good but keep trembling at the end.',
      },
      zh: { title: '学习率随时间', help: '学习率如何下降。画面已好、末段仍抖动时，让它下降。' },
    },
  },
  {
    key: 'scheduleSteps',
    group: 'optimisation',
    live: 'learning',
    type: 'integer',
    default: 10_000,
    min: 1,
    max: 100_000_000,
    unit: 'steps',
    advanced: true,
    text: {
      en: {
        title: 'Step at which it has fallen',
        help: 'For linear and cosine: from here on the rate stays at its lowest. Set it to the length of the run.',
      },
      zh: { title: '降到最低的步数', help: '用于线性与余弦：此后学习率保持最低。设为训练总步数。' },
    },
  },
  {
    key: 'finalLearningRateShare',
    group: 'optimisation',
    live: 'learning',
    type: 'number',
    default: 0.05,
    min: 0,
    max: 1,
    advanced: true,
    text: {
      en: {
        title: 'Lowest rate, as a share',
        help: 'For linear and cosine: what is left of the learning rate at the end. At 0 nothing moves any more.',
      },
      zh: { title: '最低学习率（占比）', help: '用于线性与余弦：最终剩下学习率的几成。为 0 则不再变化。' },
    },
  },
  {
    key: 'warmUpSteps',
    group: 'optimisation',
    live: 'learning',
    type: 'integer',
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: 'steps',
    advanced: true,
    text: {
      en: {
        title: 'Warm-up of the learning rate',
        help: 'Over so many steps the rate grows from nothing. A few hundred calm a start that explodes.',
      },
      zh: { title: '学习率预热', help: '学习率用多少步从零升起。开头就发散时，取几百步。' },
    },
  },
  {
    key: 'weightDecay',
    group: 'optimisation',
    live: 'learning',
    type: 'number',
    default: 0,
    min: 0,
    max: 1,
    advanced: true,
    text: {
      en: {
        title: 'Weight decay',
        help: 'Pulls weights towards zero: apart from the gradient with AdamW, as part of it with the others. 0 is off; try 0.01 with AdamW.',
      },
      zh: {
        title: '权重衰减',
        help: '把权重拉向零：AdamW 与梯度分开，其余计入梯度。0 为关闭；AdamW 可试 0.01。',
      },
    },
  },
  {
    key: 'gradientClip',
    group: 'optimisation',
    live: 'learning',
    type: 'number',
    default: 0,
    min: 0,
    max: 1_000_000,
    advanced: true,
    text: {
      en: {
        title: 'Longest gradient (global norm)',
        help: 'Longer gradients are shortened to this. 0 is off; when the chart of gradients has spikes, take a value a little above its usual height.',
      },
      zh: {
        title: '梯度上限（全局范数）',
        help: '超过此长度的梯度会被缩短。0 为关闭；梯度图出现尖峰时，取略高于平常的值。',
      },
    },
  },
  {
    key: 'gradientAccumulation',
    group: 'optimisation',
    type: 'integer',
    default: 1,
    min: 1,
    max: 64,
    unit: 'batches',
    advanced: true,
    text: {
      en: {
        title: 'Batches per step (gradient accumulation)',
        help: 'The gradients of so many batches are averaged before the weights move. For a large batch in little memory: halve the batch, double this.',
      },
      zh: {
        title: '每步批数（梯度累积）',
        help: '累积多少批的梯度再移动权重。内存小又想要大批：批大小减半，此值加倍。',
      },
    },
  },
  {
    key: 'averageHalfLifeSteps',
    group: 'optimisation',
    live: 'learning',
    type: 'number',
    default: 138,
    min: 0,
    max: 1_000_000,
    unit: 'steps',
    formerly: { key: 'averageDecay', convert: halfLifeOfDecay },
    advanced: true,
    text: {
      en: {
        title: 'Half-life of the moving average',
        help: 'Samples come from a running average of the weights; after so many steps half of it is new. Longer is smoother and slower to follow; 0 turns it off.',
      },
      zh: {
        title: '滑动平均的半衰期',
        help: '样图取自权重的滑动平均；经过这么多步，一半换新。越长越平滑、跟得越慢；0 为关闭。',
      },
    },
  },
  {
    key: 'averageRampUp',
    group: 'optimisation',
    live: 'learning',
    type: 'switch',
    default: true,
    advanced: true,
    text: {
      en: {
        title: 'Short average at first',
        help: 'Early on the average forgets the random start faster. Turn it off only to compare.',
      },
      zh: { title: '开头缩短平均', help: '训练之初让平均更快忘掉随机起点。仅在对照时关闭。' },
    },
  },
  {
    key: 'precision',
    group: 'optimisation',
    type: 'choice',
    default: 'full',
    choices: [
      { value: 'full', en: 'Full (32-bit)', zh: '全精度（32 位）' },
      {
        value: 'mixed',
        en: 'Mixed (Micikevicius et al. 2018)',
        zh: '混合精度（Micikevicius 等 2018）',
      },
    ],
    advanced: true,
    text: {
      en: {
        title: 'Precision',
        help: 'Mixed multiplies 16-bit numbers and adds up in 32, so that large products move half as much inside the graphics card. Only on WebGPU with 16-bit arithmetic; leave it full elsewhere.',
      },
      zh: {
        title: '精度',
        help: '混合精度以 16 位相乘、32 位累加，大矩阵在显卡内部的搬运量减半。仅限支持 16 位运算的 WebGPU 显卡；其他设备请保持全精度。',
      },
    },
  },
];

/** The half-life, in steps, of an average that keeps `decay` of itself in each step; 0 for one that keeps nothing. */
export function halfLifeOfDecay(decay: number): number {
  return decay <= 0 ? 0 : Math.log(0.5) / Math.log(Math.min(decay, 0.9999999));
}
