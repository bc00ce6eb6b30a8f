import { dirname, extname, join as joinPosix } from 'node:path/posix';
import { StudioError } from '../contract/errors.ts';
import { withoutEmpty, type RowFacts } from './columns.ts';
import { licenceOfText, mayBeLicence } from './licence-text.ts';
import { describesItsFolder, readManifest } from './manifest.ts';
import { hasPictureName } from './picture-format.ts';
import type { OpenedSource, PictureFactsFromSource, SourceItem } from './source-picture.ts';

/** A file of a folder or an archive. */
export interface CollectionFile {
  /** Path within the collection, with `/` between folders. */
  name: string;
  bytes: number;
  /** On the disk, where it lies there as it is. */
  path?: string;
}

/** System litter such as `.DS_Store`, `._photo.png` and `__MACOSX` is nobody's picture. */
export const isHidden = (name: string): boolean =>
  name.startsWith('.') || name === '__MACOSX' || name === 'Thumbs.db' || name === 'desktop.ini';

/** A single picture file beyond this is not read into memory. */
export const largestPictureBytes = 512 * 1024 * 1024;
/** Notes beyond these sizes are no captions and no licences. */
const largestCaptionBytes = 64 * 1024;
const largestLicenceBytes = 1_000_000;

/** Whether a file says something about pictures, so that its text is wanted. */
export const mayDescribePictures = ({ name, bytes }: CollectionFile): boolean =>
  describesItsFolder(name) ||
  (mayBeLicence(name) && bytes < largestLicenceBytes) ||
  (extname(name).toLowerCase() === '.txt' && bytes <= largestCaptionBytes);

export function emptyFolder(path: string): StudioError {
  return new StudioError('folder-empty', `“${path}” is empty. Choose a folder with pictures in it.`, {
    path,
  });
}

export function withoutPictures(path: string, files: number): StudioError {
  return new StudioError(
    'folder-without-pictures',
    `“${path}” holds ${files} files and none of them is a picture. Pictures end in .png, .jpg, .webp, .gif, .tif, .avif or .bmp.`,
    { path, files },
  );
}

export function tooLarge(name: string): StudioError {
  return new StudioError(
    'file-unreadable',
    `“${name}” cannot be read: it is larger than ${largestPictureBytes / 1024 ** 2} MB.`,
    { file: name, reason: 'too-large' },
  );
}

/**
 * The class of each picture: the first folder of its path, counted below the folders that all share. Null for
 * all where that tells nothing apart, and for pictures that lie beside the class folders.
 */
export function labelsOf(names: readonly string[]): (string | null)[] {
  const folders = names.map((name) => name.split('/').slice(0, -1));
  let shared = 0;
  const first = folders[0] ?? [];
  while (shared < first.length && folders.every((parts) => parts[shared] === first[shared])) shared += 1;
  const labels = folders.map((parts) => parts[shared] ?? null);
  return new Set(labels).size > 1 ? labels : labels.map(() => null);
}

export type PictureContent = Extract<SourceItem['content'], { kind: 'file' }>;

/**
 * Makes a source of the files of a folder or an archive: classes from sub-folders, captions from `.txt` files beside
 * the pictures, and what `metadata.csv` or `metadata.jsonl` say of the pictures below them (Hugging Face's ImageFolder
 * convention), which counts before the other two.
 *
 * @param files without hidden ones, in the order in which pictures are to come
 * @param textOf reads a small file that `mayDescribePictures`
 * @param options.isWanted which pictures are offered; the others still tell what their folders mean
 * @param contents pairs each of the pictures it is given with a way to read it, in their order
 * @throws StudioError `folder-empty`, `folder-without-pictures`, `manifest-invalid`
 */
