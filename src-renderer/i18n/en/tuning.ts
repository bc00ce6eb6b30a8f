/** Starting from another run's checkpoint, and layers that stay as they are. */
export default {
  mode: 'What the new run is',
  goOn: 'Go on',
  goOnHelp: 'The same networks and the same optimiser; the steps count on.',
  anew: 'Start anew with its layers',
  anewHelp:
    'Begins at step 0. Layers of the same name and shape are taken over, the others start at random: for other pictures, another size or other classes.',
  memory: 'Weights and optimiser',
  fresh: 'Averaged, fresh',
  kept: 'As they are',
  freshHelp: 'Begins with the averaged weights and an optimiser without memory. Suits other pictures.',
  keptHelp:
    'Takes weights, averages and the optimiser’s memory as they are. Suits pictures much like the old.',
  data: 'Any version in the same colours; there is a preset for its size.',
  stepsHelp: 'Counted from step 0.',
  stepsError: 'Enter a whole number above 0.',
  name: '{dataset}, from {name}',
  start: 'Start training',
  comparing: 'Comparing the layers …',
  summary: 'Layers with weights: {taken} taken over, {fresh} at random, {frozen} frozen.',
  state: 'At the start',
  frozen: 'Frozen',
  taken: 'Taken over',
  chance: 'Random',
  learns: 'Learns',
  learning: '{learning} of {total} weights learn.',
  parent: 'Started from',
  from: 'Start from',
  fromHelp:
    'The layers of a trained run, as far as they fit; what you do not set stays as in that run. Freeze some of them under all settings.',
  fromNothing: 'Random weights (nothing learned yet)',
};
