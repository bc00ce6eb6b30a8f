import * as tf from '@tensorflow/tfjs-core';
import type { Settings } from '../../contract/hyper-parameters.ts';
import { uniforms } from '../random.ts';

/** Which kinds of alterations are made before a discriminator judges. */
export interface AlterationKinds {
  readonly colour: boolean;
  readonly translation: boolean;
  readonly cutout: boolean;
  /** Mirroring and quarter turns. */
  readonly turns: boolean;
}

/** What is done to each picture of one batch: plain numbers, drawn before any tensor is made. */
export interface Alterations {
  /** `[batch]` each; null where no colour is altered. */
  readonly colour: {
    readonly brightness: Float32Array;
    readonly saturation: Float32Array;
    readonly contrast: Float32Array;
  } | null;
  /**
   * For each pixel of the batch the pixel that comes to its place, −1 where nothing does or it is covered; and the
   * same the other way round. Null where nothing is moved or covered.
   */
  readonly moves: { readonly from: Int32Array; readonly to: Int32Array } | null;
}

/** The farthest a picture is moved, as a share of its side. */
const farthestShift = 0.125;
/** The side of the covered square, as a share of the picture's. */
const coveredSide = 0.5;
const numbersPerPicture = 16;

/** The kinds that the settings name, or null where nothing is altered. */
export function alterationKinds(settings: Readonly<Settings>): AlterationKinds | null {
  const mode = settings.discriminatorAugmentation;
  if (mode !== 'always' && mode !== 'adaptive') return null;
  return {
    colour: settings.discriminatorColour === true,
    translation: settings.discriminatorTranslation === true,
    cutout: settings.discriminatorCutout === true,
    turns: settings.discriminatorTurns === true,
  };
}

/**
 * Draws the alterations of a batch of square pictures, each kind for each picture with `probability`; a function
 * of (seed, stream, draw) and of the picture's place in the batch.
 *
 * @param probability 0…1; at 1 every picture gets every kind, as Zhao et al. 2020 have it
 */
export function drawAlterations(
  { seed, stream, draw }: { readonly seed: number; readonly stream: string; readonly draw: number },
  kinds: AlterationKinds,
  { batch, sizePx }: { readonly batch: number; readonly sizePx: number },
  probability: number,
): Alterations {
  const numbers = uniforms(seed, stream, draw, batch * numbersPerPicture);
  const number = (picture: number, which: number): number => numbers[picture * numbersPerPicture + which]!;
  const ofEach = (value: (picture: number) => number) =>
    Float32Array.from({ length: batch }, (_, picture) => value(picture));
  /** A number in [0, 1) where the kind falls to this picture, else `otherwise`. */
  const dosed = (gate: number, which: number, change: (share: number) => number, otherwise: number) =>
    ofEach((picture) => (number(picture, gate) < probability ? change(number(picture, which)) : otherwise));
  return {
    colour: kinds.colour
      ? {
          brightness: dosed(0, 1, (share) => share - 0.5, 0),
          saturation: dosed(2, 3, (share) => share * 2, 1),
          contrast: dosed(4, 5, (share) => share + 0.5, 1),
        }
      : null,
    moves: kinds.translation || kinds.turns || kinds.cutout ? drawMoves() : null,
  };

  function drawMoves(): { from: Int32Array; to: Int32Array } {
    const farthestPx = Math.round(sizePx * farthestShift);
    const sidePx = Math.round(sizePx * coveredSide);
    const area = sizePx * sizePx;
    const last = sizePx - 1;
    const from = new Int32Array(batch * area).fill(-1);
    const to = new Int32Array(batch * area).fill(-1);
    const whole = (share: number) => Math.floor(share * (2 * farthestPx + 1)) - farthestPx;
    for (let picture = 0; picture < batch; picture++) {
      const falls = (gate: number) => number(picture, gate) < probability;
      const shifts = kinds.translation && falls(6);
      const down = shifts ? whole(number(picture, 7)) : 0;
      const right = shifts ? whole(number(picture, 8)) : 0;
      const mirrored = kinds.turns && falls(9) && number(picture, 10) < 0.5;
      const quarters = kinds.turns && falls(11) ? Math.floor(number(picture, 12) * 4) : 0;
      const covers = kinds.cutout && falls(13);
      // The square's centre lies anywhere on the picture, so that corners are covered as often as the middle.
      const top = covers ? Math.floor(number(picture, 14) * sizePx) - (sidePx >> 1) : sizePx;
      const left = covers ? Math.floor(number(picture, 15) * sizePx) - (sidePx >> 1) : sizePx;
      const start = picture * area;
      for (let row = Math.max(0, down); row < Math.min(sizePx, sizePx + down); row++) {
        const inCover = row >= top && row < top + sidePx;
        for (let column = Math.max(0, right); column < Math.min(sizePx, sizePx + right); column++) {
          if (inCover && column >= left && column < left + sidePx) continue;
          // Where the pixel at this place came from: the shift undone, then the turns.
          let y = row - down;
          let x = column - right;
          for (let turn = 0; turn < quarters; turn++) {
            const turned = last - y;
            y = x;
            x = turned;
          }
          if (mirrored) x = last - x;
          const place = start + row * sizePx + column;
          const source = start + y * sizePx + x;
          from[place] = source;
          to[source] = place;
        }
      }
    }
    return { from, to };
  }
}

