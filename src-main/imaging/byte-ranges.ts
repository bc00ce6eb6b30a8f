import { open, type FileHandle } from 'node:fs/promises';

/** Reads parts of a file, or of what stands for one. */
export interface ByteRanges {
  bytes: number;
  /** Exactly `length` bytes from `start`. @throws Error where the file ends before */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** How much is read at once, so that pictures one after the other cost few reads. */
const blockBytes = 1024 * 1024;

export function rangesOfBytes(bytes: Uint8Array): ByteRanges {
  return {
    bytes: bytes.byteLength,
    async read(start, length) {
      if (start + length > bytes.byteLength) throw new Error(`ends at byte ${bytes.byteLength}`);
      return bytes.subarray(start, start + length);
    },
  };
}

/** A part of other ranges, counted from its own start. */
export const rangesWithin = (outer: ByteRanges, start: number, bytes: number): ByteRanges => ({
  bytes,
  read: (at, length) => outer.read(start + at, length),
});

/** Ranges of a file that may be larger than memory; the last block is kept, and no file stays open. */
export function rangesOfFile(path: string, bytes: number): ByteRanges {
  return inBlocks(bytes, async (start, length) => {
    const handle = await open(path);
    try {
      return await readExactly(handle, start, length);
    } finally {
      await handle.close();
    }
  });
}

/** Ranges of a file that stays open; the last block is kept. */
export const rangesOfHandle = (handle: FileHandle, bytes: number): ByteRanges =>
  inBlocks(bytes, (start, length) => readExactly(handle, start, length));

function inBlocks(bytes: number, fill: (start: number, length: number) => Promise<Uint8Array>): ByteRanges {
  let block = { start: 0, bytes: new Uint8Array(0) as Uint8Array };
  return {
    bytes,
    async read(start, length) {
      let held = block;
      if (start < held.start || start + length > held.start + held.bytes.byteLength) {
        const taken = Math.max(length, Math.min(blockBytes, bytes - start));
        held = { start, bytes: await fill(start, taken) };
        block = held;
      }
      return held.bytes.subarray(start - held.start, start - held.start + length);
    },
  };
}

async function readExactly(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const found = Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(found, at, length - at, start + at);
    if (bytesRead === 0) throw new Error(`ends at byte ${start + at}`);
    at += bytesRead;
  }
  return found;
}
