import { learnClasses } from './class-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import { keepBestCheckpoints } from './rescue-parameters.ts';
import { baseChannels, trainingParameters, withDefaults } from './shared-parameters.ts';

export const ddpm: Family = {
  id: 'ddpm',
  title: { en: 'Diffusion (DDPM)', zh: '扩散模型（DDPM）' },
  summary: {
    en: 'Learns to take noise away, step by step. Never collapses and draws finely; generating takes many steps.',
    zh: '学会一步步去除噪声。不会坍缩，画面细腻；生成需要许多步。',
  },
  reference: 'Ho et al., Denoising Diffusion Probabilistic Models, 2020',
  bestMetric: { key: 'denoisingLoss', goal: 'lowest' },
  parameters: [
    ...withDefaults([baseChannels], { baseChannels: 16 }),
    learnClasses,
    {
      key: 'diffusionSteps',
      type: 'integer',
      default: 1000,
      min: 100,
      max: 4000,
      unit: 'steps',
      advanced: true,
      text: {
        en: {
          title: 'Steps from picture to noise',
          help: 'How finely the way is divided that it learns. 1000 is what everyone uses.',
        },
        zh: { title: '加噪步数', help: '从图像到噪声的过程分得多细。通用取值为 1000。' },
      },
    },
    {
      key: 'prediction',
      type: 'choice',
      default: 'velocity',
      choices: [
        { value: 'velocity', en: 'Velocity v (Salimans and Ho 2022)', zh: '速度 v（Salimans 与 Ho 2022）' },
        { value: 'picture', en: 'Picture x (Li and He 2025)', zh: '图片 x（Li 与 He 2025）' },
        { value: 'noise', en: 'Noise ε (Ho et al. 2020)', zh: '噪声 ε（Ho 等 2020）' },
      ],
      advanced: true,
      text: {
        en: {
          title: 'What the network tells',
          help: 'The velocity also holds where there is nearly nothing but noise, and needs fewer sampling steps. The picture suits a network that halves it first: noise does not fit through there.',
        },
        zh: {
          title: '网络预测什么',
          help: '预测速度在几乎全是噪声时也可靠，采样所需步数更少。先减半的网络宜预测图片：噪声无法从中完整通过。',
        },
      },
    },
    {
      key: 'snrLimit',
      type: 'number',
      default: 5,
      min: 0,
      max: 100,
      advanced: true,
      text: {
        en: {
          title: 'Limit of the weight by signal to noise (γ)',
          help: 'Nearly clean pictures count no more than this (min-SNR, Hang et al. 2023). 5 learns fastest; 0 counts all steps alike.',
        },
        zh: {
          title: '信噪比权重上限（γ）',
          help: '几乎无噪的图片，权重不超过此值（min-SNR，Hang 等 2023）。取 5 学得最快；0 为各步同权。',
        },
      },
    },
    {
      key: 'snrFloor',
      type: 'number',
      // What runs were trained with that do not know the setting.
      default: 0,
      min: 0,
      max: 1,
      advanced: true,
      text: {
        en: {
          title: 'Least weight by signal to noise',
          help: 'Noisy pictures count no less than this unless the noise is told (truncated SNR, Salimans and Ho 2022). 1 lets them decide more of what is drawn where; 0 is min-SNR alone.',
        },
        zh: {
          title: '信噪比权重下限',
          help: '除预测噪声外，噪声大的图片权重不低于此值（截断 SNR，Salimans 与 Ho 2022）。取 1 更重视整体布局；0 即单纯的 min-SNR。',
        },
      },
    },
    {
      key: 'attention',
      type: 'switch',
      default: true,
      advanced: true,
      text: {
        en: {
          title: 'Attention in the smallest map',
          help: 'Lets distant parts of a picture look at each other. Costs little there.',
        },
        zh: { title: '最小特征图上的注意力', help: '让画面相距较远的部分彼此参照，代价很小。' },
      },
    },
    {
      key: 'startHalvings',
      type: 'integer',
      // What runs were trained with that do not know the setting.
      default: 0,
      min: 0,
      max: 2,
      formerly: { key: 'patchPx', convert: (pixels) => pixels - 1 },
      advanced: true,
      text: {
        en: {
          title: 'Halvings before the first block',
          help: 'So often a picture is halved before the network proper (Hoogeboom et al. 2023). Each leaves out the largest and slowest map, so the others can be wider. 0 is for 28 and 32 pixels.',
        },
        zh: {
          title: '首个模块前的减半次数',
          help: '图片进入主网络前缩小一半的次数（Hoogeboom 等 2023）。每次省去最大也最慢的特征图，其余可以更宽。28、32 像素用 0。',
        },
      },
    },
    {
      key: 'classDropout',
      type: 'number',
      default: 0.1,
      min: 0,
      max: 0.9,
      advanced: true,
      text: {
        en: {
          title: 'Pictures shown without their class',
          help: 'From this share it learns what any picture is like, which guidance starts from. For runs that learn the classes.',
        },
        zh: {
          title: '隐去类别的图片比例',
          help: '由这部分图片学会不分类别的画面，引导以此为起点。仅用于学习类别的训练。',
        },
      },
    },
    {
      key: 'sheetSamplingSteps',
      type: 'integer',
      default: 20,
      min: 10,
      max: 250,
      unit: 'steps',
      advanced: true,
      text: {
        en: {
          title: 'Sampling steps of the sample grid',
          help: 'More make the samples of the run finer and take longer; training does not depend on it.',
        },
        zh: { title: '样图采样步数', help: '越多样图越细，也越慢；不影响训练本身。' },
      },
    },
    ...withDefaults(trainingParameters, {
      ...{ learningRate: 0.001, beta1: 0.9, averageHalfLifeSteps: 138, gradientClip: 1 },
      ...{ sampleEverySteps: 250, checkpointEverySteps: 500 },
    }),
    keepBestCheckpoints,
    ...frozenParameters('denoiser'),
  ],
  sampling: (settings) => [
    {
      key: 'samplingSteps',
      type: 'integer',
      default: 50,
      min: 10,
      max: 250,
      unit: 'steps',
      advanced: false,
      text: {
        en: {
          title: 'Sampling steps',
          help: 'In how many steps the noise is taken away (DDIM, Song et al. 2021). 50 is plenty; 250 is finest, and five times as slow.',
        },
        zh: {
          title: '采样步数',
          help: '分多少步去除噪声（DDIM，Song 等 2021）。50 步已很好；250 步最细，慢五倍。',
        },
      },
    },
    ...(settings.learnClasses === true ? [guidance] : []),
  ],
  repairs: 'masked',
  repairing: [
    {
      key: 'resamplings',
      type: 'integer',
      default: 5,
      min: 1,
      max: 20,
      unit: 'times',
      advanced: false,
      text: {
        en: {
          title: 'Resamplings',
          help: 'How often each step is taken, so that what is made up comes to fit what is kept (RePaint, Lugmayr et al. 2022). 1 is quick and shows seams; 10 fits best, and takes ten times as long.',
        },
        zh: {
          title: '重采样次数',
          help: '每一步重复多少次，使补画的部分与保留的部分相接（RePaint，Lugmayr 等 2022）。1 最快，但有接缝；10 最贴合，耗时十倍。',
        },
      },
    },
  ],
};

const guidance = {
  key: 'guidance',
  type: 'number',
  default: 1.5,
  min: 0,
  max: 10,
  advanced: false,
  text: {
    en: {
      title: 'Guidance by the class',
      help: 'How strongly the class is insisted on (Ho and Salimans 2022). 1 is as learned; 2 to 4 are clearer and less varied.',
    },
    zh: {
      title: '类别引导强度',
      help: '对类别的强调程度（Ho 与 Salimans 2022）。1 为如实；2 到 4 更鲜明，变化更少。',
    },
  },
} as const;