/**
 * The pictures, altered: brightness, saturation and contrast, then moved, then covered; what is moved in or covered
 * is 0, mid-grey (Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", 2020). Differentiable
 * in the pictures, as often as wanted.
 *
 * @param pictures `[batch, height, width, channel]`, −1…1; square
 * @param movedBy the same pixels either way; on wasm this process takes a fraction of the time that gathering takes
 */
export function alter(
  pictures: tf.Tensor4D,
  { colour, moves }: Alterations,
  movedBy: MovedBy = usualMover(),
): tf.Tensor4D {
  const recoloured = colour ? recolour(pictures, colour) : pictures;
  return moves ? movePixels(recoloured, moves.from, moves.to, movedBy) : recoloured;
}

/** Who moves pixels: this process, where their numbers lie in it, or the device that holds them. */
export type MovedBy = 'process' | 'device';

function usualMover(): MovedBy {
  return tf.getBackend() === 'wasm' || tf.getBackend() === 'cpu' ? 'process' : 'device';
}

/**
 * Brightness, then saturation about each pixel's mean, then contrast about the picture's mean, all in one: a sum of
 * the picture, its pixels' means and its own mean, each with a factor of its own.
 */
function recolour(
  pictures: tf.Tensor4D,
  { brightness, saturation, contrast }: NonNullable<Alterations['colour']>,
): tf.Tensor4D {
  const [batch, , , channels] = pictures.shape;
  const each = (value: (picture: number) => number) =>
    tf.tensor4d(
      Array.from({ length: batch }, (_, picture) => value(picture)),
      [batch, 1, 1, 1],
    );
  const isGrey = channels === 1;
  const share = each((picture) => contrast[picture]! * (isGrey ? 1 : saturation[picture]!));
  const ofPicture = tf.add(
    tf.mul(
      tf.mean(pictures, [1, 2, 3], true),
      each((picture) => 1 - contrast[picture]!),
    ),
    each((picture) => brightness[picture]!),
  );
  if (isGrey) return tf.add(tf.mul(pictures, share), ofPicture);
  const ofPixels = tf.mul(
    tf.mean(pictures, 3, true),
    each((picture) => contrast[picture]! * (1 - saturation[picture]!)),
  );
  return tf.add(tf.mul(pictures, share), tf.add(ofPixels, ofPicture));
}

/**
 * Puts to each place the pixel of index `from`, or 0 for −1. No pixel goes to two places, so that the gradient is
 * the same with the other map: gathering both ways, and never scattering.
 */
function movePixels(pictures: tf.Tensor4D, from: Int32Array, to: Int32Array, movedBy: MovedBy): tf.Tensor4D {
  const gather = movedBy === 'process' ? gatherHere : gatherOnDevice;
  const move = tf.customGrad((x) => ({
    value: gather(x as tf.Tensor4D, from),
    gradFunc: (dy: tf.Tensor) => movePixels(dy as tf.Tensor4D, to, from, movedBy),
  }));
  return move(pictures) as tf.Tensor4D;
}

function gatherHere(pictures: tf.Tensor4D, from: Int32Array): tf.Tensor4D {
  const channels = pictures.shape[3];
  const values = pictures.dataSync<'float32'>();
  const moved = new Float32Array(values.length);
  for (let place = 0; place < from.length; place++) {
    const source = from[place]!;
    if (source < 0) continue;
    for (let channel = 0; channel < channels; channel++) {
      moved[place * channels + channel] = values[source * channels + channel]!;
    }
  }
  return tf.tensor4d(moved, pictures.shape);
}

function gatherOnDevice(pictures: tf.Tensor4D, from: Int32Array): tf.Tensor4D {
  const pixels = tf.reshape(pictures, [from.length, pictures.shape[3]]);
  const indices = from.map((index) => Math.max(0, index));
  const present = Float32Array.from(from, (index) => (index < 0 ? 0 : 1));
  const gathered = tf.gather(pixels, tf.tensor1d(indices, 'int32'));
  return tf.reshape(tf.mul(gathered, tf.tensor2d(present, [from.length, 1])), pictures.shape);
}
