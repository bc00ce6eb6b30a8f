import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatasetStation, type DatasetStation } from '../fixtures/dataset-station.ts';
import { sharedData } from '../fixtures/shared-data.ts';

let station: DatasetStation;
beforeEach(async () => {
  station = await openDatasetStation();
});
afterEach(() => station.close());

const emoji = sharedData('noto-emoji-72');
const mnist = sharedData('mnist-10k');

test.skipIf(emoji === null)(
  '3 845 real emoji come in and become a version',
  { timeout: 120_000 },
  async () => {
    const dataset = await station.import(emoji!);
    expect(dataset).toMatchObject({
      pictures: 3845,
      quarantined: 0,
      ignored: 0,
      proposal: { sizePx: 64, channels: 3, labelMode: 'none' },
    });
    const recipe = { ...dataset.proposal, background: '#ffffff' };
    const version = await station.datasets.buildVersion(dataset.id, recipe).finished;
    expect(version).toMatchObject({ images: 3845, bytes: 3845 * (64 * 64 * 3 + 4) });
  },
);

test.skipIf(mnist === null)(
  'the MNIST files come in with their very pixels',
  { timeout: 60_000 },
  async () => {
    const dataset = await station.import(mnist!);
    expect(dataset).toMatchObject({
      pictures: 10_000,
      proposal: { sizePx: 28, channels: 1, labelMode: 'folders' },
    });
    expect(dataset.classes.map(({ pictures }) => pictures)).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]);
    const recipe = { ...dataset.proposal, background: '#ffffff' };
    await station.datasets.buildVersion(dataset.id, recipe).finished;
    const images = await readFile(join(station.workspace.versionFolder(dataset.id, 1), 'images.u8'));
    const published = gunzipSync(await readFile(join(mnist!, 't10k-images-idx3-ubyte.gz')));
    expect(images.equals(published.subarray(16))).toBe(true);
  },
);
