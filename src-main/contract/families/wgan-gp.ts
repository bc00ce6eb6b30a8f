import { criticParameters, furtherHalvings } from './discriminator-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import { baseChannels, latentSize, trainingParameters, withDefaults } from './shared-parameters.ts';

export const wganGp: Family = {
  id: 'wgan-gp',
  title: { en: 'WGAN-GP', zh: 'WGAN-GP（梯度惩罚）' },
  summary: {
    en: 'A critic that measures a distance instead of judging. Slower for each step, calm, and rarely stuck on a few pictures.',
    zh: '评判网络度量距离而非判真假。每步较慢，但训练平稳，很少只画几种图。',
  },
  reference: 'Gulrajani et al., Improved Training of Wasserstein GANs, 2017',
  parameters: [
    latentSize,
    baseChannels,
    {
      key: 'criticUpdates',
      type: 'integer',
      default: 5,
      min: 1,
      max: 20,
      advanced: true,
      text: {
        en: {
          title: 'Critic updates per step',
          help: 'How often the critic moves, each time on new pictures, before the generator does. Fewer are faster and measure worse.',
        },
        zh: {
          title: '每步评判网络更新次数',
          help: '生成器动一次之前，评判网络用新图更新几次。次数少则快，但度量较粗。',
        },
      },
    },
    {
      key: 'penaltyWeight',
      type: 'number',
      default: 10,
      min: 0.1,
      max: 1000,
      advanced: true,
      text: {
        en: {
          title: 'Gradient penalty weight (λ)',
          help: 'How strictly the slope of the critic is held at 1. Raise it when the slope in the charts runs away.',
        },
        zh: { title: '梯度惩罚权重（λ）', help: '把评判网络的斜率约束在 1 的力度。图中斜率失控时调高。' },
      },
    },
    furtherHalvings,
    ...criticParameters,
    ...withDefaults(trainingParameters, {
      learningRate: 0.0001,
      beta1: 0,
      beta2: 0.9,
      averageHalfLifeSteps: 69,
    }),
    ...frozenParameters('generator', 'discriminator'),
  ],
};
