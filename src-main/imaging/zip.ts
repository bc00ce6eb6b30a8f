import { createWriteStream } from 'node:fs';
import type { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import yazl from 'yazl';
import { StudioError } from '../contract/errors.ts';
import type { ArchiveLimits } from './archive-rules.ts';
import {
  archiveAllowance,
  archiveCorrupt,
  archiveLink,
  archiveTooLarge,
  defaultArchiveLimits,
  requireSafeName,
} from './archive-rules.ts';

export interface ZipEntry {
  /** Path inside the archive, with `/` between folders, never absolute, never upwards. */
  name: string;
  /** Size when unpacked, as declared; unpacking more is an error. */
  bytes: number;
  /** @throws StudioError `archive-corrupt` */
  read(): Promise<Buffer>;
  /** Unpacks it to a new file, however large; @throws StudioError `archive-corrupt` */
  unpackTo(file: string): Promise<void>;
}

export interface ZipArchive {
  /** Files in the archive's own order; folders are left out. */
  entries: ZipEntry[];
  close(): void;
}

const fileTypeMask = 0o170000;
const symbolicLink = 0o120000;

/**
 * Opens a ZIP for reading and judges all of its entries before any of them is unpacked.
 *
 * @throws StudioError `archive-unsafe-path`, `archive-symlink`, `archive-encrypted`, `archive-too-large`,
 *   `archive-corrupt`, or `source-unsupported` for a compression other than deflate
 */
export async function openZip(
  path: string,
  limits: ArchiveLimits = defaultArchiveLimits,
): Promise<ZipArchive> {
  let zip: yauzl.ZipFile;
  try {
    // Names are judged here instead of there, so that each refusal is the right one.
    zip = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false, decodeStrings: false });
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown) throw thrown; // The file system's own failure.
    throw archiveCorrupt(path, thrown);
  }
  // Failures reach whoever is reading; one that comes when nobody reads must not end the process.
  zip.on('error', () => {});
  try {
    return { entries: await judgeEntries(zip, path, limits), close: () => zip.close() };
  } catch (thrown) {
    zip.close();
    if (thrown instanceof StudioError) throw thrown;
    if (thrown instanceof Error && /encryption/.test(thrown.message)) throw encrypted(path);
    throw archiveCorrupt(path, thrown);
  }
}

function encrypted(path: string): StudioError {
  return new StudioError(
    'archive-encrypted',
    `The archive “${path}” is encrypted. Unpack it with its password and choose the folder.`,
    { path },
  );
}

async function judgeEntries(zip: yauzl.ZipFile, path: string, limits: ArchiveLimits): Promise<ZipEntry[]> {
  if (zip.entryCount > limits.entries) throw archiveTooLarge(path, `${limits.entries} files`);
  const allow = archiveAllowance(path, limits);
  const entries: ZipEntry[] = [];
  let packedBytes = 0;
  for await (const entry of zip.eachEntry()) {
    const name = entryName(entry);
    requireSafeName(path, name);
    if (((entry.externalFileAttributes >>> 16) & fileTypeMask) === symbolicLink) {
      throw archiveLink(path, name);
    }
    if (entry.isEncrypted()) throw encrypted(path);
    if (name.endsWith('/')) continue;
    if (!entry.canDecodeFileData()) {
      throw new StudioError(
        'source-unsupported',
        `The archive “${path}” packs “${name}” in an unusual way (method ${entry.compressionMethod}). Unpack it yourself and choose the folder.`,
        { path, entry: name },
      );
    }
    allow(entry.uncompressedSize);
    packedBytes += entry.compressedSize;
    entries.push({
      name,
      bytes: entry.uncompressedSize,
      read: () => unpack(zip, entry, path, name),
      unpackTo: (file) => unpackTo(file, zip, entry, path, name),
    });
  }
  // Entries that share their bytes are how a small archive unpacks to a vast one.
  if (packedBytes > zip.fileSize) throw archiveCorrupt(path, 'entries overlap');
  return entries;
}

function entryName(entry: yauzl.Entry): string {
  return yauzl
    .getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true)
    .replaceAll('\\', '/');
}

async function unpack(zip: yauzl.ZipFile, entry: yauzl.Entry, path: string, name: string): Promise<Buffer> {
  try {
    const bytes = await buffer(await zip.openReadStreamPromise(entry));
    if (crc32(bytes) !== entry.crc32) throw new Error('its checksum is wrong');
    return bytes;
  } catch (thrown) {
    throw archiveCorrupt(path, thrown, name);
  }
}

async function unpackTo(
  file: string,
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  path: string,
  name: string,
): Promise<void> {
  let checksum = 0;
  const checked = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
    if (checksum !== entry.crc32) throw archiveCorrupt(path, 'its checksum is wrong', name);
  };
  try {
    await pipeline(await zip.openReadStreamPromise(entry), checked, createWriteStream(file, { flags: 'wx' }));
  } catch (thrown) {
    const isKnown = thrown instanceof StudioError || (thrown instanceof Error && 'syscall' in thrown);
    throw isKnown ? thrown : archiveCorrupt(path, thrown, name);
  }
}

/** What goes into a ZIP: a path inside it with `/` between folders, and less than 1 GiB. */
export interface ZipInput {
  name: string;
  bytes: Uint8Array;
}

/** Every entry bears this time, the first that ZIP can tell, so that equal content gives equal archives. */
const entryOptions = {
  compress: false,
  mtime: new Date(1980, 0, 1),
  mode: 0o100644,
  forceDosTimestamp: true,
};

/** How much may wait in memory for the disk. */
const waitingBytes = 8 * 1024 * 1024;

/**
 * Writes a ZIP of stored (not deflated) entries to a new file and syncs it to the disk. The same entries in
 * the same order give the same bytes. Entries are asked for one by one as the disk takes them.
 *
 * @returns its size in bytes
 * @throws Error the file system's own failures (`EEXIST` where `path` is taken), or what `entries` throws
 */
export async function writeZip(
  path: string,
  entries: Iterable<ZipInput> | AsyncIterable<ZipInput>,
): Promise<number> {
  const zip = new yazl.ZipFile();
  // The declared type is narrower than what it is; its length is needed to wait for the disk.
  const output = zip.outputStream as PassThrough;
  const file = createWriteStream(path, { flags: 'wx', flush: true });
  zip.on('error', (error: Error) => output.destroy(error));
  const failed = new AbortController();
  const written = pipeline(output, file);
  written.catch((error: unknown) => failed.abort(error));
  try {
    for await (const { name, bytes } of entries) {
      failed.signal.throwIfAborted();
      zip.addBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name, entryOptions);
      await setImmediate();
      while (output.readableLength > waitingBytes && !failed.signal.aborted) await setTimeout(1);
    }
    zip.end();
    await written;
    return file.bytesWritten;
  } catch (thrown) {
    output.destroy();
    await written.catch(() => undefined);
    throw thrown;
  }
}
