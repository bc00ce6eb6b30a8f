import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeIdx } from '../imaging/idx.ts';
import { openIdxSource } from '../imaging/idx-source.ts';
import { renderSampleDigits, sampleFonts, samplePx } from '../imaging/sample-digits.ts';
import type { OpenedSource } from '../imaging/source-picture.ts';
import type { JobControl } from './jobs.ts';

export const sampleAttribution = `Drawn by Imago Studio after the fonts ${sampleFonts.map(({ title }) => title).join(', ')} (SIL Open Font License 1.1)`;

/** What the built-in sample takes on the disk, in bytes. */
export const sampleBytes = (images: number): number => images * (samplePx * samplePx + 200);

/**
 * Draws the built-in sample as an IDX pair in a folder.
 *
 * @throws StudioError `cancelled`
 */
export async function drawSample(
  { images, seed }: { images: number; seed: number },
  folder: string,
  { signal, progress }: JobControl,
): Promise<OpenedSource> {
  const pixels = new Uint8Array(images * samplePx * samplePx);
  const labels = new Uint8Array(images);
  let drawn = 0;
  progress(0, images);
  for await (const chunk of renderSampleDigits(images, seed)) {
    signal.throwIfAborted();
    pixels.set(chunk.pixels, drawn * samplePx * samplePx);
    labels.set(chunk.labels, drawn);
    drawn += chunk.labels.length;
    progress(drawn, images);
  }
  const [imagesFile, labelsFile] = ['digits-images-idx3-ubyte', 'digits-labels-idx1-ubyte'].map((name) =>
    join(folder, name),
  ) as [string, string];
  await writeFile(imagesFile, encodeIdx({ dimensions: [images, samplePx, samplePx], data: pixels }));
  await writeFile(labelsFile, encodeIdx({ dimensions: [images], data: labels }));
  const source = await openIdxSource(imagesFile, labelsFile);
  return {
    ...source,
    async *items(itemsSignal) {
      for await (const item of source.items(itemsSignal)) {
        const index = item.content.kind === 'pixels' ? item.content.index : 0;
        yield { ...item, name: `digits#${index}` };
      }
    },
  };
}
