import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Rows are gathered into writes of about this size. */
const writeBytes = 4 * 1024 * 1024;

/** A file of rows of one size, written from the first to the last, whose written rows can be read back. */
export interface RowFile {
  /** Over what was written. */
  readonly hash: Hash;
  add(row: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  /** Null for a row that is not on the disk yet. */
  read(row: number): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

/** Takes over a file opened for writing and reading. */
export function openRowFile(file: FileHandle, rowBytes: number): RowFile {
  const hash = createHash('sha256');
  let waiting: Uint8Array[] = [];
  let written = 0;
  const flush = async () => {
    const block = Buffer.concat(waiting);
    waiting = [];
    hash.update(block);
    for (let done = 0; done < block.length;) {
      const { bytesWritten } = await file.write(block, done, block.length - done, written + done);
      done += bytesWritten;
    }
    written += block.length;
  };
  return {
    hash,
    async add(row) {
      waiting.push(row);
      if (waiting.length * rowBytes >= writeBytes) await flush();
    },
    flush,
    async read(row) {
      if ((row + 1) * rowBytes > written) return null;
      const pixels = new Uint8Array(rowBytes);
      const { bytesRead } = await file.read(pixels, 0, rowBytes, row * rowBytes);
      return bytesRead === rowBytes ? pixels : null;
    },
    close: () => file.close(),
  };
}
