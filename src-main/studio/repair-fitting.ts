import type { DatasetVersion } from '../contract/domain/datasets.ts';
import type { Pairing } from '../contract/domain/recipes.ts';
import type { Run } from '../contract/domain/runs.ts';
import { StudioError } from '../contract/errors.ts';
import { families } from '../contract/presets.ts';
import { canDerive } from '../contract/repair-rules.ts';
import { transparencyOf } from '../imaging/alpha.ts';
import type { CropPlace, Preparation } from '../imaging/prepare.ts';
import { preparePicture } from '../imaging/prepare.ts';
import { deriveInput } from '../imaging/pure/derive-input.ts';
import type { BroughtPicture } from './repair-source.ts';

/** A picture as a run's model takes it. */
export interface FittedInput {
  /** `[sizePx, sizePx, channels]`, 0…255. */
  readonly pixels: Uint8Array;
  /** `[sizePx, sizePx]`, 1 where the picture itself shows something and 0 where it is transparent; null without such. */
  readonly opaque: Uint8Array | null;
  /** How the picture was derived, where it was. */
  readonly derived: Pairing | null;
  /** Fits a mask that was painted over the picture as it came: `[sizePx, sizePx]`, 1 where it is kept. */
  fitMask(hidden: Uint8Array): Promise<Uint8Array>;
}

/**
 * Fits a picture to a run the way the recipe of its version did: cropped, resized, in grey or colour, normalised. What
 * was prepared for a model of this very size already is taken as it is.
 *
 * @param derive whether the input is derived from it as those of the version were
 * @throws StudioError `file-unreadable`, `input-invalid` where there is nothing to derive
 */
export async function fitPicture(
  brought: BroughtPicture,
  run: Run,
  version: DatasetVersion,
  derive: boolean,
): Promise<FittedInput> {
  const { picture } = brought;
  const { sizePx, channels } = run;
  const { pairing } = version;
  if (derive && !canDerive(run.family, pairing.kind)) {
    throw new StudioError(
      'input-invalid',
      `“${run.name}” takes pictures as they are: its version derived no inputs that this one could be turned into.`,
      { name: run.name },
    );
  }
  const how: Preparation = {
    ...{ sizePx, channels, background: version.background, crop: version.crop, resize: version.resize },
    ...{ normalisation: version.normalisation, focus: brought.focus, half: halfOf(brought, run, pairing) },
  };
  const isReady =
    brought.isPrepared &&
    picture.kind === 'pixels' &&
    picture.image.channels === channels &&
    picture.image.widthPx === sizePx &&
    picture.image.heightPx === sizePx;
  const { pixels, place }: { pixels: Uint8Array; place: CropPlace | null } = isReady
    ? { pixels: picture.image.pixels, place: null }
    : await preparePicture(picture, how);

  /** A grey picture of what is hidden, cut where the picture was; bars beside it count as kept. */
  const fitHidden = async (hidden: Uint8Array, widthPx: number, heightPx: number): Promise<Uint8Array> => {
    const image = { pixels: hidden, widthPx, heightPx, channels: 1 } as const;
    const fitted = await preparePicture(
      { kind: 'pixels', image, name: brought.name },
      {
        ...{ ...how, channels: 1, background: '#000000', normalisation: 'none', focus: null },
        ...(place ? { placeOf: place } : {}),
      },
    );
    return fitted.pixels.map((value) => (value >= 128 ? 0 : 1));
  };
  const transparent = await transparencyOf(picture);
  const opaque =
    transparent && (await fitHidden(transparent.pixels, transparent.widthPx, transparent.heightPx));
  return {
    pixels: derive && isDerivation(pairing) ? deriveInput({ pixels, sizePx, channels }, pairing, 0) : pixels,
    derived: derive ? pairing : null,
    opaque: opaque?.includes(0) ? opaque : null,
    fitMask: (hidden) => fitHidden(hidden, brought.widthPx, brought.heightPx),
  };
}

type Derivation = Exclude<Pairing, { kind: 'none' | 'by-name' | 'side-by-side' }>;

const isDerivation = (pairing: Pairing): pairing is Derivation =>
  pairing.kind !== 'none' && pairing.kind !== 'by-name' && pairing.kind !== 'side-by-side';

/** Of a dataset whose pictures hold both halves of a pair, the one that the model takes. */
function halfOf({ from }: BroughtPicture, run: Run, pairing: Pairing): Preparation['half'] {
  if (from.kind !== 'picture' || pairing.kind !== 'side-by-side') return null;
  if (families[run.family].repairs === 'translates') return pairing.input;
  return pairing.input === 'left' ? 'right' : 'left';
}
