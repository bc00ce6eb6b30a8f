import type { Dirent, Stats } from 'node:fs';
import { open, readFile, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { findIdxPair, idxRole, isGzip, isIdx } from './idx.ts';
import { licenceOfText, mayBeLicence } from './licence-text.ts';
import { hasPictureName, sniffPicture } from './picture-format.ts';
import type { ZipLimits } from './zip.ts';
import { openZip } from './zip.ts';

export interface SourcePicture {
  /** Path within the source, with `/` between folders. */
  name: string;
  /** The class that its folder stands for; null where folders tell nothing apart. */
  label: string | null;
  /** Size of the file. */
  bytes: number;
  /** @throws StudioError `file-unreadable`, `archive-corrupt`, or `path-missing` when the source vanished */
  read(): Promise<Buffer>;
}

/** Where pictures can be taken from. */
export type PictureSource =
  | {
      kind: 'folder' | 'zip';
      location: string;
      /** What a licence file in the source says; empty where there is none. */
      licence: string;
      /** In natural order of their names. */
      pictures: SourcePicture[];
      /** Files passed over because they are no pictures. */
      ignored: number;
      close(): void;
    }
  | {
      kind: 'idx';
      location: string;
      images: string;
      labels: string | null;
      close(): void;
    };

/** A single picture file beyond this is not read into memory. */
const largestPictureBytes = 512 * 1024 * 1024;

const collator = new Intl.Collator('en', { numeric: true });

/** Natural order (`2.png` before `10.png`), and a fixed one where that finds no difference. */
export function compareNames(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Opens a folder, a ZIP, either file of an IDX pair, or a folder that holds an IDX pair, told apart by what
 * is there.
 *
 * @throws StudioError `path-missing`, `folder-empty`, `folder-without-pictures`, `source-unsupported`,
 *   and for archives what `openZip` throws
 */
export async function openSource(path: string, zipLimits?: ZipLimits): Promise<PictureSource> {
  let facts: Stats;
  try {
    facts = await stat(path);
  } catch (thrown) {
    throw pathFailure(path, thrown);
  }
  if (facts.isDirectory()) return openFolder(path);
  if (!facts.isFile()) throw unsupported(path, 'it is neither a folder nor a file');
  return openFile(path, zipLimits);
}

function missing(path: string, cause?: unknown): StudioError {
  return new StudioError(
    'path-missing',
    `“${path}” is not there. Check the path, or connect the disk it is on.`,
    { path },
    cause,
  );
}

function unsupported(path: string, why: string): StudioError {
  return new StudioError(
    'source-unsupported',
    `“${path}” cannot be imported: ${why}. Choose a folder of pictures, a ZIP of pictures, or an IDX pair.`,
    { path, reason: why },
  );
}

function pathFailure(path: string, thrown: unknown): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESTALE' || code === 'ENXIO') {
    return missing(path, thrown);
  }
  if (code === 'EACCES' || code === 'EPERM') return unsupported(path, 'you may not read it');
  return thrown;
}

function withoutPictures(path: string, ignored: number): StudioError {
  return new StudioError(
    'folder-without-pictures',
    `“${path}” holds ${ignored} files and none of them is a picture. Pictures end in .png, .jpg, .webp, .gif, .tif, .avif or .bmp.`,
    { path, files: ignored },
  );
}

function emptyFolder(path: string): StudioError {
  return new StudioError('folder-empty', `“${path}” is empty. Choose a folder with pictures in it.`, {
    path,
  });
}

/** System litter such as `.DS_Store`, `._photo.png` and `__MACOSX` is nobody's picture. */
const isHidden = (name: string) =>
  name.startsWith('.') || name === '__MACOSX' || name === 'Thumbs.db' || name === 'desktop.ini';

// ── Folders ───────────────────────────────────────────────────────────────────────────────────────

interface FolderFile {
  name: string;
  path: string;
  bytes: number;
}

async function listFolder(root: string): Promise<FolderFile[]> {
  const realRoot = await realpath(root);
  const files: FolderFile[] = [];
  const visit = async (folder: string, prefix: string): Promise<void> => {
    const children: Dirent[] = await readdir(folder, { withFileTypes: true });
    for (const child of children) {
      if (isHidden(child.name)) continue;
      const path = join(folder, child.name);
      const name = prefix + child.name;
      if (child.isDirectory()) await visit(path, `${name}/`);
      else if (child.isFile() || (child.isSymbolicLink() && (await staysInside(path, realRoot)))) {
        const { size } = await stat(path);
        files.push({ name, path, bytes: size });
      }
    }
  };
  try {
    await visit(root, '');
  } catch (thrown) {
    throw pathFailure(root, thrown);
  }
  return files.sort((a, b) => compareNames(a.name, b.name));
}

/** Links to files of the same folder count; links out of it, to folders (loops) and to nothing do not. */
async function staysInside(link: string, realRoot: string): Promise<boolean> {
  try {
    const target = await realpath(link);
    return target.startsWith(realRoot + sep) && (await stat(target)).isFile();
  } catch {
    return false;
  }
}

