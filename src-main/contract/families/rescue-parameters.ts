import type { HyperParameter } from '../hyper-parameters.ts';

/** What the studio does by itself when the numbers of a run go bad. */
export const rescueParameters: readonly HyperParameter[] = [
  {
    key: 'rescues',
    type: 'integer',
    default: 3,
    min: 0,
    max: 20,
    unit: 'tries',
    live: 'rhythm',
    advanced: true,
    text: {
      en: {
        title: 'Rescues when training goes wrong',
        help: 'How often it may go back to the last good checkpoint and try again with half the learning rate, or with smaller batches where memory ran out. 0 stops at once instead.',
      },
      zh: {
        title: '训练出错时自动补救',
        help: '最多几次退回最近的好检查点再试：学习率减半；内存不足时改用更小的批。0 表示直接停止。',
      },
    },
  },
  {
    key: 'explosionFactor',
    type: 'number',
    default: 1000,
    min: 0,
    max: 1_000_000,
    live: 'rhythm',
    advanced: true,
    text: {
      en: {
        title: 'Gradient that counts as exploded',
        help: 'So many times the usual size of the gradient stop the run before it spoils. 0 looks for infinite numbers only.',
      },
      zh: {
        title: '梯度爆炸界限',
        help: '梯度达到平常的这么多倍时，立即停下以免学坏。0 表示只看是否出现无穷大。',
      },
    },
  },
];

/** For families that declare a metric to tell their best checkpoint by. */
export const keepBestCheckpoints: HyperParameter = {
  key: 'keepBestCheckpoints',
  type: 'integer',
  default: 1,
  min: 0,
  max: 100,
  unit: 'files',
  live: 'rhythm',
  advanced: true,
  text: {
    en: {
      title: 'Best checkpoints to keep',
      help: 'So many of the lowest loss are kept beside the newest.',
    },
    zh: { title: '保留最佳检查点数', help: '除最新的之外，再留几个损失最低的。' },
  },
};
