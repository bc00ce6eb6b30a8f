import type { Settings } from '../../contract/hyper-parameters.ts';
import { normals, uniforms } from '../random.ts';
import { coverSquare, jitterColours } from './colour.ts';
import { controlNumbers, mirror, warp } from './geometry.ts';

/** How far each alteration goes at most; see `augmentationParameters` for the meaning of each. */
export interface Augmentation {
  /** How likely a picture is mirrored, 0…½. */
  readonly horizontalFlip: number;
  readonly verticalFlip: number;
  readonly rotationDegrees: number;
  /** Shares of the side of a picture. */
  readonly translation: number;
  readonly scale: number;
  readonly crop: number;
  readonly elastic: number;
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hueDegrees: number;
  readonly cutout: number;
  readonly noise: number;
}

/** Pictures in one array, `[pictures, sizePx, sizePx, channels]`, −1…1. */
export interface PictureBatch {
  readonly values: Float32Array;
  readonly pictures: number;
  readonly sizePx: number;
  readonly channels: number;
}

/** What the settings of a run ask for, their common strength taken in; null where nothing is on. */
export function augmentationOf(settings: Readonly<Settings>): Augmentation | null {
  const strength = Number(settings.augmentationStrength ?? 1);
  const amount = (key: string) => Number(settings[key] ?? 0) * strength;
  const chance = (key: string) => (settings[key] === true ? 0.5 * strength : 0);
  const augmentation: Augmentation = {
    horizontalFlip: chance('horizontalFlip'),
    verticalFlip: chance('verticalFlip'),
    rotationDegrees: amount('rotation'),
    translation: amount('translation'),
    scale: amount('scale'),
    crop: amount('crop'),
    elastic: amount('elastic'),
    brightness: amount('brightness'),
    contrast: amount('contrast'),
    saturation: amount('saturation'),
    hueDegrees: amount('hue'),
    cutout: amount('cutout'),
    noise: amount('noise'),
  };
  return Object.values(augmentation).some((value) => value > 0) ? augmentation : null;
}

/** Only what moves pixels: the same for both pictures of a pair. */
export function geometryOf(augmentation: Augmentation | null): Augmentation | null {
  if (!augmentation) return null;
  const none = { brightness: 0, contrast: 0, saturation: 0, hueDegrees: 0, cutout: 0, noise: 0 };
  return { ...augmentation, ...none };
}

/** Which of a picture's numbers decides what. */
const numberOf = {
  rotation: 0,
  right: 1,
  down: 2,
  scale: 3,
  cropSide: 4,
  cropRight: 5,
  cropDown: 6,
  brightness: 7,
  contrast: 8,
  saturation: 9,
  hue: 10,
  coverSide: 11,
  coverRight: 12,
  coverDown: 13,
  noise: 14,
} as const;
const numbersPerPicture = 16;

/**
 * Alters each picture of a batch in place: mirrored, then warped once by everything that moves pixels together
 * (missing edges are continued), then colours, noise and cover; the result stays within −1…1. What happens to a
 * picture is a function of the seed, the step and its place in the batch, so that a resumed run sees the same.
 *
 * @param at `seed` of the run and `step` of the batch
 */
export function augment(
  batch: PictureBatch,
  augmentation: Augmentation,
  at: { readonly seed: number; readonly step: number },
): void {
  const { values, pictures, sizePx, channels } = batch;
  const { seed, step } = at;
  const length = sizePx * sizePx * channels;
  const { horizontalFlip, verticalFlip } = augmentation;
  const ofBatch = (stream: string, each: number) => uniforms(seed, stream, step, pictures * each);
  const acrossCoins = horizontalFlip > 0 ? ofBatch('horizontal-flip', 1) : null;
  const downCoins = verticalFlip > 0 ? ofBatch('vertical-flip', 1) : null;
  const moves = movesPixels(augmentation);
  const recolours = changesColour(augmentation);
  const numbers =
    moves || recolours || augmentation.cutout > 0 || augmentation.noise > 0
      ? ofBatch('augmentation', numbersPerPicture)
      : null;
  const bends = augmentation.elastic > 0 ? ofBatch('augmentation-elastic', controlNumbers) : null;
  const noise = augmentation.noise > 0 ? normals(seed, 'augmentation-noise', step, pictures * length) : null;
  const copy = new Float32Array(length);

  for (let index = 0; index < pictures; index++) {
    const picture = values.subarray(index * length, (index + 1) * length);
    const across = acrossCoins !== null && acrossCoins[index]! < horizontalFlip;
    const down = downCoins !== null && downCoins[index]! < verticalFlip;
    if (across || down) mirror(picture, copy, sizePx, channels, across, down);
    if (!numbers) continue;
    const share = (name: keyof typeof numberOf) => numbers[index * numbersPerPicture + numberOf[name]]!;
    /** From −1 to 1. */
    const either = (name: keyof typeof numberOf) => 2 * share(name) - 1;
    if (moves) {
      const cropSide = 1 - augmentation.crop * share('cropSide');
      warp(picture, copy, sizePx, channels, {
        angle: (either('rotation') * augmentation.rotationDegrees * Math.PI) / 180,
        scale: (1 + augmentation.scale) ** either('scale'),
        right: either('right') * augmentation.translation * sizePx,
        down: either('down') * augmentation.translation * sizePx,
        window: cropSide,
        windowRight: ((1 - cropSide) / 2) * either('cropRight') * sizePx,
        windowDown: ((1 - cropSide) / 2) * either('cropDown') * sizePx,
        bend: bends && {
          controls: bends.subarray(index * controlNumbers, (index + 1) * controlNumbers),
          farthestPx: augmentation.elastic * sizePx,
        },
      });
    }
    if (recolours) {
      jitterColours(picture, channels, {
        brightness: either('brightness') * augmentation.brightness,
        contrast: 1 + either('contrast') * augmentation.contrast,
        saturation: 1 + either('saturation') * augmentation.saturation,
        hue: (either('hue') * augmentation.hueDegrees * Math.PI) / 180,
      });
    }
    if (noise) {
      // Brightness runs over 2 from black to white.
      const deviation = 2 * augmentation.noise * share('noise');
      for (let at = 0; at < length; at++)
        picture[at] = picture[at]! + deviation * noise[index * length + at]!;
    }
    if (recolours || noise) {
      for (let at = 0; at < length; at++) picture[at] = Math.min(1, Math.max(-1, picture[at]!));
    }
    if (augmentation.cutout > 0) {
      const sidePx = Math.round(augmentation.cutout * share('coverSide') * sizePx);
      coverSquare(picture, sizePx, channels, sidePx, share('coverRight'), share('coverDown'));
    }
  }
}

function movesPixels({ rotationDegrees, translation, scale, crop, elastic }: Augmentation): boolean {
  return rotationDegrees + translation + scale + crop + elastic > 0;
}

function changesColour({ brightness, contrast, saturation, hueDegrees }: Augmentation): boolean {
  return brightness + contrast + saturation + hueDegrees > 0;
}
