import type { z } from 'zod';
import { previewFormSchema, type PreviewForm } from './domain/versions.ts';

/** So many pictures are asked for at once; their names together still make an address that every server takes. */
export const mostPictures = 64;

/**
 * Addresses of pictures. They never travel as payloads of a call: the renderer asks for
 * `<base><address>`, where base is `/media/` in the browser host and `imago-media://media/` in the desktop.
 */
export const mediaAddress = {
  /** A picture of a dataset, at most 160 px on its longer side. */
  picture: (pictureId: string) => `picture/${encodeURIComponent(pictureId)}`,
  /**
   * Many of those in one answer: `data:` addresses by picture, as JSON. Those that would have to be made first are left out.
   *
   * @param pictureIds at most {@link mostPictures}
   */
  pictures: (pictureIds: readonly string[]) => `pictures/${pictureIds.map(encodeURIComponent).join('.')}`,
  /** A picture as the network sees it. */
  versionPicture: (datasetId: string, version: number, index: number) =>
    `version/${encodeURIComponent(datasetId)}/${version}/${index}`,
  /** The input that stands beside it, in a version of pairs. */
  versionInput: (datasetId: string, version: number, index: number) =>
    `version/${encodeURIComponent(datasetId)}/${version}/${index}/input`,
  /** A picture as a recipe would make it, or the input that would stand beside it; made anew each time. */
  preview: (
    pictureId: string,
    inputPictureId: string | null,
    part: 'target' | 'input',
    form: z.input<typeof previewFormSchema>,
  ) =>
    ['preview', pictureId, inputPictureId ?? '-', part, JSON.stringify(form)]
      .map(encodeURIComponent)
      .join('/'),
  /** The sheet of samples of a run at a step. */
  sampleSheet: (runId: string, step: number) => `sample/${encodeURIComponent(runId)}/${step}`,
  /** A contact sheet of augmentation. */
  augmentationSheet: (sheetId: string) => `augmentation/${encodeURIComponent(sheetId)}`,
  /** A generated picture, full size, with its provenance inside. */
  image: (imageId: string) => `image/${encodeURIComponent(imageId)}`,
  /** What a picture was repaired from, at the model's size, or the mask. */
  input: (sha256: string) => `input/${sha256}`,
  /** A finished export in ZIP form. */
  export: (exportId: string) => `export/${encodeURIComponent(exportId)}`,
};

export type MediaRequest =
  | { kind: 'picture'; pictureId: string }
  | { kind: 'pictures'; pictureIds: string[] }
  | { kind: 'version'; datasetId: string; version: number; index: number; part: 'images' | 'inputs' }
  | {
      kind: 'preview';
      pictureId: string;
      inputPictureId: string | null;
      part: 'target' | 'input';
      form: PreviewForm;
    }
  | { kind: 'sample'; runId: string; step: number }
  | { kind: 'augmentation'; sheetId: string }
  | { kind: 'image'; imageId: string }
  | { kind: 'input'; sha256: string }
  | { kind: 'export'; exportId: string };

const isId = (text: string | undefined): text is string =>
  text !== undefined && /^[A-Za-z0-9_-]+$/.test(text);
const isCount = (text: string | undefined): text is string => text !== undefined && /^\d{1,12}$/.test(text);

/** What an address asks for, or null when it is not one of ours. Never touches the disk. */
export function parseMediaAddress(address: string): MediaRequest | null {
  let parts: string[];
  try {
    parts = address.split('/').map(decodeURIComponent);
  } catch {
    return null;
  }
  const [kind, id, second, third] = parts;
  if (kind === 'pictures' && id && parts.length === 2) return parsePictures(id.split('.'));
  if (!isId(id)) return null;
  if (kind === 'picture' && parts.length === 2) return { kind, pictureId: id };
  if (kind === 'image' && parts.length === 2) return { kind, imageId: id };
  if (kind === 'input' && parts.length === 2) return /^[0-9a-f]{64}$/.test(id) ? { kind, sha256: id } : null;
  if (kind === 'augmentation' && parts.length === 2) return { kind, sheetId: id };
  if (kind === 'export' && parts.length === 2) return { kind, exportId: id };
  if (kind === 'sample' && parts.length === 3 && isCount(second)) {
    return { kind, runId: id, step: Number(second) };
  }
  if (kind === 'version' && isCount(second) && isCount(third)) {
    const place = { kind, datasetId: id, version: Number(second), index: Number(third) } as const;
    if (parts.length === 4) return { ...place, part: 'images' };
    if (parts.length === 5 && parts[4] === 'input') return { ...place, part: 'inputs' };
  }
  if (kind === 'preview' && parts.length === 5) return parsePreview(id, parts.slice(2));
  return null;
}

const parsePictures = (pictureIds: string[]): MediaRequest | null =>
  pictureIds.length <= mostPictures && pictureIds.every(isId) ? { kind: 'pictures', pictureIds } : null;

function parsePreview(pictureId: string, [inputId, part, json]: string[]): MediaRequest | null {
  if (!isId(inputId)) return null;
  if (part !== 'target' && part !== 'input') return null;
  try {
    const form = previewFormSchema.safeParse(JSON.parse(json ?? ''));
    if (!form.success) return null;
    const inputPictureId = inputId === '-' ? null : inputId;
    return { kind: 'preview', pictureId, inputPictureId, part, form: form.data };
  } catch {
    return null;
  }
}
