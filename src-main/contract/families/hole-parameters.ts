import type { HyperParameter } from '../hyper-parameters.ts';

/** For families that fill holes; without holes in the pictures it changes nothing. */
export const holeWeight: HyperParameter = {
  key: 'holeWeight',
  type: 'number',
  default: 6,
  min: 1,
  max: 100,
  advanced: true,
  text: {
    en: {
      title: 'Weight of the holes',
      help: 'How many times a pixel in a hole counts in the distance, beside one that is there to be seen (Liu et al. 2018). 1 counts all alike, and fills holes more carelessly.',
    },
    zh: {
      title: '孔洞权重',
      help: '计算距离时，孔洞中的像素按可见像素的几倍计（Liu 等 2018）。1 为一视同仁，孔洞会填得较草率。',
    },
  },
};

/** For families whose inputs may have holes that only their grey tells. */
export const markHoles: HyperParameter = {
  key: 'markHoles',
  type: 'switch',
  default: true,
  advanced: true,
  text: {
    en: {
      title: 'Mark the holes',
      help: 'Gives the generator a further channel that says where the input has a hole, known by its exact grey. Without holes it stays empty.',
    },
    zh: {
      title: '标出孔洞',
      help: '给生成器多一个通道，标明输入的孔洞在哪里（凭那一级灰色辨认）。没有孔洞时此通道为空。',
    },
  },
};
