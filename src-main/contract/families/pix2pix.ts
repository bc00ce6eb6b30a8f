import { pairedDiscriminatorParameters } from './discriminator-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import { holeWeight, markHoles } from './hole-parameters.ts';
import { keepBestCheckpoints } from './rescue-parameters.ts';
import {
  adversarialLoss,
  baseChannels,
  pairedTrainingParameters,
  withDefaults,
} from './shared-parameters.ts';

export const pix2pix: Family = {
  id: 'pix2pix',
  title: { en: 'pix2pix (picture to picture)', zh: 'pix2pix（图到图）' },
  summary: {
    en: 'Turns one picture into another: edges into pictures, grey into colour, pictures with holes into whole ones. Needs a version of pairs.',
    zh: '把一种图变成另一种图：线稿成画、黑白上色、补全孔洞。须有配对版本。',
  },
  reference: 'Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, 2017',
  needsPairs: true,
  repairs: 'translates',
  bestMetric: { key: 'pairDistance', goal: 'lowest' },
  parameters: [
    baseChannels,
    adversarialLoss,
    {
      key: 'distanceWeight',
      type: 'number',
      default: 100,
      min: 0.1,
      max: 10_000,
      advanced: false,
      text: {
        en: {
          title: 'Weight of the L1 distance (λ)',
          help: 'How much it counts to be near the target, beside being taken for real. Lower it for crisper, freer pictures; raise it for faithful, softer ones.',
        },
        zh: {
          title: 'L1 距离权重（λ）',
          help: '在“以假乱真”之外，与目标接近占多大分量。调低则更锐利、更自由；调高则更忠实、更柔和。',
        },
      },
    },
    {
      key: 'generatorDropout',
      type: 'number',
      default: 0,
      min: 0,
      max: 0.9,
      advanced: true,
      text: {
        en: {
          title: 'Dropout in the generator',
          help: 'The only noise of this family, also when it generates: the seed decides which share of the innermost channels is left out. 0 gives one answer for each input, the nearest to its target; 0.2 gives several. The paper takes 0.5, for much wider networks.',
        },
        zh: {
          title: '生成器 dropout',
          help: '这是本系列唯一的噪声，生成时也在：种子决定最内层丢弃哪些通道。0 则每个输入只有一个结果，也最接近目标；0.2 便有多种。论文取 0.5，但网络宽得多。',
        },
      },
    },
    {
      key: 'patchHalvings',
      type: 'integer',
      default: 2,
      min: 1,
      max: 3,
      unit: 'halvings',
      advanced: true,
      text: {
        en: {
          title: 'Patch of the discriminator',
          help: 'It judges patches instead of whole pictures: 1 makes them 8 pixels wide, 2 makes them 18, 3 makes them 38. Larger ones see shapes, smaller ones only texture.',
        },
        zh: {
          title: '判别器的图块',
          help: '判别器看图块而不看整图：1 为 8 像素宽，2 为 18，3 为 38。大块看得到形状，小块只看纹理。',
        },
      },
    },
    markHoles,
    holeWeight,
    ...pairedDiscriminatorParameters,
    ...withDefaults(pairedTrainingParameters, { batchSize: 16 }),
    keepBestCheckpoints,
    ...frozenParameters('generator', 'discriminator'),
  ],
};
