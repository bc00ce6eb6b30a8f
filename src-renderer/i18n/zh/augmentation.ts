export default {
  help: '训练之前，先看看图片会怎样变化，免得白费一夜。除「判别前」的变换外，开启的变换生成器也会学着画出来。',
  alt: '{rows} 张图，各有原图与 {draws} 种随机变化',
  caption: '最左为原图，右侧为训练时所见。',
  captionJudged: '判别前变换的概率为 {share}。',
  drawing: '绘制中…',
  otherDraws: '换一批',
  train: '用这些设定训练',
  clear: '全部关闭',
  nothingSet: '尚未设定任何项目。',
  group: {
    discriminator: '判别器评判之前',
    augmentation: '数据增强',
  },
  groupOfSettings: {
    network: '网络',
    optimisation: '学习',
    discriminator: '判别器',
    damage: '用于学习的损伤',
    augmentation: '数据增强',
    rhythm: '训练节奏',
  },
};
