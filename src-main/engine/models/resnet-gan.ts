import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { AdversarialDesign } from './adversarial-design.ts';
import { describeAdversarial } from './adversarial-design.ts';
import { createAdversarialModel } from './adversarial-model.ts';
import { objectiveOf } from './adversarial-objectives.ts';
import { halving, preserving, pyramid } from './convolutional-networks.ts';
import type { ModelFamily } from './family.ts';
import type { Layer } from './layer-kinds.ts';
import { styleNetworks } from './style-generator.ts';

/**
 * The residual networks of Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018, with the
 * penalty R1 of Mescheder et al., "Which Training Methods for GANs do actually Converge?", 2018. Where the paper
 * enlarges and then convolves, or convolves and then averages, one convolution with a stride does both, which takes
 * a quarter of the time. The discriminator has a leaky ReLU, and takes the mean over the positions instead of the sum: on
 * small pictures it would otherwise be too sure for the generator to learn from. Or it weighs each position by itself, with
 * a last layer that only R1 holds: then it can say where something is missing, and the generator learns in a fraction of
 * the steps.
 */
export const resnetGan = {
  id: 'resnet-gan',
  describe: (config: ModelConfig) => describeAdversarial(config, design(config)),
  build: (config: ModelConfig) => createAdversarialModel(config, design(config)),
} satisfies ModelFamily;

function design(config: ModelConfig): AdversarialDesign {
  const { settings } = config;
  const styled = settings.generatorKind === 'style';
  return {
    ...(styled ? styleNetworks(config) : { generator: residualGenerator(config) }),
    discriminator: residualDiscriminator(config),
    objective: objectiveOf(settings),
    beta1: Number(settings.beta1),
    spectral: (weight) => settings.scoreFrom === 'mean' || !weight.startsWith('score.'),
  };
}

const convolution = (
  name: string,
  inputs: number,
  outputs: number,
  kernelPx: number,
  stride: 1 | 2,
  gain = 2,
): Layer => ({
  ...{ kind: 'convolution', name, inputs, outputs, kernelPx, stride, activation: 'linear' },
  initial: preserving(kernelPx ** 2 * inputs, gain),
});

const enlarging = (name: string, inputs: number, outputs: number, smooth: boolean, gain = 2): Layer => ({
  ...{ kind: 'transposed-convolution', name, inputs, outputs, ...halving, activation: 'linear' },
  ...(smooth ? { smooth } : {}),
  initial: preserving(4 * inputs, gain),
});

/** From latents to pictures: a dense layer, a residual block for each doubling, and a last convolution. */
function residualGenerator({ settings, sizePx, channels, classes }: ModelConfig): Layer[] {
  const latentSize = Number(settings.latentSize);
  const baseChannels = Number(settings.baseChannels);
  const { startPx, doublings } = pyramid(sizePx);
  const deepest = baseChannels * 2 ** (doublings - 1);
  const flat = startPx * startPx * deepest;
  const normalize = (name: string, count: number): Layer => ({
    ...{ kind: 'batch-normalization', name, channels: count, activation: 'relu' },
    ...(classes ? { classes: classes.length } : {}),
  });
  const layers: Layer[] = [
    {
      ...{ kind: 'dense', name: 'project', inputs: latentSize, outputs: flat, activation: 'linear' },
      initial: preserving(latentSize, 1),
    },
    { kind: 'reshape', name: 'map', shape: [startPx, startPx, deepest] },
  ];
  for (let level = 1; level <= doublings; level++) {
    const inputs = deepest / 2 ** (level - 1);
    const outputs = Math.max(baseChannels, inputs / 2);
    const name = `block${level}`;
    const smooth = settings.smoothEnlargement === true && level === doublings;
    layers.push({
      ...{ kind: 'residual', name },
      body:
        settings.blocksAt === 'smaller'
          ? [
              normalize(`${name}.normalize1`, inputs),
              convolution(`${name}.convolve`, inputs, inputs, 3, 1),
              normalize(`${name}.normalize2`, inputs),
              enlarging(`${name}.enlarge`, inputs, outputs, smooth, 0.2),
            ]
          : [
              normalize(`${name}.normalize1`, inputs),
              enlarging(`${name}.enlarge`, inputs, outputs, smooth),
              normalize(`${name}.normalize2`, outputs),
              convolution(`${name}.convolve`, outputs, outputs, 3, 1, 0.2),
            ],
      // Smooth: whatever the shortcut drew into single pixels, the discriminator would see at once.
      shortcut: [
        convolution(`${name}.shortcut`, inputs, outputs, 1, 1),
        { kind: 'enlargement', name: `${name}.shortcut-enlarge` },
      ],
    });
  }
  return [
    ...layers,
    normalize('normalize', baseChannels),
    {
      ...{ kind: 'convolution', name: 'colours', inputs: baseChannels, outputs: channels, kernelPx: 3 },
      ...{ stride: 1, activation: 'tanh', initial: preserving(9 * baseChannels, 0.05) },
    },
  ];
}

/** From pictures to a score: a residual block for each halving, one more, and the mean over the positions or all of them. */
function residualDiscriminator({ settings, sizePx, channels, classes }: ModelConfig): Layer[] {
  const baseChannels = Number(settings.baseChannels);
  const halvings = pyramid(sizePx).doublings + Number(settings.furtherHalvings);
  const layers: Layer[] = [];
  for (let level = 1; level <= halvings; level++) {
    const outputs = baseChannels * 2 ** (level - 1);
    const inputs = level === 1 ? channels : outputs / 2;
    const name = `block${level}`;
    const [convolve, reduce] = [`${name}.convolve`, `${name}.reduce`];
    const [first, second] =
      settings.blocksAt === 'smaller'
        ? [convolution(reduce, inputs, outputs, 4, 2), convolution(convolve, outputs, outputs, 3, 1)]
        : [convolution(convolve, inputs, outputs, 3, 1), convolution(reduce, outputs, outputs, 4, 2)];
    layers.push({
      ...{ kind: 'residual', name },
      body: [
        ...(level === 1 ? [] : [rectify(`${name}.rectify1`)]),
        first,
        rectify(`${name}.rectify2`),
        second,
      ],
      shortcut: [convolution(`${name}.shortcut`, inputs, outputs, 2, 2)],
    });
  }
  const deepest = baseChannels * 2 ** (halvings - 1);
  const endPx = Math.ceil(sizePx / 2 ** halvings);
  const judged = settings.scoreFrom === 'mean' ? deepest : endPx * endPx * deepest;
  const initial = preserving(judged, 1);
  return [
    ...layers,
    {
      ...{ kind: 'residual', name: 'last', shortcut: [] },
      body: [
        rectify('last.rectify1'),
        convolution('last.convolve1', deepest, deepest, 3, 1),
        rectify('last.rectify2'),
        convolution('last.convolve2', deepest, deepest, 3, 1),
      ],
    },
    rectify('rectify'),
    settings.scoreFrom === 'mean'
      ? { kind: 'position-mean', name: 'mean' }
      : { kind: 'reshape', name: 'flat', shape: [judged] },
    classes
      ? { kind: 'projection', name: 'score', inputs: judged, classes: classes.length, initial }
      : { kind: 'dense', name: 'score', inputs: judged, outputs: 1, activation: 'linear', initial },
  ];
}

const rectify = (name: string): Layer => ({ kind: 'activation', name, activation: 'leakyRelu' });
