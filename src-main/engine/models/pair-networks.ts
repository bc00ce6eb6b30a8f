import type { ModelConfig } from '../../contract/engine-messages.ts';
import { halving, preserving, pyramid } from './convolutional-networks.ts';
import { convolution, normalization, resizing } from './denoising-network.ts';
import type { Layer } from './layer-kinds.ts';

/** The two networks that learn from pairs. */
export interface PairNetworks {
  /** From inputs to pictures of the same shape; its condition is a gate for each channel that may be left out. */
  readonly generator: readonly Layer[];
  /** How many gates there are. */
  readonly gates: number;
  /** From an input and a picture, channels side by side, to a logit for each patch, `[batch, patches]`. */
  readonly discriminator: readonly Layer[];
}

/** So many of the innermost maps have gates, as the paper's decoder drops out in three of its layers. */
const gatedMaps = 3;

/** The U-Net and the PatchGAN of Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", 2017. */
export function pairNetworks({ settings, sizePx, channels }: ModelConfig): PairNetworks {
  const inputs = settings.markHoles === true ? channels + 1 : channels;
  const { layers, gates } = unet({
    ...{ baseChannels: Number(settings.baseChannels), sizePx, inputs, outputs: channels },
    ...{ gatedMaps, end: { activation: 'tanh', gain: 0.5 } },
  });
  return { generator: layers, gates, discriminator: patchDiscriminator({ settings, sizePx, channels }) };
}

/** What a network that turns pictures into pictures is made of. */
interface UnetSizes {
  readonly baseChannels: number;
  readonly sizePx: number;
  readonly inputs: number;
  readonly outputs: number;
  /** So many of the innermost maps may leave out channels. */
  readonly gatedMaps: number;
  /** How the last layer ends, and how large its weights are at first. */
  readonly end: { readonly activation: 'tanh' | 'linear'; readonly gain: number };
}

/**
 * The U-Net (Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", 2015) as Isola et
 * al. use it, with three differences: groups of channels are normalised instead of batches, so that no picture depends
 * on those beside it; the innermost map is 4 or 7 pixels wide instead of 1; and the input itself skips to the last
 * layer as well, because in pictures of so few pixels what stays the same has to stay exactly.
 */
export function unet({ baseChannels, sizePx, inputs, outputs, gatedMaps: gatedAtMost, end }: UnetSizes): {
  readonly layers: readonly Layer[];
  readonly gates: number;
} {
  const { doublings } = pyramid(sizePx);
  const widthAt = (level: number) => baseChannels * 2 ** (level - 1);
  let gates = 0;
  const gated = (name: string, count: number, map: number): Layer[] => {
    if (map >= gatedAtMost) return [];
    gates += count;
    return [{ kind: 'channel-gate', name: `${name}.gate`, channels: count, from: gates - count }];
  };
  const activation = (name: string, kind: 'relu' | 'leakyRelu'): Layer => ({
    ...{ kind: 'activation', name, activation: kind },
  });

  /** What is done to a map that was halved `level` times; it comes out with twice its channels. */
  const from = (level: number): Layer[] => {
    const width = widthAt(level);
    const below = widthAt(level + 1);
    const inside: Layer[] =
      level === doublings
        ? [
            convolution('middle', width, width, 3, 2),
            normalization('middle.normalize', width, 'relu'),
            ...gated('middle', width, 0),
          ]
        : [
            resizing('convolution', `down${level + 1}`, width, below),
            normalization(`down${level + 1}.normalize`, below, 'linear'),
            ...from(level + 1),
            resizing('transposed-convolution', `up${level + 1}`, 2 * below, width),
            normalization(`up${level + 1}.normalize`, width, 'relu'),
            ...gated(`up${level + 1}`, width, doublings - level),
          ];
    return [
      {
        ...{ kind: 'bypass', name: `skip${level}` },
        inside: [activation(`down${level}.activate`, 'leakyRelu'), ...inside],
      },
      activation(`join${level}.activate`, 'relu'),
    ];
  };

  const layers: Layer[] = [
    {
      ...{ kind: 'bypass', name: 'skip0' },
      inside: [
        resizing('convolution', 'down1', inputs, baseChannels),
        ...from(1),
        resizing('transposed-convolution', 'up1', 2 * baseChannels, baseChannels),
        normalization('up1.normalize', baseChannels, 'relu'),
      ],
    },
    {
      ...{ kind: 'convolution', name: 'colours', inputs: inputs + baseChannels, outputs },
      ...{ kernelPx: 3, stride: 1, activation: end.activation },
      initial: preserving(9 * (inputs + baseChannels), end.gain),
    },
  ];
  return { layers, gates };
}

/** Without any normalisation, as the other discriminators here: its output for a pair depends on it alone. */
function patchDiscriminator({
  settings,
  sizePx,
  channels,
}: Pick<ModelConfig, 'settings' | 'sizePx' | 'channels'>): Layer[] {
  const baseChannels = Number(settings.baseChannels);
  const halvings = Number(settings.patchHalvings);
  const layers: Layer[] = [];
  let inputs = 2 * channels;
  let sidePx: number = sizePx;
  for (let level = 1; level <= halvings; level++) {
    const outputs = baseChannels * 2 ** (level - 1);
    layers.push({
      ...{ kind: 'convolution', name: `reduce${level}`, inputs, outputs, ...halving },
      activation: 'leakyRelu',
      initial: preserving(halving.kernelPx ** 2 * inputs, 2),
    });
    inputs = outputs;
    sidePx = Math.ceil(sidePx / 2);
  }
  return [
    ...layers,
    convolution('score', inputs, 1, 3, 1),
    { kind: 'reshape', name: 'patches', shape: [sidePx ** 2] },
  ];
}
