import type { HyperParameter } from '../hyper-parameters.ts';

/** For families that can do without classes and with them. */
export const learnClasses: HyperParameter = {
  key: 'learnClasses',
  type: 'switch',
  default: false,
  advanced: false,
  text: {
    en: {
      title: 'Learn the classes',
      help: 'Afterwards you choose which class it draws. Needs a dataset whose pictures all have one.',
    },
    zh: { title: '学习类别', help: '训练之后可指定画哪一类。数据集的每张图片都须有类别。' },
  },
};