export async function openCollection(
  kind: 'folder' | 'zip' | 'tar',
  location: string,
  files: readonly CollectionFile[],
  textOf: (file: CollectionFile) => AsyncIterable<Uint8Array>,
  contents: (
    pictures: readonly CollectionFile[],
    signal: AbortSignal,
  ) => AsyncIterable<PictureContent> | Iterable<PictureContent>,
  options: { close?: () => void; isWanted?: (name: string) => boolean } = {},
): Promise<OpenedSource> {
  if (files.length === 0) throw emptyFolder(location);
  const all = files.filter((file) => hasPictureName(file.name));
  if (all.length === 0) throw withoutPictures(location, files.length);
  const names = new Set(all.map(({ name }) => name));
  const { isWanted = () => true, close = () => undefined } = options;
  const manifests = files.filter(({ name }) => describesItsFolder(name));
  const described = await readDescriptions(manifests, names, textOf);
  const licenceFile = files.find((file) => mayBeLicence(file.name) && file.bytes < largestLicenceBytes);
  const licence = licenceFile ? licenceOfText(licenceFile.name, await wholeText(textOf(licenceFile))) : '';

  // Rows of files that are not there were told when the source came in.
  const failed = options.isWanted ? [] : described.failed;
  // All of them together tell whether folders are classes, also where only some are wanted.
  const labelsOfAll = labelsOf(all.map(({ name }) => name));
  const pictures: CollectionFile[] = [];
  const labels: (string | null)[] = [];
  all.forEach((file, at) => {
    if (!isWanted(file.name)) return;
    pictures.push(file);
    labels.push(labelsOfAll[at]!);
  });
  const stems = new Map<string, CollectionFile>();
  for (const file of files) {
    if (extname(file.name).toLowerCase() !== '.txt' || file.bytes > largestCaptionBytes) continue;
    stems.set(file.name.slice(0, -4), file);
  }
  const sideCars = new Map<string, CollectionFile>();
  const usedNotes = new Set<string>();
  for (const { name } of all) {
    const note = stems.get(name.slice(0, name.length - extname(name).length)) ?? stems.get(name);
    if (!note) continue;
    sideCars.set(name, note);
    usedNotes.add(note.name);
  }

  const factsOf = async ({ name }: CollectionFile, at: number): Promise<PictureFactsFromSource> => {
    const row = described.rows.get(name);
    const note = row?.caption ? undefined : sideCars.get(name);
    const beside = note ? (await wholeText(textOf(note))).trim() : '';
    return {
      name,
      label: row?.label ?? labels[at]!,
      caption: row?.caption ?? (beside === '' ? null : beside),
      rights: row?.rights ?? null,
      columns: row?.columns ?? null,
    };
  };
  return {
    kind,
    location,
    total: pictures.length + failed.length,
    bytes: pictures.reduce((sum, { bytes }) => sum + bytes, 0),
    rights: licence === '' ? {} : { licence },
    rightsFrom: licence === '' ? 'nothing' : 'licence-file',
    container: null,
    containers: [],
    companions: [],
    async *items(signal) {
      let at = 0;
      for await (const content of contents(pictures, signal)) {
        signal.throwIfAborted();
        yield { ...(await factsOf(pictures[at]!, at)), content };
        at += 1;
      }
      yield* failed;
    },
    ignored: () => files.length - all.length - usedNotes.size - manifests.length,
    close,
  };
}

async function wholeText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new TextDecoder().decode(Buffer.concat(parts));
}

/** Rows by the picture that they speak of, and those that speak of none that is there. */
async function readDescriptions(
  manifests: readonly CollectionFile[],
  names: ReadonlySet<string>,
  textOf: (file: CollectionFile) => AsyncIterable<Uint8Array>,
) {
  const rows = new Map<string, Pick<RowFacts, 'label' | 'caption' | 'rights' | 'columns'>>();
  const failed: SourceItem[] = [];
  for (const manifest of manifests) {
    for await (const row of readManifest(textOf(manifest), manifest.name)) {
      if (row.kind === 'unreadable') {
        failed.push(failedItem(`${manifest.name}, line ${row.line}`, 'row', row.why));
        continue;
      }
      const { file, label, caption, rights, columns } = row.facts;
      if (file === null) {
        failed.push(failedItem(`${manifest.name}, line ${row.line}`, 'row', 'it names no file'));
        continue;
      }
      const name = insideOf(manifest.name, file);
      if (name === null) failed.push(failedItem(file, 'outside', 'it lies outside the folder'));
      else if (!names.has(name)) failed.push(failedItem(name, 'not-in-source', 'there is no such file'));
      else rows.set(name, { label, caption, rights, columns });
    }
  }
  return { rows, failed };
}

/** A path that a manifest names, within the collection; null where it leads out of it. */
export function insideOf(manifest: string, file: string): string | null {
  const path = file.replaceAll('\\', '/');
  if (/^([/]|[A-Za-z]:)/.test(path)) return null;
  const name = joinPosix(dirname(manifest), path);
  return name === '..' || name.startsWith('../') ? null : name;
}

/** A row of a manifest that brings no picture, for the list of what was put aside. */
export function failedItem(name: string, reason: string, why: string): SourceItem {
  const failure = new StudioError('file-unreadable', `“${name}” cannot be taken in: ${why}.`, {
    file: name,
    reason,
  });
  return {
    ...{ name, label: null, caption: null, rights: withoutEmpty({}), columns: null },
    content: { kind: 'failed', failure },
  };
}
