export default {
  sampling: '绘制方式',
  withoutClasses: '需要类别的预设未列出：它们要求至少两个图片文件夹，且每张图片都在其中之一。',
};
