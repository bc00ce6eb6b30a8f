import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { requireDiskSpace } from '../workspace/files.ts';
import { installFailed } from './tensorflow-failure.ts';

/** What the package was made for (its scripts/deps-constants.js). */
const libraryVersion = '2.9.1';
const host = 'https://storage.googleapis.com/tensorflow/libtensorflow/';
/** libtensorflow for CUDA, packed and unpacked. */
const diskBytes = 1_500_000_000;
/** A connection that brings nothing for so long is dead. */
const stalledMs = 30_000;

export interface ArchiveChoice {
  /** Address or path of a libtensorflow archive; the package's own source without it. */
  readonly library?: string;
  /** Which the archive must have. */
  readonly sha256?: string;
  readonly signal: AbortSignal;
  say(line: string): void;
  /** Bytes so far, and in all where that is known. */
  progress(receivedBytes: number, totalBytes: number | null): void;
}

/** A local path as it is; an address fetched into `folder`. */
export async function obtainArchive(options: ArchiveChoice, folder: string): Promise<string> {
  const { library = defaultAddress() } = options;
  if (!/^https?:\/\//.test(library)) {
    if (existsSync(library)) return library;
    throw installFailed(
      'library-missing',
      `There is no file “${library}”. Give the path of a libtensorflow archive.`,
      { path: library },
    );
  }
  const target = join(folder, library.endsWith('.zip') ? 'libtensorflow.zip' : 'libtensorflow.tar.gz');
  await requireDiskSpace(folder, diskBytes);
  options.say(`Fetching ${library} …`);
  await download(library, target, options);
  return target;
}

async function download(address: string, target: string, options: ArchiveChoice): Promise<void> {
  const stalled = new AbortController();
  const watchdog = setTimeout(() => stalled.abort(new Error('the connection stood still')), stalledMs);
  const signal = AbortSignal.any([options.signal, stalled.signal]);
  let receivedBytes = 0;
  try {
    const answer = await fetch(address, { signal });
    if (!answer.ok || !answer.body) throw new Error(`the server answered ${answer.status}`);
    const length = answer.headers.get('content-length');
    const totalBytes = length === null ? null : Number(length);
    const counting = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        receivedBytes += chunk.length;
        watchdog.refresh();
        options.progress(receivedBytes, totalBytes);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), counting, createWriteStream(target), {
      signal,
    });
    if (totalBytes !== null && receivedBytes !== totalBytes) {
      throw new Error(`${receivedBytes} of ${totalBytes} bytes arrived`);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw installFailed(
      'download-failed',
      `${address} could not be fetched (${message}). Try again later, or fetch libtensorflow ${libraryVersion} for GPU yourself and give its path with --library.`,
      { address, message },
      error,
    );
  } finally {
    clearTimeout(watchdog);
  }
}

/** @throws StudioError `backend-install-failed` with reason `wrong-checksum` */
export async function verifyArchive(archive: string, { sha256, say }: ArchiveChoice): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(archive)) hash.update(chunk as Buffer);
  const found = hash.digest('hex');
  const { size } = await stat(archive);
  if (sha256 !== undefined && found !== sha256.toLowerCase()) {
    throw installFailed(
      'wrong-checksum',
      `The archive is another one than you named: its SHA-256 is ${found}. Nothing was installed.`,
      { found, expected: sha256 },
    );
  }
  say(`${(size / 1e6).toFixed(0)} MB, SHA-256 ${found}`);
}

/** Where the package's own script fetches libtensorflow from, by its rules and its variables. */
function defaultAddress(): string {
  const systems: Record<string, string> = {
    'linux-x64': `gpu-linux-x86_64-${libraryVersion}.tar.gz`,
    'win32-x64': `gpu-windows-x86_64-${libraryVersion}.zip`,
  };
  const file = systems[`${platform()}-${arch()}`];
  if (file === undefined) {
    throw installFailed(
      'no-library-for-system',
      `There is no libtensorflow with CUDA for ${platform()}-${arch()}. Use the webgpu backend instead.`,
      { platform: `${platform()}-${arch()}` },
    );
  }
  const storage = process.env['TFJS_NODE_CDN_STORAGE'];
  const base =
    process.env['TFJS_NODE_BASE_URI'] ??
    `${storage === undefined ? host : `${storage}tensorflow/libtensorflow/`}libtensorflow-`;
  return `${base}${file}`;
}
