import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ArrayOptions, CifarLabels } from '../contract/domain/sources.ts';
import type { ArchiveLimits } from './archive-rules.ts';
import { openTarSource, openZipSource, type PackedOptions } from './archive-source.ts';
import { openArrays } from './arrays.ts';
import { cifarBatches, isCifar, openCifar } from './cifar.ts';
import { emptyFolder, withoutPictures } from './collection.ts';
import { listFolder, openFolderFiles, pathFailure, unsupported, type FolderFile } from './folder-source.ts';
import { openIdxSource } from './idx-source.ts';
import { findIdxPair, idxRole, isGzip, isIdx } from './idx.ts';
import { isManifestName } from './manifest.ts';
import { openManifest, type FetchPicture } from './manifest-source.ts';
import { isParquet, openParquet } from './parquet.ts';
import { hasPictureName, sniffPicture } from './picture-format.ts';
import type { OpenedSource, ReaderContext } from './source-picture.ts';
import { isTarHeader } from './tar.ts';

export interface OpenOptions {
  arrays?: ArrayOptions | undefined;
  cifarLabels?: CifarLabels | undefined;
  limits?: ArchiveLimits;
  /** What fetches the addresses that a manifest names. */
  fetcher: (context: ReaderContext) => FetchPicture;
}

/** What is looked at to tell a file's kind: a TAR header takes 512 bytes. */
const headBytes = 512;

/**
 * Opens a folder, an archive, a container of pictures or a manifest, told apart by what is there.
 *
 * @throws StudioError `path-missing`, `folder-empty`, `folder-without-pictures`, `source-unsupported`, and what the
 *   readers of each kind throw
 */
export async function openSource(
  path: string,
  context: ReaderContext,
  options: OpenOptions,
): Promise<OpenedSource> {
  let facts: Stats;
  try {
    facts = await stat(path);
  } catch (thrown) {
    throw pathFailure(path, thrown);
  }
  if (facts.isDirectory()) return openFolder(path, context, options);
  if (!facts.isFile()) throw unsupported(path, 'it is neither a folder nor a file');
  return openFile(path, facts.size, context, options);
}

async function openFolder(root: string, context: ReaderContext, options: OpenOptions): Promise<OpenedSource> {
  const files = await listFolder(root);
  context.signal.throwIfAborted();
  if (files.some(({ name }) => hasPictureName(name))) return openFolderFiles(root, files);
  return (await openContainersOf(root, files, context, options)) ?? withoutAny(root, files);
}

function withoutAny(root: string, files: readonly FolderFile[]): never {
  throw files.length === 0 ? emptyFolder(root) : withoutPictures(root, files.length);
}

/** A folder without pictures may hold containers of them; null where it does not. */
async function openContainersOf(
  root: string,
  files: readonly FolderFile[],
  context: ReaderContext,
  options: OpenOptions,
): Promise<OpenedSource | null> {
  const idxFiles = files.filter(({ name }) => idxRole(name)?.role === 'images');
  if (idxFiles.length > 1) {
    const names = idxFiles.map(({ name }) => name).join(', ');
    throw unsupported(root, `it holds several IDX sets (${names}); name one of these files instead`);
  }
  if (idxFiles.length === 1) return openFile(idxFiles[0]!.path, idxFiles[0]!.bytes, context, options);
  if (cifarBatches(files.map(({ name }) => name)).length > 0) return openCifar(root, options.cifarLabels);
  if (files.some(({ name }) => /\.parquet$/i.test(name))) return openParquet(root);
  const single = files.filter(({ name }) => /\.(npy|npz)$/i.test(name) || isManifestName(name));
  if (single.length > 1) {
    const names = single.map(({ name }) => name).join(', ');
    throw unsupported(
      root,
      `it holds several files that may bring pictures (${names}); name one of them instead`,
    );
  }
  return single.length === 1 ? openFile(single[0]!.path, single[0]!.bytes, context, options) : null;
}

async function openFile(
  path: string,
  bytes: number,
  context: ReaderContext,
  options: OpenOptions,
): Promise<OpenedSource> {
  const head = await firstBytes(path);
  const packed: PackedOptions = {
    limits: options.limits,
    context,
    openFolder: (folder) => openFolder(folder, context, options),
  };
  if (/\.npz$/i.test(path) || /\.npy$/i.test(path)) return openArrays(path, options.arrays);
  if (head.toString('latin1', 0, 2) === 'PK' || /\.zip$/i.test(path)) {
    return openZipSource(path, packed);
  }
  if (isTarHeader(head) || /\.(tar|tar\.gz|tgz)$/i.test(path)) {
    return openTarSource(path, packed);
  }
  if (isIdx(head) || isGzip(head) || idxRole(path)) {
    const { images, labels } = await findIdxPair(path);
    if (images === null) {
      throw unsupported(path, 'it holds the labels of an IDX pair, and the images file is not beside it');
    }
    return openIdxSource(images, labels);
  }
  if (isParquet(head)) return openParquet(path);
  if (isCifar(path, bytes) !== null) return openCifar(path, options.cifarLabels);
  if (isManifestName(path)) return openManifest(path, options.fetcher, context);
  const sniffed = sniffPicture(head);
  if (sniffed.kind === 'picture' || sniffed.kind === 'unsupported') {
    throw unsupported(path, 'it is a single picture, and a generator learns from many');
  }
  throw unsupported(
    path,
    `“${basename(path)}” is no archive and no container of pictures that is known here`,
  );
}

async function firstBytes(path: string): Promise<Buffer> {
  try {
    const handle = await open(path);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw pathFailure(path, thrown);
  }
}
