import type { ModelConfig } from '../../contract/engine-messages.ts';
import { halving, preserving } from './convolutional-networks.ts';
import { halvingsOf } from './denoising-network.ts';
import type { Layer } from './layer-kinds.ts';

/** Side of the grid of words, and how often a picture is halved to get there. */
function grid(sizePx: number): { gridPx: number; halvings: number } {
  const halvings = halvingsOf(sizePx);
  return { gridPx: sizePx / 2 ** halvings, halvings };
}

/**
 * From pictures to one vector for each place of the grid, and back: convolutions that halve or double, and two residual
 * blocks in the grid, as in van den Oord et al. 2017.
 */
function design({ settings, sizePx, channels }: ModelConfig): {
  readonly encoder: readonly Layer[];
  readonly decoder: readonly Layer[];
} {
  const baseChannels = Number(settings.baseChannels);
  const codeSize = Number(settings.codeSize);
  const { halvings } = grid(sizePx);
  const widthAt = (level: number) => baseChannels * 2 ** Math.max(0, Math.min(level, 2) - 1);
  const deepest = widthAt(halvings);
  const levels = Array.from({ length: halvings }, (_, index) => index + 1);
  const reduce = levels.map((level): Layer => {
    const inputs = level === 1 ? channels : widthAt(level - 1);
    return {
      ...{ kind: 'convolution', name: `reduce${level}`, inputs, outputs: widthAt(level), ...halving },
      ...{ activation: 'relu', initial: preserving(halving.kernelPx ** 2 * inputs, 2) },
    };
  });
  const enlarge = [...levels].reverse().map((level): Layer => {
    const inputs = widthAt(level);
    const isLast = level === 1;
    const outputs = isLast ? channels : widthAt(level - 1);
    const taps = (halving.kernelPx / halving.stride) ** 2 * inputs;
    return {
      ...{ kind: 'transposed-convolution', name: `enlarge${level}`, inputs, outputs, ...halving },
      ...{ activation: isLast ? 'tanh' : 'relu', initial: preserving(taps, isLast ? 1 : 2) },
    };
  });
  return {
    encoder: [
      ...reduce,
      block('refine1', deepest),
      block('refine2', deepest),
      pointwise('codes', deepest, codeSize),
    ],
    decoder: [
      pointwise('features', codeSize, deepest),
      block('refine1', deepest),
      block('refine2', deepest),
      ...enlarge,
    ],
  };
}

function block(name: string, width: number): Layer {
  return {
    ...{ kind: 'residual', name, shortcut: [] },
    body: [
      { kind: 'activation', name: `${name}.rectify`, activation: 'relu' },
      {
        ...{ kind: 'convolution', name: `${name}.convolve`, inputs: width, outputs: width, kernelPx: 3 },
        ...{ stride: 1, activation: 'relu', initial: preserving(9 * width, 2) },
      },
      pointwise(`${name}.add`, width, width),
    ],
  };
}

const pointwise = (name: string, inputs: number, outputs: number): Layer => ({
  ...{ kind: 'convolution', name, inputs, outputs, kernelPx: 1, stride: 1, activation: 'linear' },
  initial: preserving(inputs, 0.5),
});

export const codingNetworks = { grid, design } as const;
