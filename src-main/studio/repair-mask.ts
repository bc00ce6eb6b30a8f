import type { RepairMask } from '../contract/domain/repairs.ts';
import type { Run } from '../contract/domain/runs.ts';
import { StudioError } from '../contract/errors.ts';
import { families } from '../contract/presets.ts';
import type { MaskUse } from '../contract/repair-rules.ts';
import { readMask } from '../imaging/alpha.ts';
import type { FittedInput } from './repair-fitting.ts';
import type { BroughtPicture } from './repair-source.ts';

const unusable = (reason: string, message: string, details: Record<string, string | number> = {}) =>
  new StudioError('mask-unusable', message, { reason, ...details });

/**
 * The mask of a repair, `[sizePx, sizePx]`: 1 where the picture is kept, 0 where it is to be made up; null where there
 * is none. For a model that completes a picture, all below the first row that it hides anything of is made up.
 *
 * @throws StudioError `mask-unusable` for one of another size, that hides nothing or everything, or that the model does not
 *   take; `file-unreadable`
 */
export async function maskFor(
  wanted: RepairMask,
  brought: BroughtPicture,
  fitted: FittedInput,
  run: Run,
  use: MaskUse,
): Promise<Uint8Array | null> {
  const { sizePx } = run;
  if (wanted.kind === 'none') {
    if (use !== 'needed') return null;
    throw unusable('missing', 'Say what is to be made up: paint a mask, or name the lower part or a box.');
  }
  if (use === 'none') {
    throw unusable(
      'not-taken',
      `“${run.name}” turns whole pictures into others and takes no mask. Leave the mask out.`,
      { name: run.name },
    );
  }
  const painted = await maskOf(wanted, brought, fitted, sizePx);
  const mask = families[run.family].repairs === 'completes' ? withoutLowerPart(painted, sizePx) : painted;
  const hidden = mask.reduce((sum, keep) => sum + 1 - keep, 0);
  if (hidden === 0) {
    throw unusable(
      'nothing',
      'The mask hides nothing, so there is nothing to make up. Hide a part of the picture.',
    );
  }
  if (hidden === mask.length) {
    throw unusable(
      'everything',
      'The mask hides the whole picture, so nothing of it would be kept. Hide less, or generate new pictures instead.',
    );
  }
  return mask;
}

async function maskOf(
  wanted: Exclude<RepairMask, { kind: 'none' }>,
  brought: BroughtPicture,
  fitted: FittedInput,
  sizePx: number,
): Promise<Uint8Array> {
  const where = (isHidden: (column: number, row: number) => boolean) =>
    Uint8Array.from({ length: sizePx * sizePx }, (_, at) =>
      isHidden(at % sizePx, Math.floor(at / sizePx)) ? 0 : 1,
    );
  switch (wanted.kind) {
    case 'lower': {
      const first = sizePx - Math.round((sizePx * wanted.percent) / 100);
      return where((_, row) => row >= first);
    }
    case 'box': {
      const { left, top, widthPx, heightPx } = wanted;
      if (left + widthPx > sizePx || top + heightPx > sizePx) {
        throw unusable(
          'outside',
          `The box reaches beyond the picture, which is ${sizePx}×${sizePx} pixels to the model.`,
          {
            sizePx,
          },
        );
      }
      return where(
        (column, row) => column >= left && column < left + widthPx && row >= top && row < top + heightPx,
      );
    }
    case 'transparency':
      if (fitted.opaque) return fitted.opaque;
      throw unusable(
        'not-transparent',
        `Nothing in “${brought.name}” is transparent. Say otherwise what to make up.`,
        {
          name: brought.name,
        },
      );
    case 'painted': {
      const { widthPx, heightPx, hidden } = await readMask(Buffer.from(wanted.base64, 'base64'), 'mask');
      if (widthPx === sizePx && heightPx === sizePx) return hidden.map((value) => (value >= 128 ? 0 : 1));
      if (widthPx === brought.widthPx && heightPx === brought.heightPx) return fitted.fitMask(hidden);
      throw unusable(
        'size',
        `The mask is ${widthPx}×${heightPx} pixels large. It takes ${sizePx}×${sizePx}, as the model, or ${brought.widthPx}×${brought.heightPx}, as the picture.`,
        {
          found: `${widthPx}×${heightPx}`,
          model: `${sizePx}×${sizePx}`,
          picture: `${brought.widthPx}×${brought.heightPx}`,
        },
      );
    }
  }
}

function withoutLowerPart(mask: Uint8Array, sizePx: number): Uint8Array {
  const first = mask.indexOf(0);
  const kept = first < 0 ? mask.length : Math.floor(first / sizePx) * sizePx;
  return mask.map((_, at) => (at < kept ? 1 : 0));
}
