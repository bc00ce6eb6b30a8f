export default {
  sampling: 'How they are drawn',
  withoutClasses:
    'Presets that learn classes are left out: they need at least two folders of pictures, and every picture in one.',
};
