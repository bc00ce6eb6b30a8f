import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetVersion } from '../contract/domain/datasets.ts';
import type { VersionStatistics } from '../contract/domain/recipes.ts';
import { lumaOf } from '../imaging/pure/resample.ts';
import type { Workspace } from '../workspace/workspace.ts';

const bins = 32;

/** Counts the values of pictures as they come by. */
export function gatherStatistics(channels: 1 | 3) {
  const values = new Float64Array(channels * 256);
  const luma = new Float64Array(256);
  return {
    /** @param pixels `[…, channels]`, 0…255 */
    add(pixels: Uint8Array): void {
      if (channels === 1) {
        for (let at = 0; at < pixels.length; at += 1) values[pixels[at]!]! += 1;
        return;
      }
      for (let at = 0; at < pixels.length; at += 3) {
        const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
        values[red]! += 1;
        values[256 + green]! += 1;
        values[512 + blue]! += 1;
        luma[Math.round(lumaOf(red, green, blue))]! += 1;
      }
    },
    /** @returns null when nothing was added */
    result(): VersionStatistics | null {
      const perChannel = Array.from({ length: channels }, (_, channel) =>
        values.subarray(channel * 256, (channel + 1) * 256),
      );
      const count = perChannel[0]!.reduce((sum, n) => sum + n, 0);
      if (count === 0) return null;
      const moments = perChannel.map((counts) => {
        const mean = counts.reduce((sum, n, value) => sum + n * value, 0) / count;
        const variance = counts.reduce((sum, n, value) => sum + n * (value - mean) ** 2, 0) / count;
        return { mean: mean / 255, deviation: Math.sqrt(variance) / 255 };
      });
      const rounded = (value: number) => Math.round(value * 1e6) / 1e6;
      return {
        mean: moments.map(({ mean }) => rounded(mean)),
        standardDeviation: moments.map(({ deviation }) => rounded(deviation)),
        brightness: inBins(channels === 1 ? perChannel[0]! : luma),
        channels: perChannel.map(inBins),
      };
    },
  };
}

const inBins = (counts: Float64Array): number[] =>
  Array.from({ length: bins }, (_, bin) =>
    counts.subarray((bin * 256) / bins, ((bin + 1) * 256) / bins).reduce((sum, n) => sum + n, 0),
  );

/** The statistics of a version that was made before they were kept; null when its file cannot be read. */
export async function measuredStatistics(
  version: DatasetVersion,
  workspace: Workspace,
): Promise<VersionStatistics | null> {
  const { sizePx, channels, images } = version;
  const pictureBytes = sizePx * sizePx * channels;
  const gather = gatherStatistics(channels);
  const file = await open(
    join(workspace.versionFolder(version.datasetId, version.version), 'images.u8'),
  ).catch(() => null);
  if (!file) return null;
  try {
    const block = Buffer.alloc(pictureBytes * Math.max(1, Math.floor((1024 * 1024) / pictureBytes)));
    for (let at = 0; at < images * pictureBytes;) {
      const length = Math.min(block.length, images * pictureBytes - at);
      const { bytesRead } = await file.read(block, 0, length, at);
      if (bytesRead < length) return null;
      gather.add(block.subarray(0, length));
      at += length;
    }
  } finally {
    await file.close();
  }
  return gather.result();
}
