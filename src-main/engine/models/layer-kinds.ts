import type { Activation } from '../ops/layers.ts';

/** How a weight is first filled: normally distributed with this mean and standard deviation. */
export interface Initial {
  readonly mean: number;
  readonly deviation: number;
}

/** Those that a layer without weights applies. */
export type PlainActivation = Extract<Activation, 'linear' | 'relu' | 'leakyRelu' | 'silu'>;

interface WeightLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
  readonly initial: Initial;
}

/** One layer as plain data; a network is a list of them, and some hold lists themselves. */
export type Layer =
  | ({ readonly kind: 'dense' } & WeightLayer)
  /** Square kernel, padding `same`. */
  | ({ readonly kind: 'convolution'; readonly kernelPx: number; readonly stride: 1 | 2 } & WeightLayer)
  /** Enlarges height and width by `stride`. */
  | ({
      readonly kind: 'transposed-convolution';
      readonly kernelPx: number;
      readonly stride: 1 | 2;
      /** Whether each output is the mean of two by two, which leaves no grid of single pixels. */
      readonly smooth?: boolean;
    } & WeightLayer)
  /** Over everything but the channel (Ioffe and Szegedy, 2015), then the activation. */
  | {
      readonly kind: 'batch-normalization';
      readonly name: string;
      readonly channels: number;
      /** With it, each of so many classes has a scale and a shift of its own (de Vries et al., 2017). */
      readonly classes?: number;
      readonly activation: 'relu' | 'leakyRelu';
    }
  /**
   * One number for a picture and a class: a dense layer, and the product of the picture's features with a
   * vector of the class (the projection of Miyato and Koyama, 2018).
   */
  | {
      readonly kind: 'projection';
      readonly name: string;
      readonly inputs: number;
      readonly classes: number;
      readonly initial: Initial;
    }
  /** Gives each picture of the batch another shape. */
  | { readonly kind: 'reshape'; readonly name: string; readonly shape: readonly number[] }
  /** An activation that no other layer carries. */
  | { readonly kind: 'activation'; readonly name: string; readonly activation: PlainActivation }
  /** Multiplies each channel by a number of the network's condition, the first of them at `from`. */
  | {
      readonly kind: 'channel-gate';
      readonly name: string;
      readonly channels: number;
      readonly from: number;
    }
  /** Doubles height and width: each value becomes a square of four. */
  | { readonly kind: 'enlargement'; readonly name: string }
  /** The mean of each channel over all positions: `[height, width, channel]` to `[channel]`. */
  | { readonly kind: 'position-mean'; readonly name: string }
  /** `body(x) + shortcut(x)` (He et al., "Deep Residual Learning", 2016); an empty shortcut is x itself. */
  | {
      readonly kind: 'residual';
      readonly name: string;
      readonly body: readonly Layer[];
      readonly shortcut: readonly Layer[];
    }
  /** The channels of x, then those of `inside(x)`: nested, the skip connections of a U-Net (Ronneberger et al., 2015). */
  | { readonly kind: 'bypass'; readonly name: string; readonly inside: readonly Layer[] }
  /** Over the positions and one group of channels of one picture (Wu and He, "Group Normalization", 2018). */
  | {
      readonly kind: 'group-normalization';
      readonly name: string;
      readonly channels: number;
      readonly groups: number;
      readonly activation: PlainActivation;
    }
  /** Adds to each channel what a dense layer makes of the network's condition. */
  | {
      readonly kind: 'condition-shift';
      readonly name: string;
      /** Length of the condition. */
      readonly inputs: number;
      readonly outputs: number;
      readonly initial: Initial;
    }
  /** Each position of a map looks at all others (Vaswani et al., 2017; on maps Wang et al., 2018). */
  | {
      readonly kind: 'attention';
      readonly name: string;
      readonly channels: number;
      readonly heads: number;
      readonly initial: Initial;
    }
  /**
   * A convolution whose input channels are scaled by a style, and whose outputs are brought back to one size
   * (Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020). Stride 2 doubles the sides.
   */
  | ({
      readonly kind: 'style-convolution';
      readonly kernelPx: number;
      readonly stride: 1 | 2;
      /** Length of one style. */
      readonly styleSize: number;
      /** Which of the styles, that the condition holds one behind the other. */
      readonly style: number;
      /** Off for the layer that draws the colours. */
      readonly demodulated: boolean;
    } & WeightLayer)
  /** The same learned map for every picture, whatever comes in. */
  | {
      readonly kind: 'learned-start';
      readonly name: string;
      readonly shape: readonly [number, number, number];
    };

/** A layer without the layers that it holds. */
export type SimpleLayer = Exclude<Layer, { kind: 'residual' | 'bypass' }>;

/** Every layer of a network that does something by itself, those inside others too, in their order. */
export function simpleLayers(layers: readonly Layer[]): SimpleLayer[] {
  return layers.flatMap((layer): SimpleLayer[] => {
    switch (layer.kind) {
      case 'residual':
        return [...simpleLayers(layer.body), ...simpleLayers(layer.shortcut)];
      case 'bypass':
        return simpleLayers(layer.inside);
      default:
        return [layer];
    }
  });
}

/**
 * Each simple layer with the shape of one picture's output after it.
 *
 * @returns the layers in order, and the shape that the whole list gives
 */
export function tracedShapes(
  layers: readonly Layer[],
  inputShape: readonly number[],
): { rows: { layer: SimpleLayer; shape: number[] }[]; shape: number[] } {
  const rows: { layer: SimpleLayer; shape: number[] }[] = [];
  let shape = [...inputShape];
  for (const layer of layers) {
    switch (layer.kind) {
      case 'residual': {
        const body = tracedShapes(layer.body, shape);
        rows.push(...body.rows, ...tracedShapes(layer.shortcut, shape).rows);
        shape = body.shape;
        break;
      }
      case 'bypass': {
        const inside = tracedShapes(layer.inside, shape);
        rows.push(...inside.rows);
        shape = [...shape.slice(0, -1), shape.at(-1)! + inside.shape.at(-1)!];
        break;
      }
      default:
        shape = outputShape(layer, shape);
        rows.push({ layer, shape });
    }
  }
  return { rows, shape };
}

function outputShape(layer: SimpleLayer, input: readonly number[]): number[] {
  switch (layer.kind) {
    case 'dense':
      return [layer.outputs];
    case 'convolution':
      return [...input.slice(0, 2).map((size) => Math.ceil(size / layer.stride)), layer.outputs];
    case 'transposed-convolution':
    case 'style-convolution':
      return [...input.slice(0, 2).map((size) => size * layer.stride), layer.outputs];
    case 'batch-normalization':
    case 'group-normalization':
    case 'activation':
    case 'condition-shift':
    case 'attention':
    case 'channel-gate':
      return [...input];
    case 'enlargement':
      return [input[0]! * 2, input[1]! * 2, input[2]!];
    case 'projection':
      return [1];
    case 'position-mean':
      return [input.at(-1)!];
    case 'reshape':
    case 'learned-start':
      return [...layer.shape];
  }
}
