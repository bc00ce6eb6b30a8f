import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Dataset } from '../contract/domain/datasets.ts';
import { StudioError, toFailure } from '../contract/errors.ts';
import type { Channels } from '../contract/presets.ts';
import { verifyPicture } from '../imaging/decode.ts';
import { encodeIdx, isGzip, readIdxPictures } from '../imaging/idx.ts';
import { renderSampleDigits, samplePx } from '../imaging/sample-digits.ts';
import type { PictureSource, SourcePicture } from '../imaging/sources.ts';
import type { NewPicture, Original, datasetQueries } from '../store/datasets.ts';
import { newId } from '../workspace/files.ts';
import type { DatasetOriginals } from './dataset-originals.ts';
import type { JobControl } from './jobs.ts';
import { orderedMap } from './ordered-map.ts';

/** Where what is taken in goes, and how it is told. */
export interface Intake {
  datasetId: string;
  queries: ReturnType<typeof datasetQueries>;
  put: ReturnType<DatasetOriginals['openClaims']>['put'];
  impression: Impression;
  control: JobControl;
}

/** What the pictures taken in so far have in common. */
export interface Impression {
  shorterSidesPx: number[];
  allAre28: boolean;
  grey: number;
  labels: Set<string>;
}

export const newImpression = (): Impression => ({
  shorterSidesPx: [],
  allAre28: true,
  grey: 0,
  labels: new Set(),
});

/** Rows wait for so many others, or so long, so that the contact sheet grows while the store stays quick. */
const batchRows = 200;
const batchMs = 500;

const extensions = {
  png: 'png',
  jpeg: 'jpg',
  webp: 'webp',
  gif: 'gif',
  tiff: 'tif',
  avif: 'avif',
  bmp: 'bmp',
};

type Taken =
  | { kind: 'picture'; original: Original; picture: NewPicture; isGrey: boolean }
  | { kind: 'quarantined'; ordinal: number; name: string; thrown: StudioError };

/**
 * Takes in the files of a folder or a ZIP: each is decoded to its end, stored, and named in a row; one that
 * cannot be read is quarantined.
 *
 * @throws StudioError `pictures-too-few`, `path-missing`, `disk-full`, `cancelled`
 */
export async function takeFiles(
  source: Extract<PictureSource, { kind: 'folder' | 'zip' }>,
  { datasetId, queries, put, impression, control: { signal, progress } }: Intake,
): Promise<void> {
  const total = source.pictures.length;
  progress(0, total);
  const take = async (item: SourcePicture, ordinal: number): Promise<Taken> => {
    try {
      signal.throwIfAborted();
      const bytes = await item.read();
      const facts = await verifyPicture(bytes, item.name);
      signal.throwIfAborted();
      const original = await put(bytes, extensions[facts.format]);
      const picture = {
        id: newId('picture'),
        ordinal,
        name: item.name,
        label: item.label,
        widthPx: facts.widthPx,
        heightPx: facts.heightPx,
        originalSha256: original.sha256,
        originalIndex: null,
      };
      return { kind: 'picture', original, picture, isGrey: facts.isGrey };
    } catch (thrown) {
      const isOfThisFile =
        thrown instanceof StudioError &&
        (thrown.code === 'file-unreadable' || thrown.code === 'archive-corrupt');
      if (isOfThisFile) return { kind: 'quarantined', ordinal, name: item.name, thrown };
      throw thrown;
    }
  };

  let batch: Taken[] = [];
  let flushedAt = Date.now();
  let [readable, unreadable] = [0, 0];
  const flush = () => {
    const pictures = batch.filter((taken) => taken.kind === 'picture');
    const quarantined = batch.filter((taken) => taken.kind === 'quarantined');
    queries.addBatch(datasetId, {
      originals: pictures.map(({ original }) => original),
      pictures: pictures.map(({ picture }) => picture),
      quarantined: quarantined.map(({ ordinal, name, thrown }) => ({
        ordinal,
        name,
        reason: toFailure(thrown),
      })),
      createdAt: Date.now(),
    });
    batch = [];
    flushedAt = Date.now();
  };
  for await (const taken of orderedMap(source.pictures, 2 * availableParallelism(), take)) {
    signal.throwIfAborted();
    batch.push(taken);
    if (taken.kind === 'picture') {
      readable += 1;
      note(impression, taken.picture, taken.isGrey);
    } else unreadable += 1;
    if (batch.length >= batchRows || Date.now() - flushedAt >= batchMs) flush();
    progress(readable + unreadable);
  }
  requireEnough(readable, unreadable);
  flush();
}

/**
 * Takes in an IDX pair: the files themselves become originals, and each picture a row that points into them.
 *
 * @throws StudioError `idx-corrupt`, `idx-mismatch`, `pictures-too-few`, `path-missing`, `disk-full`, `cancelled`
 */
