import type { HyperParameter } from '../hyper-parameters.ts';
import type { Family } from './family.ts';
import { frozenParameters } from './frozen-parameters.ts';
import { holeWeight } from './hole-parameters.ts';
import { keepBestCheckpoints } from './rescue-parameters.ts';
import { baseChannels, trainingParameters, withDefaults } from './shared-parameters.ts';

/** What the pictures suffer before they are given back; see `engine/damage.ts`. */
const damageParameters: readonly HyperParameter[] = [
  {
    key: 'holeShare',
    group: 'damage',
    type: 'number',
    default: 0.5,
    min: 0,
    max: 0.8,
    advanced: false,
    text: {
      en: {
        title: 'Largest share cut out',
        help: 'Every picture loses between nothing and this share, in rectangles or brush strokes. Raise it for large holes; 0 cuts nothing.',
      },
      zh: {
        title: '挖去的最大比例',
        help: '每张图随机挖去从零到此比例的画面，或为矩形，或为笔刷痕迹。要补大洞则调高；0 为不挖。',
      },
    },
  },
  {
    key: 'damagedShare',
    group: 'damage',
    type: 'number',
    default: 0.25,
    min: 0,
    max: 1,
    advanced: false,
    text: {
      en: {
        title: 'Pictures struck by other damage',
        help: 'The share that blur, blocks, noise and scratches strike, each for itself. 0 leaves all strength to the holes; raise it to clean worn pictures.',
      },
      zh: {
        title: '受其他损伤的图片比例',
        help: '模糊、马赛克、噪声、划痕各自以此比例落在图片上。0 则专攻补洞；要清理陈旧图片，可调高。',
      },
    },
  },
  {
    key: 'noiseDeviation',
    group: 'damage',
    type: 'number',
    default: 0.15,
    min: 0,
    max: 1,
    advanced: true,
    text: {
      en: {
        title: 'Strongest noise',
        help: 'Standard deviation of Gaussian noise, of the range from black to white; struck pictures get between none and this.',
      },
      zh: { title: '最强噪声', help: '高斯噪声的标准差，以黑到白的全程为 1；受损的图取零到此值。' },
    },
  },
  {
    key: 'blurPx',
    group: 'damage',
    type: 'number',
    default: 1,
    min: 0,
    max: 8,
    unit: 'px',
    advanced: true,
    text: {
      en: {
        title: 'Strongest blur',
        help: 'Standard deviation of a Gaussian blur; struck pictures get between a quarter of this and this.',
      },
      zh: { title: '最强模糊', help: '高斯模糊的标准差；受损的图取其四分之一到全部。' },
    },
  },
  {
    key: 'coarsenessPx',
    group: 'damage',
    type: 'integer',
    default: 2,
    min: 1,
    max: 8,
    unit: 'px',
    advanced: true,
    text: {
      en: {
        title: 'Largest blocks',
        help: 'Lower resolution: blocks from 2 pixels up to this, each of its mean colour. 1 leaves the resolution as it is.',
      },
      zh: {
        title: '最大色块',
        help: '降低分辨率：边长从 2 像素到此值的色块，各取平均色。1 为保持原分辨率。',
      },
    },
  },
  {
    key: 'scratches',
    group: 'damage',
    type: 'integer',
    default: 3,
    min: 0,
    max: 20,
    unit: 'lines',
    advanced: true,
    text: {
      en: {
        title: 'Most scratches',
        help: 'Thin bright or dark lines that nobody marks: the network has to find them. A struck picture gets from one up to this many.',
      },
      zh: {
        title: '最多划痕',
        help: '细亮线或细暗线，不作标记，须由网络自己找出。受损的图片有一条到此数。',
      },
    },
  },
];

/** What would damage the very pictures that are to be given back. */
const ofDamage = ['cutout', 'noise'];

export const denoiser: Family = {
  id: 'denoiser',
  title: { en: 'Repair (denoising autoencoder)', zh: '修复（去噪自编码器）' },
  summary: {
    en: 'Learns from whole pictures to give back what it damaged itself: holes, scratches, noise, blur. For repairing pictures of the kind it was trained on.',
    zh: '以完好的图片自行制造孔洞、划痕、噪声与模糊，再学着复原。用来修复与训练图片同类的图。',
  },
  reference:
    'Vincent et al., Extracting and Composing Robust Features with Denoising Autoencoders, 2008; Pathak et al., Context Encoders, 2016',
  damagesPictures: true,
  repairs: 'restores',
  bestMetric: { key: 'repairDistance', goal: 'lowest' },
  parameters: [
    baseChannels,
    ...damageParameters,
    holeWeight,
    {
      key: 'edgeWeight',
      type: 'number',
      default: 0.5,
      min: 0,
      max: 100,
      advanced: true,
      text: {
        en: {
          title: 'Weight of the edges',
          help: 'How much the steps from pixel to pixel count beside the pixels themselves (Mathieu et al. 2016). More keeps outlines sharper; 0 looks at pixels alone.',
        },
        zh: {
          title: '边缘权重',
          help: '除像素本身外，相邻像素之差占多大分量（Mathieu 等 2016）。调高则轮廓更利落；0 只看像素。',
        },
      },
    },
    ...frozenParameters('denoiser'),
    ...withDefaults(
      trainingParameters.filter(({ key }) => !ofDamage.includes(key)),
      { batchSize: 16, learningRate: 0.002, beta1: 0.9, gradientClip: 1 },
    ),
    keepBestCheckpoints,
  ],
  sampling: () => [
    {
      key: 'keepWhole',
      type: 'switch',
      default: false,
      advanced: false,
      text: {
        en: {
          title: 'Fill the holes only',
          help: 'Leaves every pixel that is not in a hole exactly as it came. Off, the whole picture is cleaned.',
        },
        zh: { title: '只补孔洞', help: '孔洞之外的像素一概保持原样。关闭时，整张图都会清理。' },
      },
    },
  ],
};
