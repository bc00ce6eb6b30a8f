import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { DatasetVersion } from '../contract/domain/datasets.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { keyBytes, type RowPixels } from './version-pixels.ts';

/** Holds the transform key of each row, in the order of the rows. */
export const keysFile = 'transforms.sha256';

const descriptionSchema = z.object({
  files: z.record(z.string(), z.object({ bytes: z.number(), sha256: z.string() })),
});

/** Rows of earlier versions that need not be made again. */
export interface EarlierRows {
  /** How many of the wanted keys were found. */
  readonly found: number;
  /** The bytes of the row with this key, or null when no earlier version has it. */
  read(key: Buffer): Promise<RowPixels | null>;
  close(): Promise<void>;
}

interface Shape {
  sizePx: number;
  channels: number;
  paired: boolean;
}

/** A row's key as a map can hold it. */
export const keyText = (keys: Buffer, row: number): string =>
  keys.toString('latin1', row * keyBytes, (row + 1) * keyBytes);

/** Where earlier versions of a shape hold rows with the wanted keys: version → row, by key; newest first. */
export async function findEarlierRows(
  versions: readonly DatasetVersion[],
  shape: Shape,
  wanted: Buffer,
  workspace: Workspace,
): Promise<Map<string, { version: DatasetVersion; row: number }>> {
  const open = new Set<string>();
  for (let row = 0; row < wanted.length / keyBytes; row += 1) open.add(keyText(wanted, row));
  const found = new Map<string, { version: DatasetVersion; row: number }>();
  const alike = versions.filter(
    ({ sizePx, channels, paired }) =>
      sizePx === shape.sizePx && channels === shape.channels && paired === shape.paired,
  );
  for (const version of alike.toReversed()) {
    if (open.size === 0) break;
    const rows = version.images + version.heldOutImages;
    const path = join(workspace.versionFolder(version.datasetId, version.version), keysFile);
    const keys = await readFile(path).catch(() => null);
    if (keys?.length !== rows * keyBytes) continue;
    for (let row = 0; row < rows; row += 1) {
      const key = keyText(keys, row);
      if (!open.delete(key)) continue;
      found.set(key, { version, row });
    }
  }
  return found;
}

/**
 * Opens earlier versions to take rows from. A version whose bytes are no longer those it was made with is passed
 * over, so that its damage does not spread.
 *
 * @throws the signal's reason when it aborts
 */
export async function openEarlierRows(
  versions: readonly DatasetVersion[],
  shape: Shape,
  wanted: Buffer,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<EarlierRows> {
  const found = await findEarlierRows(versions, shape, wanted, workspace);
  const pictureBytes = shape.sizePx * shape.sizePx * shape.channels;
  const opened = new Map<DatasetVersion, { images: FileHandle; inputs: FileHandle | null }>();
  const close = async () => {
    for (const { images, inputs } of opened.values()) {
      await images.close();
      await inputs?.close();
    }
  };
  try {
    for (const version of new Set([...found.values()].map((place) => place.version))) {
      const folder = workspace.versionFolder(version.datasetId, version.version);
      const names = shape.paired ? ['images.u8', 'inputs.u8'] : ['images.u8'];
      if (!(await isWhole(folder, [...names, keysFile], signal))) {
        for (const [key, place] of found) if (place.version === version) found.delete(key);
        continue;
      }
      const images = await open(join(folder, 'images.u8'));
      opened.set(version, { images, inputs: null });
      if (shape.paired) opened.set(version, { images, inputs: await open(join(folder, 'inputs.u8')) });
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const readFrom = async (file: FileHandle, row: number): Promise<Uint8Array | null> => {
    const pixels = new Uint8Array(pictureBytes);
    const { bytesRead } = await file.read(pixels, 0, pictureBytes, row * pictureBytes);
    return bytesRead === pictureBytes ? pixels : null;
  };
  return {
    found: found.size,
    async read(key) {
      const place = found.get(keyText(key, 0));
      const files = place && opened.get(place.version);
      if (!files) return null;
      const target = await readFrom(files.images, place.row);
      const input = files.inputs && (await readFrom(files.inputs, place.row));
      if (!target || (shape.paired && !input)) return null;
      return { target, input };
    },
    close,
  };
}

/** Whether files of a version still have the hashes that its description names. */
async function isWhole(folder: string, names: readonly string[], signal: AbortSignal): Promise<boolean> {
  try {
    const { files } = descriptionSchema.parse(
      JSON.parse(await readFile(join(folder, 'version.json'), 'utf8')),
    );
    for (const name of names) {
      const hash = createHash('sha256');
      for await (const chunk of createReadStream(join(folder, name), { highWaterMark: 1 << 20 })) {
        signal.throwIfAborted();
        hash.update(chunk as Buffer);
      }
      if (hash.digest('hex') !== files[name]?.sha256) return false;
    }
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
