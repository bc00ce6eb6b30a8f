/** Small runs that repair, a picture to bring them, and what came of it as pixels. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect } from 'vitest';
import { decodePlainPng } from '../../src-main/imaging/pure/png-decode.ts';
import { stripPngText } from '../../src-main/imaging/pure/png-encode.ts';
import type { Studio } from '../../src-main/studio/studio.ts';
import type { sampleDataset } from './open-studio.ts';
import { temporaryFolder } from './temporary-folder.ts';

type Dataset = Awaited<ReturnType<typeof sampleDataset>>;

export async function trained(studio: Studio, dataset: Dataset, presetId: string, settings = {}) {
  const run = await studio.runs.create({
    ...{ projectId: dataset.projectId, datasetId: dataset.datasetId, presetId, seed: 7 },
    version: dataset.version.version,
    settings: { batchSize: 4, baseChannels: 4, ...settings },
    stop: { kind: 'steps', steps: 3 },
  });
  await studio.runs.whenEnded(run.id);
  expect(studio.runs.get(run.id).state).toBe('completed');
  return studio.runs.get(run.id);
}

/** A diffusion run of three steps, which draws noise but keeps what it must. */
export const diffusion = (studio: Studio, dataset: Dataset) =>
  trained(studio, dataset, 'ddpm-28', { sheetSamplingSteps: 10 });

/** A picture of 56×40 pixels, whose middle square is cut out by the recipe of the sample. */
export async function pictureFile(alpha = false): Promise<string> {
  const [widthPx, heightPx] = [56, 40];
  const pixels = Buffer.alloc(widthPx * heightPx * 4, 255);
  for (let at = 0; at < widthPx * heightPx; at++) {
    const [column, row] = [at % widthPx, Math.floor(at / widthPx)];
    pixels.fill((column * 3 + row * 2) % 256, at * 4, at * 4 + 3);
    if (alpha && column >= 28) pixels[at * 4 + 3] = 0;
  }
  const file = join(temporaryFolder(), 'brought.png');
  const image = sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 4 } });
  await (alpha ? image : image.removeAlpha()).png().toFile(file);
  return file;
}

export const quick = { samplingSteps: 10, resamplings: 1 };
export const pixelsOf = async (studio: Studio, imageId: string) =>
  decodePlainPng(stripPngText(await studio.gallery.read(studio.gallery.get(imageId).image)))!.pixels;
export const inputOf = async (studio: Studio, sha256: string) => {
  const media = await studio.media(`input/${sha256}`);
  const body = media!.body;
  return decodePlainPng(body.kind === 'bytes' ? body.bytes : readFileSync(body.path))!.pixels;
};
