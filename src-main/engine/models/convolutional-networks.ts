import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { Initial, Layer } from './layers.ts';

/** How the paper starts every weight; batch normalisation makes the generator indifferent to the scale. */
const initial: Initial = { mean: 0, deviation: 0.02 };
/** Kernel and stride of every convolution: they double or halve the picture without uneven overlap. */
export const halving = { kernelPx: 4, stride: 2 } as const;

/**
 * Side and depth of the smallest map: 7 px and two doublings for 28, 4 px and three or more for the others.
 */
export function pyramid(sizePx: number): { startPx: number; doublings: number } {
  const startPx = sizePx === 28 ? 7 : 4;
  return { startPx, doublings: Math.log2(sizePx / startPx) };
}

/**
 * The discriminator has no normalisation to lift small signals: weights at 0.02 leave it deaf at first and
 * overbearing later. These keep the signal's size from layer to layer (He et al., "Delving Deep into
 * Rectifiers", 2015), which on MNIST takes half the steps to readable digits.
 */
export function preserving(inputs: number, gain: number): Initial {
  return { mean: 0, deviation: Math.sqrt(gain / inputs) };
}

/**
 * The two networks of the family: a generator of transposed convolutions under batch normalisation, and a
 * discriminator of convolutions without any normalisation, whose output for a picture thus depends on it alone.
 * Where the config has classes, both know them: the generator by its normalisation, the discriminator by its score or,
 * with an auxiliary classifier, by a logit for each class behind the score.
 */
export function convolutionalNetworks({ settings, sizePx, channels, classes }: ModelConfig): {
  readonly generator: readonly Layer[];
  readonly discriminator: readonly Layer[];
} {
  const latentSize = Number(settings.latentSize);
  const baseChannels = Number(settings.baseChannels);
  const { startPx, doublings } = pyramid(sizePx);
  const deepest = baseChannels * 2 ** (doublings - 1);
  const flat = startPx * startPx * deepest;
  const normalize = (name: string, count: number, activation: 'relu' | 'leakyRelu'): Layer => ({
    kind: 'batch-normalization',
    name,
    channels: count,
    activation,
    ...(classes ? { classes: classes.length } : {}),
  });

  const generator: Layer[] = [
    { kind: 'dense', name: 'project', inputs: latentSize, outputs: flat, activation: 'linear', initial },
    { kind: 'reshape', name: 'map', shape: [startPx, startPx, deepest] },
    normalize('normalize0', deepest, 'relu'),
  ];
  const discriminator: Layer[] = [];
  for (let level = 1; level <= doublings; level++) {
    const inputs = deepest / 2 ** (level - 1);
    const isLast = level === doublings;
    const outputs = isLast ? channels : inputs / 2;
    const kind = 'transposed-convolution';
    generator.push({
      ...{ kind, name: `enlarge${level}`, inputs, outputs, ...halving, initial },
      activation: isLast ? 'tanh' : 'linear',
    });
    if (!isLast) generator.push(normalize(`normalize${level}`, outputs, 'relu'));
  }
  const halvings = doublings + Number(settings.furtherHalvings);
  for (let level = 1; level <= halvings; level++) {
    const outputs = baseChannels * 2 ** (level - 1);
    const inputs = level === 1 ? channels : outputs / 2;
    discriminator.push({
      ...{ kind: 'convolution', name: `reduce${level}`, inputs, outputs, ...halving },
      activation: 'leakyRelu',
      initial: preserving(halving.kernelPx ** 2 * inputs, 2),
    });
  }
  const endPx = Math.ceil(sizePx / 2 ** halvings);
  const judged = endPx * endPx * baseChannels * 2 ** (halvings - 1);
  discriminator.push(
    { kind: 'reshape', name: 'flat', shape: [judged] },
    classes && settings.classGuidance !== 'auxiliary'
      ? {
          ...{ kind: 'projection', name: 'score', inputs: judged, classes: classes.length },
          initial: preserving(judged, 1),
        }
      : {
          ...{ kind: 'dense', name: 'score', inputs: judged, outputs: 1 + (classes?.length ?? 0) },
          activation: 'linear',
          initial: preserving(judged, 1),
        },
  );
  return { generator, discriminator };
}