async function openFolder(root: string): Promise<PictureSource> {
  const files = await listFolder(root);
  if (files.length === 0) throw emptyFolder(root);
  const pictures = files.filter((file) => hasPictureName(file.name));
  if (pictures.length === 0) {
    const idxFiles = files.filter((file) => idxRole(file.name)?.role === 'images');
    if (idxFiles.length === 1) return openFile(idxFiles[0]!.path);
    if (idxFiles.length > 1) {
      const names = idxFiles.map((file) => file.name).join(', ');
      throw unsupported(root, `it holds several IDX sets (${names}); name one of these files instead`);
    }
    throw withoutPictures(root, files.length);
  }
  const labels = labelsOf(pictures.map((file) => file.name));
  const licenceFile = files.find((file) => mayBeLicence(file.name) && file.bytes < 1_000_000);
  return {
    kind: 'folder',
    location: root,
    licence: licenceFile ? licenceOfText(licenceFile.name, await readFile(licenceFile.path, 'utf8')) : '',
    ignored: files.length - pictures.length,
    pictures: pictures.map((file, index) => ({
      name: file.name,
      label: labels[index]!,
      bytes: file.bytes,
      read: () => readPicture(file, root),
    })),
    close() {},
  };
}

async function readPicture(file: FolderFile, root: string): Promise<Buffer> {
  refuseHuge(file);
  try {
    return await readFile(file.path);
  } catch (thrown) {
    const cause = pathFailure(file.path, thrown);
    // One file may go while the import runs; without its root, nothing else can follow.
    const isGone = cause instanceof StudioError && cause.code === 'path-missing';
    if (isGone && !(await isReachable(root))) throw missing(root, thrown);
    const reason = isGone ? 'it vanished while importing' : 'it may not be read or its disk fails';
    throw new StudioError(
      'file-unreadable',
      `“${file.name}” cannot be read: ${reason}.`,
      { file: file.name, reason: isGone ? 'vanished' : 'no-access' },
      thrown,
    );
  }
}

async function isReachable(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

function refuseHuge(file: { name: string; bytes: number }): void {
  if (file.bytes <= largestPictureBytes) return;
  throw new StudioError(
    'file-unreadable',
    `“${file.name}” cannot be read: it is larger than ${largestPictureBytes / 1024 ** 2} MB.`,
    { file: file.name, reason: 'too-large' },
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

// ── Files ─────────────────────────────────────────────────────────────────────────────────────────

async function openFile(path: string, zipLimits?: ZipLimits): Promise<PictureSource> {
  let head: Buffer;
  try {
    const handle = await open(path);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(512), 0, 512, 0);
      head = buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw pathFailure(path, thrown);
  }
  const isZip = head.toString('latin1', 0, 2) === 'PK' || /\.zip$/i.test(path);
  if (isZip) return openArchive(path, zipLimits);
  if (isIdx(head) || (isGzip(head) && !/\.(tar\.gz|tgz)$/i.test(path)) || idxRole(path)) {
    const { images, labels } = await findIdxPair(path);
    if (images === null) {
      throw unsupported(path, 'it holds the labels of an IDX pair, and the images file is not beside it');
    }
    return { kind: 'idx', location: images, images, labels, close() {} };
  }
  const sniffed = sniffPicture(head);
  if (sniffed.kind === 'picture' || sniffed.kind === 'unsupported') {
    throw unsupported(path, 'it is a single picture, and a generator learns from many');
  }
  throw unsupported(path, 'it is no archive and no container of pictures that is known here');
}

async function openArchive(path: string, limits?: ZipLimits): Promise<PictureSource> {
  let archive: Awaited<ReturnType<typeof openZip>>;
  try {
    archive = await openZip(path, limits);
  } catch (thrown) {
    throw pathFailure(path, thrown);
  }
  try {
    const files = archive.entries
      .filter((entry) => !entry.name.split('/').some(isHidden))
      .sort((a, b) => compareNames(a.name, b.name));
    if (files.length === 0) throw emptyFolder(path);
    const pictures = files.filter((entry) => hasPictureName(entry.name));
    if (pictures.length === 0) throw withoutPictures(path, files.length);
    const labels = labelsOf(pictures.map((entry) => entry.name));
    const licenceEntry = files.find((entry) => mayBeLicence(entry.name) && entry.bytes < 1_000_000);
    return {
      kind: 'zip',
      location: path,
      licence: licenceEntry
        ? licenceOfText(licenceEntry.name, (await licenceEntry.read()).toString('utf8'))
        : '',
      ignored: files.length - pictures.length,
      pictures: pictures.map((entry, index) => ({
        name: entry.name,
        label: labels[index]!,
        bytes: entry.bytes,
        read: async () => {
          refuseHuge(entry);
          try {
            return await entry.read();
          } catch (thrown) {
            if (!(await isReachable(path))) throw missing(path, thrown);
            throw thrown;
          }
        },
      })),
      close: () => archive.close(),
    };
  } catch (thrown) {
    archive.close();
    throw thrown;
  }
}
