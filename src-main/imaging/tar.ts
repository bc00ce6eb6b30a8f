import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser } from 'tar';
import type { ReadEntry } from 'tar';
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

/** A file of a TAR; its place in the archive decides when its bytes can be had. */
export interface TarEntry {
  /** Path inside the archive, with `/` between folders, never absolute, never upwards. */
  name: string;
  bytes: number;
}

export interface TarArchive {
  /** Files in the archive's own order; folders are left out. */
  entries: TarEntry[];
  /** Content of the entries that `wanted` chose, by name: notes, not pictures. */
  texts: Map<string, Buffer>;
  /**
   * The files once more, with their bytes, for those that `wanted` chooses; read from the start of the archive.
   *
   * @throws StudioError `archive-corrupt`, `path-missing` as the file system says
   */
  read(
    wanted: (entry: TarEntry) => boolean,
    signal: AbortSignal,
  ): AsyncGenerator<TarEntry & { content: Buffer }>;
  /**
   * Writes files to where `pathOf` says, however large; null leaves one out.
   *
   * @throws StudioError `archive-corrupt`, and the file system's own failures
   */
  unpack(pathOf: (name: string) => string | null, signal: AbortSignal): Promise<void>;
}

/** Long names and attributes of one entry; real ones take a few hundred bytes. */
const largestHeaderBytes = 1024 * 1024;

const links: readonly string[] = ['Link', 'SymbolicLink'];
const files: readonly string[] = ['File', 'OldFile', 'ContiguousFile'];

/** Whether a file is a TAR, or gzipped; by the magic number of POSIX.1-1988, or a header whose checksum is right. */
export function isTarHeader(head: Buffer): boolean {
  if (head.length < 512) return false;
  if (head.toString('latin1', 257, 262) === 'ustar') return true;
  const declared = Number.parseInt(
    head
      .toString('latin1', 148, 156)
      .replace(/[\0 ]+$/, '')
      .trim(),
    8,
  );
  if (!Number.isInteger(declared)) return false;
  let sum = 8 * 32;
  for (let at = 0; at < 512; at += 1) if (at < 148 || at >= 156) sum += head[at]!;
  return sum === declared;
}

/**
 * Opens a TAR, plain or gzipped, by reading it through once: every entry is judged, and the archive is known to be
 * whole, before a picture is taken from it.
 *
 * @param wantsText which entries' contents are kept in `texts`
 * @throws StudioError `archive-unsafe-path`, `archive-symlink`, `archive-too-large`, `archive-corrupt`, or
 *   `source-unsupported` for devices and the like
 */
export async function openTar(
  path: string,
  wantsText: (entry: TarEntry) => boolean,
  { limits = defaultArchiveLimits, signal }: { limits?: ArchiveLimits; signal?: AbortSignal } = {},
): Promise<TarArchive> {
  const allow = archiveAllowance(path, limits);
  const entries: TarEntry[] = [];
  const texts = new Map<string, Buffer>();
  let openFailure: unknown;
  await walk(path, limits, signal, (entry) => {
    const found = { name: nameOf(entry), bytes: entry.size };
    requireSafeName(path, found.name);
    if (links.includes(entry.type)) throw archiveLink(path, found.name);
    if (entry.type === 'Directory' || entry.type === 'GNUDumpDir') return null;
    if (!files.includes(entry.type)) {
      throw new StudioError(
        'source-unsupported',
        `The archive “${path}” holds “${found.name}”, which is neither a file nor a folder (${entry.type}). Make it again without it.`,
        { path, entry: found.name, reason: entry.type },
      );
    }
    allow(found.bytes);
    entries.push(found);
    if (!wantsText(found)) return null;
    return (content) => {
      texts.set(found.name, content);
    };
  }).catch((thrown: unknown) => {
    openFailure = thrown;
  });
  if (openFailure !== undefined) throw openFailure;
  const written = new Set<string>();

  return {
    entries,
    texts,
    read: (wanted, readSignal) => readThrough(path, limits, wanted, readSignal),
    unpack: (pathOf, unpackSignal) =>
      walk(path, limits, unpackSignal, (entry) => {
        const target = files.includes(entry.type) ? pathOf(nameOf(entry)) : null;
        // A name that comes twice counts once, with the bytes that come first.
        if (target === null || written.has(target)) return null;
        written.add(target);
        return { target };
      }),
  };
}

const nameOf = (entry: ReadEntry): string =>
  entry.path
    .replaceAll('\\', '/')
    .replace(/^(\.\/)+/, '')
    .replace(/\/$/, '') || '.';

