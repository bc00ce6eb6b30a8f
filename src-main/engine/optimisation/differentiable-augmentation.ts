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
  /** For each pixel of the batch the pixel that comes to its place, −1 for none, and the same the other way round. */
  readonly moves: { readonly from: Int32Array; readonly to: Int32Array } | null;
  /** `[batch, height, width]`: 0 where a picture is covered, 1 elsewhere. */
  readonly cover: Float32Array | null;
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
    moves: kinds.translation || kinds.turns ? drawMoves() : null,
    cover: kinds.cutout ? drawCover() : null,
  };

  function drawMoves(): { from: Int32Array; to: Int32Array } {
    const farthestPx = Math.round(sizePx * farthestShift);
    const area = sizePx * sizePx;
    const from = new Int32Array(batch * area).fill(-1);
    const to = new Int32Array(batch * area).fill(-1);
    const whole = (share: number) => Math.floor(share * (2 * farthestPx + 1)) - farthestPx;
    for (let picture = 0; picture < batch; picture++) {
      const shifts = kinds.translation && number(picture, 6) < probability;
      const down = shifts ? whole(number(picture, 7)) : 0;
      const right = shifts ? whole(number(picture, 8)) : 0;
      const mirrored = kinds.turns && number(picture, 9) < probability && number(picture, 10) < 0.5;
      const turned = kinds.turns && number(picture, 11) < probability;
      const quarters = turned ? Math.floor(number(picture, 12) * 4) : 0;
      const start = picture * area;
      for (let row = 0; row < sizePx; row++) {
        for (let column = 0; column < sizePx; column++) {
          // Where the pixel at this place came from: the turns undone after the shift.
          let [y, x] = [row - down, column - right];
          if (y < 0 || x < 0 || y >= sizePx || x >= sizePx) continue;
          for (let turn = 0; turn < quarters; turn++) [y, x] = [x, sizePx - 1 - y];
          if (mirrored) x = sizePx - 1 - x;
          const place = start + row * sizePx + column;
          const source = start + y * sizePx + x;
          from[place] = source;
          to[source] = place;
        }
      }
    }
    return { from, to };
  }

  function drawCover(): Float32Array {
    const sidePx = Math.round(sizePx * coveredSide);
    const cover = new Float32Array(batch * sizePx * sizePx).fill(1);
    for (let picture = 0; picture < batch; picture++) {
      if (number(picture, 13) >= probability) continue;
      // The square's centre lies anywhere on the picture, so that corners are covered as often as the middle.
      const top = Math.floor(number(picture, 14) * sizePx) - (sidePx >> 1);
      const left = Math.floor(number(picture, 15) * sizePx) - (sidePx >> 1);
      for (let row = Math.max(0, top); row < Math.min(sizePx, top + sidePx); row++) {
        const start = (picture * sizePx + row) * sizePx;
        cover.fill(0, start + Math.max(0, left), start + Math.min(sizePx, left + sidePx));
      }
    }
    return cover;
  }
}

/**
 * The pictures, altered: brightness, saturation and contrast, then moved, then covered; what is moved in or covered
 * is 0, mid-grey (Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", 2020). Differentiable
 * in the pictures, as often as wanted.
 *
 * @param pictures `[batch, height, width, channel]`, −1…1; square
 */
export function alter(pictures: tf.Tensor4D, { colour, moves, cover }: Alterations): tf.Tensor4D {
  const [batch, heightPx, widthPx, channels] = pictures.shape;
  let altered = pictures;
  if (colour) {
    const each = (values: Float32Array) => tf.tensor4d(values, [batch, 1, 1, 1]);
    altered = tf.add(altered, each(colour.brightness));
    if (channels > 1) altered = aroundMean(altered, 3, each(colour.saturation));
    altered = aroundMean(altered, [1, 2, 3], each(colour.contrast));
  }
  if (moves) altered = movePixels(altered, moves.from, moves.to);
  if (cover) altered = tf.mul(altered, tf.tensor4d(cover, [batch, heightPx, widthPx, 1]));
  return altered;
}

/** Stretches what lies around the mean over `axes` by a factor of each picture. */
function aroundMean(pictures: tf.Tensor4D, axes: number | number[], factor: tf.Tensor): tf.Tensor4D {
  const mean = tf.mean(pictures, axes, true);
  return tf.add(tf.mul(tf.sub(pictures, mean), factor), mean);
}

/**
 * Puts to each place the pixel of index `from`, or 0 for −1. No pixel goes to two places, so that the gradient is
 * the same with the other map: gathering both ways, which is quick on every backend, and never scattering.
 */
function movePixels(pictures: tf.Tensor4D, from: Int32Array, to: Int32Array): tf.Tensor4D {
  const move = tf.customGrad((x) => ({
    value: gatherPixels(x as tf.Tensor4D, from),
    gradFunc: (dy: tf.Tensor) => movePixels(dy as tf.Tensor4D, to, from),
  }));
  return move(pictures) as tf.Tensor4D;
}

function gatherPixels(pictures: tf.Tensor4D, from: Int32Array): tf.Tensor4D {
  const pixels = tf.reshape(pictures, [from.length, pictures.shape[3]]);
  const gathered = tf.gather(
    pixels,
    tf.tensor1d(
      from.map((index) => Math.max(0, index)),
      'int32',
    ),
  );
  const present = tf.tensor2d(
    Float32Array.from(from, (index) => (index < 0 ? 0 : 1)),
    [from.length, 1],
  );
  return tf.reshape(tf.mul(gathered, present), pictures.shape);
}
