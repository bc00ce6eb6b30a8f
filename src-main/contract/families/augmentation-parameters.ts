import type { HyperParameter, NumberParameter, ParameterText } from '../hyper-parameters.ts';

const amount = (
  key: string,
  max: number,
  text: { readonly en: ParameterText; readonly zh: ParameterText },
  unit?: string,
): NumberParameter => ({
  key,
  group: 'augmentation',
  live: 'learning',
  type: 'number',
  default: 0,
  min: 0,
  max,
  ...(unit === undefined ? {} : { unit }),
  advanced: true,
  text,
});

/**
 * What is done at random to each picture before a network sees it. Everything is off at first: whatever is
 * on, a generator also learns to draw.
 */
export const augmentationParameters: readonly HyperParameter[] = [
  {
    key: 'horizontalFlip',
    group: 'augmentation',
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
    key: 'verticalFlip',
    group: 'augmentation',
    live: 'learning',
    type: 'switch',
    default: false,
    advanced: true,
    text: {
      en: {
        title: 'Turn pictures upside down at random',
        help: 'Shows half of the pictures top-bottom mirrored. For what has no up and down: textures, cells, views from above.',
      },
      zh: { title: '随机上下翻转', help: '一半图片上下镜像。适合无上下之分者：纹理、细胞、俯视图。' },
    },
  },
  amount(
    'rotation',
    180,
    {
      en: {
        title: 'Rotation',
        help: 'Turns each picture by up to so many degrees either way. 5 to 10 suits most things that stand upright.',
      },
      zh: { title: '旋转', help: '每张图向左右随机转动，至多这么多度。直立之物取 5 到 10 即可。' },
    },
    'degrees',
  ),
  amount('translation', 0.5, {
    en: {
      title: 'Shift',
      help: 'Moves each picture by up to this share of its side. 0.1 makes the position matter less.',
    },
    zh: { title: '平移', help: '每张图随机移动，至多为边长的这一比例。取 0.1 可淡化位置。' },
  }),
  amount('scale', 0.5, {
    en: {
      title: 'Size',
      help: 'Enlarges or shrinks each picture by up to this share. Edges are continued where something is missing.',
    },
    zh: { title: '缩放', help: '每张图随机放大或缩小，至多为这一比例。空出的边缘向外延续。' },
  }),
  amount('crop', 0.6, {
    en: {
      title: 'Crop',
      help: 'Cuts a random window, smaller by up to this share, and enlarges it. For pictures with more than one thing in them.',
    },
    zh: { title: '裁剪', help: '随机截取一块再放大，边长至多小这一比例。适合内容不止一处的图片。' },
  }),
  amount('elastic', 0.2, {
    en: {
      title: 'Elastic bending',
      help: 'Bends each picture by up to this share of its side (after Simard et al. 2003). 0.05 varies handwriting well.',
    },
    zh: {
      title: '弹性变形',
      help: '随机弯曲画面，至多为边长的这一比例（参照 Simard 等 2003）。手写体取 0.05 为宜。',
    },
  }),
  amount('brightness', 1, {
    en: {
      title: 'Brightness',
      help: 'Makes each picture lighter or darker by up to this share of the full range.',
    },
    zh: { title: '亮度', help: '每张图随机变亮或变暗，至多为全幅的这一比例。' },
  }),
  amount('contrast', 1, {
    en: {
      title: 'Contrast',
      help: 'Strengthens or weakens the contrast of each picture by up to this share.',
    },
    zh: { title: '对比度', help: '每张图的对比度随机增减，至多这一比例。' },
  }),
  amount('saturation', 1, {
    en: {
      title: 'Saturation',
      help: 'Makes the colours stronger or paler by up to this share. Grey pictures stay as they are.',
    },
    zh: { title: '饱和度', help: '颜色随机变浓或变淡，至多这一比例。灰度图不受影响。' },
  }),
  amount(
    'hue',
    180,
    {
      en: {
        title: 'Hue',
        help: 'Turns all colours of a picture by up to so many degrees of the colour circle. Grey pictures stay as they are.',
      },
      zh: { title: '色相', help: '整幅颜色沿色环随机转动，至多这么多度。灰度图不受影响。' },
    },
    'degrees',
  ),
  amount('cutout', 0.75, {
    en: {
      title: 'Cut-out',
      help: 'Covers a random square with side up to this share with mid-grey (DeVries and Taylor 2017). Mostly for autoencoders and repair.',
    },
    zh: {
      title: '遮挡',
      help: '用中灰随机遮住一块，边长至多为这一比例（DeVries 与 Taylor 2017）。多用于自编码与修复。',
    },
  }),
  amount('noise', 0.5, {
    en: {
      title: 'Noise',
      help: 'Adds noise to every pixel, with a deviation of up to this share of the full range.',
    },
    zh: { title: '噪声', help: '给每个像素加噪声，标准差至多为全幅的这一比例。' },
  }),
  {
    ...amount('augmentationStrength', 1, {
      en: {
        title: 'Strength of all these',
        help: 'One dial for the whole group: 1 as set above, 0 as if all were off.',
      },
      zh: { title: '整体强度', help: '统管本组的旋钮：1 按上述设定，0 等于全部关闭。' },
    }),
    default: 1,
  },
];
