import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { StudioError } from '../contract/errors.ts';
import { rangesOfBytes, rangesOfFile, rangesOfHandle, rangesWithin, type ByteRanges } from './byte-ranges.ts';
import { arrayTrouble, isNpy, npyHeadBytes, parseNpyHeader, type NpyHeader } from './pure/npy-header.ts';

/** One array of an NPY or NPZ, its header read and found true. */
export interface ArrayMember {
  /** Its name in an NPZ, without `.npy`; null for the one array of an NPY. */
  name: string | null;
  header: NpyHeader;
  /** The file it lies in, unpacked where it was compressed; open until `close`. */
  open(): Promise<{ ranges: ByteRanges; close(): Promise<void> }>;
}

/** A member that could not be understood, such as one of Python objects. */
export interface UnusableMember {
  name: string | null;
  failure: StudioError;
}

export interface ArrayMembers {
  usable: ArrayMember[];
  unusable: UnusableMember[];
}

/** Compressed arrays up to here are unpacked in memory, larger ones beside it. */
const unpackedInMemoryBytes = 64 * 1024 * 1024;
const largestUnpackedBytes = 20 * 1024 ** 3;

/**
 * The arrays of an NPY or NPZ, told apart by content.
 *
 * @param file what the file is called in messages
 * @throws StudioError `array-unusable`, or `archive-corrupt` for an NPZ that is no ZIP
 */
export async function openArrayFile(path: string, file: string): Promise<ArrayMembers> {
  const { size } = await stat(path);
  const whole = rangesOfFile(path, size);
  if (size === 0) throw arrayTrouble(file, 'cut-short');
  const start = await whole.read(0, Math.min(6, size));
  if (start[0] === 0x50 && start[1] === 0x4b) return openNpz(path, file);
  if (!isNpy(start)) throw arrayTrouble(file, 'no-header');
  const header = parseNpyHeader(await whole.read(0, Math.min(npyHeadBytes, size)), file);
  requireBytes(header, size, file, '');
  return {
    usable: [{ name: null, header, open: async () => ({ ranges: whole, close: async () => {} }) }],
    unusable: [],
  };
}

function requireBytes(header: NpyHeader, bytes: number, file: string, array: string): void {
  const expected = header.dataStart + header.items * header.itemBytes;
  if (bytes < expected) throw arrayTrouble(file, 'cut-short', array);
  if (bytes > expected) throw arrayTrouble(file, 'size-differs', array);
}

async function openNpz(path: string, file: string): Promise<ArrayMembers> {
  const found: ArrayMembers = { usable: [], unusable: [] };
  await withZip(path, file, async (zip) => {
    for await (const entry of zip.eachEntry()) {
      const array = entry.fileName.replace(/\.npy$/, '');
      if (array === entry.fileName) continue;
      if (
        entry.isEncrypted() ||
        !entry.canDecodeFileData() ||
        entry.uncompressedSize > largestUnpackedBytes
      ) {
        found.unusable.push({ name: array, failure: arrayTrouble(file, 'too-large', array) });
        continue;
      }
      try {
        const header = parseNpyHeader(await headOf(zip, entry), file, array);
        requireBytes(header, entry.uncompressedSize, file, array);
        found.usable.push({ name: array, header, open: () => unpackMember(path, file, entry.fileName) });
      } catch (thrown) {
        if (!(thrown instanceof StudioError)) throw thrown;
        found.unusable.push({ name: array, failure: thrown });
      }
    }
  });
  return found;
}

async function withZip<Result>(
  path: string,
  file: string,
  work: (zip: yauzl.ZipFile) => Promise<Result>,
): Promise<Result> {
  let zip: yauzl.ZipFile | undefined;
  try {
    zip = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false });
    // Failures reach whoever is reading; one that comes when nobody reads must not end the process.
    zip.on('error', () => {});
    return await work(zip);
  } catch (thrown) {
    if (thrown instanceof StudioError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new StudioError(
      'archive-corrupt',
      `The NPZ “${file}” is damaged (${why}). Save or download it again.`,
      { path: file },
      thrown,
    );
  } finally {
    zip?.close();
  }
}

/** The first bytes of a member, without unpacking the rest. */
async function headOf(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Uint8Array> {
  const stream = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).byteLength;
      if (bytes >= npyHeadBytes) break;
    }
  } finally {
    stream.destroy();
  }
  return Buffer.concat(chunks);
}

/** Stored members are read where they lie; compressed ones are unpacked to memory or to a file without a name. */
async function unpackMember(path: string, file: string, entryName: string): ReturnType<ArrayMember['open']> {
  return withZip(path, file, async (zip) => {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== entryName) continue;
      const bytes = entry.uncompressedSize;
      if (entry.compressionMethod === 0) {
        const { fileDataStart } = await localHeader(zip, entry);
        const ranges = rangesWithin(rangesOfFile(path, (await stat(path)).size), fileDataStart, bytes);
        return { ranges, close: async () => {} };
      }
      const stream = await zip.openReadStreamPromise(entry);
      if (bytes <= unpackedInMemoryBytes) {
        return { ranges: rangesOfBytes(await buffer(stream)), close: async () => {} };
      }
      const folder = await mkdtemp(join(tmpdir(), 'imago-array-'));
      const remove = () => rm(folder, { recursive: true, force: true });
      try {
        const unpacked = join(folder, 'unpacked.npy');
        await pipeline(stream, createWriteStream(unpacked));
        const handle = await open(unpacked);
        // Where the system allows it the file loses its name at once, so that a killed process leaves nothing.
        await remove().catch(() => {});
        const close = async () => {
          await handle.close();
          await remove();
        };
        return { ranges: rangesOfHandle(handle, bytes), close };
      } catch (thrown) {
        await remove();
        throw thrown;
      }
    }
    throw new Error(`“${entryName}” is gone`);
  });
}

const localHeader = (zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<{ fileDataStart: number }> =>
  zip.readLocalFileHeaderPromise(entry, { minimal: true });

/** @throws StudioError `array-unusable` */
export async function openMember(member: ArrayMember, file: string): ReturnType<ArrayMember['open']> {
  try {
    return await member.open();
  } catch (thrown) {
    if (thrown instanceof StudioError) throw thrown;
    throw arrayTrouble(file, 'cut-short', member.name ?? '', thrown);
  }
}

export const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
