import type { FocusPoint } from '../contract/domain/recipes.ts';
import type { PreviewForm } from '../contract/domain/versions.ts';
import { StudioError } from '../contract/errors.ts';
import { encodePng } from '../imaging/pure/png-encode.ts';
import type { datasetQueries } from '../store/datasets.ts';
import type { DatasetOriginals } from './dataset-originals.ts';
import { remember } from './recently-used.ts';
import type { MediaBytes } from './thumbnails.ts';
import type { PixelRecipe, RowPictures, RowPixels } from './version-pixels.ts';
import { derivedInput, preparedRow, transformKeys } from './version-pixels.ts';
import type { Candidate } from './version-plan.ts';

/** Prepared pictures: what a slider changes is often only what comes after. */
const keptPreviews = 256;

/** Pictures as a recipe would make them, before a version is made; nothing is written. */
export function createVersionPreviews({
  queries,
  originals,
}: {
  queries: ReturnType<typeof datasetQueries>;
  originals: DatasetOriginals;
}) {
  const previews = new Map<string, Promise<RowPixels>>();

  /**
   * The pixels of one part of a row, `[sizePx, sizePx, channel]`, 0…255. The target is made once for all that is derived
   * from it.
   *
   * @throws StudioError `dataset-changed`, `file-unreadable`
   */
  const prepared = async (
    row: RowPictures,
    form: PixelRecipe,
    part: 'target' | 'input',
  ): Promise<Uint8Array> => {
    const { kind } = form.pairing;
    const bothNeeded = kind === 'by-name' || kind === 'side-by-side';
    const base: PixelRecipe = bothNeeded ? form : { ...form, pairing: { kind: 'none' } };
    const key = transformKeys([bothNeeded ? row : { ...row, input: null }], base).toString('hex');
    const known = previews.get(key) ?? preparedRow(row, base, originals);
    remember(previews, key, known, keptPreviews);
    const { target, input } = await known;
    if (part === 'target') return target;
    return input ?? derivedInput(target, row.target, form) ?? target;
  };

  /** @throws StudioError `not-found` */
  const candidate = (pictureId: string, focus: FocusPoint | null): Candidate => {
    const found = queries.picture(pictureId);
    if (found) return { ...found, focus };
    throw new StudioError('not-found', `There is no picture “${pictureId}”.`, {
      kind: 'picture',
      id: pictureId,
    });
  };

  return {
    prepared,
    /**
     * A picture as a recipe would make it, as PNG; nothing is written.
     *
     * @throws StudioError `not-found`, `dataset-changed`, `file-unreadable`
     */
    async preview(
      pictureId: string,
      inputPictureId: string | null,
      part: 'target' | 'input',
      { focus, ...form }: PreviewForm,
    ): Promise<MediaBytes> {
      const row = {
        target: candidate(pictureId, focus),
        input: inputPictureId === null ? null : candidate(inputPictureId, null),
      };
      const pixels = await prepared(row, form, part);
      const { sizePx, channels } = form;
      const bytes = encodePng({ pixels, widthPx: sizePx, heightPx: sizePx, channels });
      return { bytes, contentType: 'image/png' };
    },
  };
}
