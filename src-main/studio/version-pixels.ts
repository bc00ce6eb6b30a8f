import { hash } from 'node:crypto';
import type { Recipe } from '../contract/domain/recipes.ts';
import { withoutNoise } from '../imaging/denoise.ts';
import type { PictureBytes, Preparation } from '../imaging/prepare.ts';
import { preparationRevision, preparePicture } from '../imaging/prepare.ts';
import { deriveInput } from '../imaging/pure/derive-input.ts';
import type { DatasetOriginals } from './dataset-originals.ts';
import type { Candidate, PlannedRow } from './version-plan.ts';

/** The parts of a recipe that decide the bytes of a row. */
export type PixelRecipe = Pick<
  Recipe,
  'sizePx' | 'channels' | 'background' | 'crop' | 'resize' | 'normalisation' | 'pairing' | 'seed'
>;

/** The bytes of a row, each `[sizePx, sizePx, channels]`, 0…255; `input` is null where there are no pairs. */
export interface RowPixels {
  target: Uint8Array;
  input: Uint8Array | null;
}

export type RowPictures = Pick<PlannedRow, 'target' | 'input'>;

/**
 * Prepares the pixels of a row from its originals.
 *
 * @throws StudioError `dataset-changed` naming an original that is gone or changed, `file-unreadable`
 */
export async function preparedRow(
  { target, input }: RowPictures,
  recipe: PixelRecipe,
  originals: DatasetOriginals,
): Promise<RowPixels> {
  const { sizePx, channels, background, crop, resize, normalisation, pairing } = recipe;
  const how: Preparation = {
    ...{ sizePx, channels, background, crop, resize, normalisation },
    focus: target.focus,
    half: null,
  };
  const bytes = await bytesOf(target, originals);
  switch (pairing.kind) {
    case 'none':
      return { target: (await preparePicture(bytes, how)).pixels, input: null };
    case 'by-name': {
      const made = await preparePicture(bytes, how);
      const other = await bytesOf(input ?? target, originals);
      return { target: made.pixels, input: (await preparePicture(other, alike(how, made.place))).pixels };
    }
    case 'side-by-side': {
      const half = pairing.input === 'left' ? 'right' : 'left';
      const made = await preparePicture(bytes, { ...how, half });
      const other = await preparePicture(bytes, { ...alike(how, made.place), half: pairing.input });
      return { target: made.pixels, input: other.pixels };
    }
    default: {
      const { pixels } = await preparePicture(bytes, how);
      return { target: pixels, input: derivedInput(pixels, target, recipe) };
    }
  }
}

/** The input that a recipe derives from a prepared target; null where pairs are made otherwise, or not at all. */
export function derivedInput(
  pixels: Uint8Array,
  target: Candidate,
  { sizePx, channels, pairing, seed }: PixelRecipe,
): Uint8Array | null {
  switch (pairing.kind) {
    case 'none':
    case 'by-name':
    case 'side-by-side':
      return null;
    default:
      return deriveInput({ pixels, sizePx, channels }, pairing, holesSeed(seed, target));
  }
}

/** Both pictures of a pair are cut at the same place. */
const alike = (how: Preparation, placeOf: Preparation['placeOf']): Preparation => ({
  ...how,
  focus: null,
  ...(placeOf ? { placeOf } : {}),
});

/** A stored picture as it is prepared: as it came or, where the review said so, without its noise. */
export async function bytesOf(picture: Candidate, originals: DatasetOriginals): Promise<PictureBytes> {
  const bytes = await storedBytes(picture, originals);
  return picture.repair === 'median' ? withoutNoise(bytes) : bytes;
}

async function storedBytes(picture: Candidate, originals: DatasetOriginals): Promise<PictureBytes> {
  const { name } = picture;
  if (picture.originalIndex !== null) {
    const container = await originals.container(picture);
    const { widthPx, heightPx, channels } = container;
    const pixels = await container.pixels(picture.originalIndex);
    return { kind: 'pixels', image: { pixels, widthPx, heightPx, channels }, name };
  }
  const original = { sha256: picture.originalSha256, extension: picture.extension };
  return { kind: 'file', bytes: await originals.read(original, name), name };
}

function holesSeed(seed: number, { originalSha256, originalIndex }: Candidate): number {
  return hash('sha256', `holes/${seed}/${originalSha256}/${originalIndex ?? ''}`, 'buffer').readUInt32LE(0);
}

/** A transform key: SHA-256. */
export const keyBytes = 32;

/**
 * Names what the bytes of each row depend on: the same key means the same bytes, in whatever version.
 *
 * @returns 32 bytes for each row, one after the other
 */
export function transformKeys(rows: readonly RowPictures[], recipe: PixelRecipe): Buffer {
  const { sizePx, channels, background, crop, resize, normalisation, pairing } = recipe;
  const common = JSON.stringify([
    preparationRevision,
    [sizePx, channels, background, crop, resize, normalisation],
    pairing,
    pairing.kind === 'holes' ? recipe.seed : null,
  ]);
  const told = ({ originalSha256, originalIndex, focus, repair }: Candidate) => {
    const point = focus && crop !== 'letterbox' ? `${focus.x},${focus.y}` : '';
    return `${originalSha256} ${originalIndex ?? ''} ${point} ${repair ?? ''}`;
  };
  const keys = Buffer.alloc(rows.length * keyBytes);
  rows.forEach(({ target, input }, row) => {
    const text = `${common}\t${told(target)}\t${input ? told(input) : ''}`;
    hash('sha256', text, 'buffer').copy(keys, row * keyBytes);
  });
  return keys;
}