/** Entries are handed over one by one; the archive is read no further than the reader of this has come. */
async function* readThrough(
  path: string,
  limits: ArchiveLimits,
  wanted: (entry: TarEntry) => boolean,
  signal: AbortSignal,
): AsyncGenerator<TarEntry & { content: Buffer }> {
  const stop = new AbortController();
  const ready: (TarEntry & { content: Buffer })[] = [];
  let wake = (): void => undefined;
  let ended = false;
  let failure: { thrown: unknown } | null = null;
  let room = (): void => undefined;
  const walked = walk(path, limits, AbortSignal.any([signal, stop.signal]), (entry) => {
    const found = { name: nameOf(entry), bytes: entry.size };
    if (!files.includes(entry.type) || !wanted(found)) return null;
    return (content) => {
      ready.push({ ...found, content });
      wake();
      return new Promise<void>((resolve) => {
        room = resolve;
      });
    };
  })
    .catch((thrown: unknown) => {
      failure = { thrown };
    })
    .finally(() => {
      ended = true;
      wake();
    });
  try {
    for (;;) {
      const next = ready.shift();
      if (next) {
        room();
        yield next;
        continue;
      }
      if (failure !== null) throw (failure as { thrown: unknown }).thrown;
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (ready.length > 0 || ended) resolve();
      });
    }
  } finally {
    stop.abort();
    room();
    await walked;
  }
}

/**
 * Reads an archive from its start to its end.
 *
 * @param visit is asked about each entry and may return what takes its content, which the archive waits for, or the new
 *   file that it is written to
 */
async function walk(
  path: string,
  limits: ArchiveLimits,
  signal: AbortSignal | undefined,
  visit: (entry: ReadEntry) => ((content: Buffer) => void | Promise<void>) | { target: string } | null,
): Promise<void> {
  const parser = new Parser({ strict: true, maxMetaEntrySize: largestHeaderBytes });
  const ownEnd = new AbortController();
  let failure: { thrown: unknown } | null = null;
  const fail = (thrown: unknown) => {
    failure ??= { thrown };
    ownEnd.abort();
  };
  const writes: Promise<void>[] = [];
  parser.on('entry', (entry: ReadEntry) => {
    let take: ReturnType<typeof visit> = null;
    try {
      if (failure === null) take = visit(entry);
    } catch (thrown) {
      fail(thrown);
    }
    if (take === null) {
      entry.resume();
      return;
    }
    if (typeof take === 'function') void entry.concat().then(take).catch(fail);
    else writes.push(pipeline(entry, createWriteStream(take.target, { flags: 'wx' })).catch(fail));
  });
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    if (entry.meta) fail(new Error('a header is larger than any name could make it'));
  });
  parser.on('error', fail);

  try {
    const head = Buffer.alloc(2);
    const handle = await open(path);
    const { bytesRead } = await handle.read(head, 0, 2, 0).finally(() => handle.close());
    const isGzip = bytesRead === 2 && head[0] === 0x1f && head[1] === 0x8b;
    const ends = AbortSignal.any([ownEnd.signal, ...(signal ? [signal] : [])]);
    const whole = createReadStream(path, { highWaterMark: 256 * 1024 });
    // Headers and padding come on top of what the entries declare.
    const most = limits.totalBytes + 2048 * limits.entries;
    const intoParser = async function (source: AsyncIterable<Buffer>): Promise<void> {
      let unpackedBytes = 0;
      for await (const chunk of source) {
        unpackedBytes += chunk.length;
        if (unpackedBytes > most) throw archiveTooLarge(path, `${Math.round(limits.totalBytes / 1e6)} MB`);
        if (!parser.write(chunk)) {
          await new Promise<void>((resolve) => {
            const go = () => {
              parser.off('drain', go);
              ends.removeEventListener('abort', go);
              resolve();
            };
            parser.on('drain', go);
            ends.addEventListener('abort', go);
          });
        }
        ends.throwIfAborted();
      }
      await new Promise<void>((resolve, reject) => {
        parser.once('end', resolve);
        ends.addEventListener('abort', () => reject(ends.reason), { once: true });
        parser.end();
      });
    };
    if (isGzip) await pipeline(whole, createGunzip(), intoParser, { signal: ends });
    else await pipeline(whole, intoParser, { signal: ends });
    await Promise.all(writes);
  } catch (thrown) {
    if (signal?.aborted) throw signal.reason;
    failure ??= { thrown };
  }
  const found = failure as { thrown: unknown } | null;
  if (found === null) return;
  if (found.thrown instanceof StudioError) throw found.thrown;
  const isFromDisk = found.thrown instanceof Error && 'code' in found.thrown && 'syscall' in found.thrown;
  throw isFromDisk ? found.thrown : archiveCorrupt(path, found.thrown);
}
