export default {
  sampling: 'How they are drawn',
  withoutClasses:
    'Presets that learn classes are left out: they need at least two folders of pictures, and every picture in one.',
  withoutPairs:
    'Presets that learn from pairs are left out: each picture needs an input beside it. A step back, “Pairs” makes inputs from the pictures themselves: edges, grey, holes and others.',
  drawnFromInputs:
    'This run turns pictures into others. Each seed takes one input of its dataset version, from the pictures that were held out where there are any.',
  drawnFromDamage:
    'This run repairs pictures. Each seed takes one of its dataset version, from those that were held out where there are any, and damages it.',
  heldOutInputs: 'A share that is never trained on. Their inputs are what you generate from afterwards.',
  repairTile: { input: 'Damaged picture {n}', output: 'Picture {n}, repaired', target: 'Picture {n}, whole' },
  repairThrees: 'In threes: a damaged picture, the repaired one, and the true one.',
  tile: { input: 'Input {n}', output: 'Drawn from input {n}', target: 'Target {n}' },
  threes: 'In threes: the input, what is drawn from it, and the target.',
  input: 'Drawn from',
  inputOf: {
    train: 'picture {n} of the version, trained on',
    'held-out': 'picture {n} of the version, held out',
  },
};
