export default {
  help: 'Try what happens to the pictures during training, before a night is spent on it. Whatever is on, a generator also learns to draw, except what only happens before judging.',
  alt: '{rows} pictures, each as it is and in {draws} altered draws',
  caption: 'On the left the pictures as they are; beside them what a training would see.',
  captionJudged: 'Altered before judging with a probability of {share}.',
  drawing: 'Drawing…',
  otherDraws: 'Other draws',
  train: 'Train with these settings',
  clear: 'Turn all off',
  nothingSet: 'Nothing is set yet.',
  group: {
    discriminator: 'Before the discriminator judges',
    augmentation: 'Augmentation',
  },
  groupOfSettings: {
    network: 'Network',
    optimisation: 'Learning',
    discriminator: 'Discriminator',
    damage: 'Damage to learn from',
    augmentation: 'Augmentation',
    rhythm: 'Rhythm of the run',
  },
};
