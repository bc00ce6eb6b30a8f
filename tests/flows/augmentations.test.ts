import { existsSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { AugmentationSheetRequest } from '../../src-main/contract/domain/augmentations.ts';
import type { AugmentationSheet } from '../../src-main/contract/domain/augmentations.ts';
import { mediaAddress } from '../../src-main/contract/media.ts';
import { augment, augmentationOf } from '../../src-main/engine/augmentation/augmentation.ts';
import type { Studio } from '../../src-main/studio/studio.ts';
import { imago } from '../helpers/command-line.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const settings = { rotation: 20, translation: 0.1, elastic: 0.05, brightness: 0.2, noise: 0.05 };

/** The grey values of each tile, by column and row. */
async function tilesOf(studio: Studio, sheet: AugmentationSheet): Promise<number[][][]> {
  const media = await studio.media(mediaAddress.augmentationSheet(sheet.id));
  if (media?.body.kind !== 'bytes') throw new Error('The sheet is not served.');
  expect(media.contentType).toBe('image/png');
  const { data, info } = await sharp(media.body.bytes).raw().toBuffer({ resolveWithObject: true });
  expect(info.width).toBe(sheet.columns * (sheet.tilePx + sheet.gapPx) - sheet.gapPx);
  expect(info.height).toBe(sheet.rows * (sheet.tilePx + sheet.gapPx) - sheet.gapPx);
  const at = (x: number, y: number) => data[(y * info.width + x) * info.channels]!;
  const pitch = sheet.tilePx + sheet.gapPx;
  return Array.from({ length: sheet.columns }, (_, column) =>
    Array.from({ length: sheet.rows }, (_, row) =>
      Array.from({ length: sheet.tilePx ** 2 }, (_, pixel) =>
        at(column * pitch + (pixel % sheet.tilePx), row * pitch + Math.floor(pixel / sheet.tilePx)),
      ),
    ),
  );
}

describe('the contact sheet of augmentation', () => {
  test('shows pictures of the dataset, and beside them exactly what training would make of them', async () => {
    const studio = await studioForTest();
    const { datasetId } = await sampleDataset(studio);
    const sheet = await studio.augmentations.sheet({ datasetId, settings, seed: 9, pictures: 4, draws: 3 });
    expect(sheet).toMatchObject({ columns: 4, rows: 4, tilePx: 28, probability: null });
    const [plain, ...draws] = await tilesOf(studio, sheet);
    expect(new Set(plain!.map((tile) => tile.join())).size).toBe(4);
    draws.forEach((drawn, step) => {
      const values = Float32Array.from(plain!.flat(), (byte) => byte / 127.5 - 1);
      const batch = { values, pictures: 4, sizePx: 28, channels: 1 };
      augment(batch, augmentationOf(settings)!, { seed: 9, step });
      const bytes = [...values].map((value) => Math.round((value + 1) * 127.5));
      expect(drawn.flat()).toEqual(bytes);
    });
  });

  test('is the same for the same seed, another for another; without settings nothing is altered', async () => {
    const studio = await studioForTest();
    const { datasetId } = await sampleDataset(studio);
    const tiles = async (request: Partial<AugmentationSheetRequest>) =>
      tilesOf(studio, await studio.augmentations.sheet({ datasetId, pictures: 3, draws: 2, ...request }));
    const first = await tiles({ settings, seed: 1 });
    expect(await tiles({ settings, seed: 1 })).toEqual(first);
    expect(await tiles({ settings, seed: 2 })).not.toEqual(first);
    const [plain, ...draws] = await tiles({});
    for (const drawn of draws) expect(drawn).toEqual(plain);
  });

  test('also shows what only the discriminator sees, in another form of the pictures if asked', async () => {
    const studio = await studioForTest();
    const { datasetId } = await sampleDataset(studio);
    const sheet = await studio.augmentations.sheet({
      datasetId,
      recipe: { sizePx: 32, channels: 3, labelMode: 'none' },
      settings: { discriminatorAugmentation: 'adaptive', discriminatorColour: false },
      pictures: 6,
      draws: 3,
    });
    expect(sheet).toMatchObject({ tilePx: 32, probability: 0.5 });
    const [plain, ...draws] = await tilesOf(studio, sheet);
    const same = draws.flatMap((drawn) => drawn.map((tile, row) => tile.join() === plain![row]!.join()));
    expect(same).toContain(true);
    expect(same).toContain(false);
  });

  test('refuses settings that do not exist or are out of range, and a dataset that is not there', async () => {
    const studio = await studioForTest();
    const { datasetId } = await sampleDataset(studio, 20);
    const refusal = (request: AugmentationSheetRequest) =>
      expect(studio.augmentations.sheet(request)).rejects;
    await refusal({ datasetId, settings: { rotation: 400 } }).toMatchObject({ code: 'setting-out-of-range' });
    await refusal({ datasetId, settings: { learningRate: 1 } }).toMatchObject({ code: 'setting-unknown' });
    await refusal({ datasetId: 'dataset-none' }).toMatchObject({ code: 'not-found' });
    expect(await studio.media(mediaAddress.augmentationSheet('sheet-none'))).toBeNull();
  });

  test('that is no longer wanted ends its engine', async () => {
    const studio = await studioForTest();
    const { datasetId } = await sampleDataset(studio, 20);
    const unwanted = new AbortController();
    const drawn = studio.augmentations.sheet({ datasetId, settings }, unwanted.signal);
    unwanted.abort();
    await expect(drawn).rejects.toMatchObject({ code: 'cancelled' });
  });
});

test('the command line draws a sheet into a file, and refuses what a training would refuse', async () => {
  const folder = temporaryFolder();
  const workspace = ['--workspace', join(folder, 'workspace'), '--json'];
  await imago('sample', '--name', 'Digits', '--images', '20', ...workspace);
  const file = join(folder, 'sheet.png');
  const draw = (...words: string[]) =>
    imago('augmentations', '--dataset', 'Digits', '--out', file, ...words, ...workspace);
  const refused = await draw('--set', 'rotation=200');
  expect(refused).toMatchObject({ exitCode: 2, json: { error: { code: 'setting-out-of-range' } } });
  expect(existsSync(file)).toBe(false);
  const drawn = await draw('--set', 'horizontalFlip=true', '--set', 'cutout=0.4', '--pictures', '3');
  expect(drawn.json).toMatchObject({ file, rows: 3, columns: 8 });
  expect((await sharp(file).metadata()).height).toBe(3 * 30 - 2);
});