export async function takeIdx(
  source: Extract<PictureSource, { kind: 'idx' }>,
  intake: Intake,
): Promise<void> {
  const { datasetId, queries, put } = intake;
  const images = { file: source.images, bytes: await readContainer(source.images) };
  const labels =
    source.labels === null ? null : { file: source.labels, bytes: await readContainer(source.labels) };
  const pictures = await readIdxPictures(images, labels);
  requireEnough(pictures.count, 0);
  const extensionOf = (bytes: Uint8Array) => (isGzip(bytes) ? 'idx.gz' : 'idx');
  const original = await put(images.bytes, extensionOf(images.bytes));
  const companion = labels && (await put(labels.bytes, extensionOf(labels.bytes)));
  queries.addBatch(datasetId, {
    originals: companion ? [original, companion] : [original],
    pictures: [],
    quarantined: [],
    companions: companion ? [{ sha256: companion.sha256, name: basename(source.labels!) }] : [],
    createdAt: Date.now(),
  });
  await addContainerRows(
    {
      original,
      name: basename(source.images),
      count: pictures.count,
      widthPx: pictures.widthPx,
      heightPx: pictures.heightPx,
      channels: pictures.channels,
      label: pictures.label,
    },
    intake,
  );
}

async function readContainer(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    const isGone = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    if (!isGone) throw thrown;
    throw new StudioError('path-missing', `“${path}” is no longer there. Import it again.`, { path }, thrown);
  }
}

/**
 * Draws the built-in sample and takes it in as an IDX pair.
 *
 * @throws StudioError `disk-full`, `cancelled`
 */
export async function takeSample(
  { images, seed }: { images: number; seed: number },
  intake: Intake,
): Promise<void> {
  const { datasetId, queries, put, control } = intake;
  const pixels = new Uint8Array(images * samplePx * samplePx);
  const labels = new Uint8Array(images);
  let drawn = 0;
  control.progress(0, images);
  for await (const chunk of renderSampleDigits(images, seed)) {
    control.signal.throwIfAborted();
    pixels.set(chunk.pixels, drawn * samplePx * samplePx);
    labels.set(chunk.labels, drawn);
    drawn += chunk.labels.length;
    control.progress(drawn, images);
  }
  const container = encodeIdx({ dimensions: [images, samplePx, samplePx], data: pixels });
  const original = await put(container, 'idx');
  const companion = await put(encodeIdx({ dimensions: [images], data: labels }), 'idx');
  queries.addBatch(datasetId, {
    originals: [original, companion],
    pictures: [],
    quarantined: [],
    companions: [{ sha256: companion.sha256, name: 'digits-labels-idx1-ubyte' }],
    createdAt: Date.now(),
  });
  await addContainerRows(
    {
      original,
      name: 'digits',
      count: images,
      widthPx: samplePx,
      heightPx: samplePx,
      channels: 1,
      label: (index) => String(labels[index]),
    },
    intake,
  );
}

async function addContainerRows(
  container: {
    original: Original;
    name: string;
    count: number;
    widthPx: number;
    heightPx: number;
    channels: Channels;
    label: (index: number) => string | null;
  },
  { datasetId, queries, impression, control: { signal, progress } }: Intake,
): Promise<void> {
  const { original, name, count, widthPx, heightPx } = container;
  progress(0, count);
  for (let start = 0; start < count; start += batchRows) {
    signal.throwIfAborted();
    const pictures = Array.from({ length: Math.min(batchRows, count - start) }, (_unused, offset) => ({
      id: newId('picture'),
      ordinal: start + offset,
      name: `${name}#${start + offset}`,
      label: container.label(start + offset),
      widthPx,
      heightPx,
      originalSha256: original.sha256,
      originalIndex: start + offset,
    }));
    queries.addBatch(datasetId, { originals: [], pictures, quarantined: [], createdAt: Date.now() });
    for (const picture of pictures) note(impression, picture, container.channels === 1);
    progress(start + pictures.length);
    await setImmediate();
  }
}

function requireEnough(readable: number, unreadable: number): void {
  if (readable >= 2) return;
  throw new StudioError(
    'pictures-too-few',
    `Only ${readable} of ${readable + unreadable} pictures could be read, and a dataset needs at least 2. Nothing was kept.`,
    { readable, unreadable },
  );
}

function note(impression: Impression, picture: NewPicture, isGrey: boolean): void {
  impression.shorterSidesPx.push(Math.min(picture.widthPx, picture.heightPx));
  if (picture.widthPx !== 28 || picture.heightPx !== 28) impression.allAre28 = false;
  if (isGrey) impression.grey += 1;
  if (picture.label !== null) impression.labels.add(picture.label);
}

/** The first version that suits the pictures: a few coloured ones among hundreds of greys stay a matter of choice. */
export function propose({ shorterSidesPx, allAre28, grey, labels }: Impression): Dataset['proposal'] {
  const medianPx = shorterSidesPx.sort((a, b) => a - b)[Math.floor(shorterSidesPx.length / 2)]!;
  return {
    sizePx: allAre28 ? 28 : medianPx <= 40 ? 32 : 64,
    channels: grey >= 0.98 * shorterSidesPx.length ? 1 : 3,
    labelMode: labels.size >= 2 ? 'folders' : 'none',
  };
}
