import { createReadStream } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Dataset } from '../contract/domain/datasets.ts';
import type { FileRights } from '../contract/domain/licences.ts';
import { fromFailure, StudioError, toFailure, type Failure } from '../contract/errors.ts';
import type { IntakeResult } from '../imaging/intake-messages.ts';
import type { ContainerFile, OpenedSource, SourceItem } from '../imaging/source-picture.ts';
import type { NewPicture, Original, datasetQueries } from '../store/datasets.ts';
import { newId, toFileError } from '../workspace/files.ts';
import type { DatasetOriginals } from './dataset-originals.ts';
import { openIntakePool } from './intake-pool.ts';
import type { JobControl } from './jobs.ts';
import { orderedMap } from './ordered-map.ts';

/** Where what is taken in goes, and how it is told. */
export interface Intake {
  datasetId: string;
  sourceId: string;
  queries: ReturnType<typeof datasetQueries>;
  claims: ReturnType<DatasetOriginals['openClaims']>;
  /** A folder on the workspace's disk for files on their way in. */
  staging: string;
  /** Every original that was put in place. */
  stored: Map<string, Original>;
  /** Fewer readable pictures than these are a failure. */
  fewest: number;
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

/** What pictures that are held in memory may weigh together; those on the disk are read by the children. */
const heldBytes = 64 * 1024 * 1024;
/** Where nobody knows the size of what is to be read, such as a download. */
const supposedBytes = 1024 * 1024;

type Taken =
  | { kind: 'picture'; original: Original | null; picture: Omit<NewPicture, 'ordinal'>; isGrey: boolean }
  | { kind: 'quarantined'; name: string; failure: Failure };

const ofOnePicture = (thrown: unknown): thrown is StudioError =>
  thrown instanceof StudioError && (thrown.code === 'file-unreadable' || thrown.code === 'archive-corrupt');

/**
 * Takes in what a source offers: pictures that are files are decoded to their end, stored, and named in a row;
 * containers are stored as a whole, and each of their pictures is a row that points into them. What cannot be read
 * is put aside by name. Rows follow the order of the source.
 *
 * @throws StudioError `pictures-too-few`, `path-missing`, `disk-full`, `cancelled`, and what the source's reader throws
 */
export async function takeIn(source: OpenedSource, intake: Intake): Promise<void> {
  const { datasetId, sourceId, queries, impression, control, staging } = intake;
  const { signal, progress } = control;
  progress(0, source.total);
  const containers = await putContainers(source, intake);
  const pool = openIntakePool(staging, signal);
  const take = async (item: SourceItem): Promise<Taken> => {
    try {
      signal.throwIfAborted();
      return item.content.kind === 'pixels'
        ? fromContainer(item, containers[item.content.container]!)
        : await fromFile(item);
    } catch (thrown) {
      if (!ofOnePicture(thrown)) throw thrown;
      return { kind: 'quarantined', name: item.name, failure: toFailure(thrown) };
    }
  };
  const fromFile = async (item: SourceItem): Promise<Taken> => {
    const { content, name } = item;
    if (content.kind === 'failed') return { kind: 'quarantined', name, failure: toFailure(content.failure) };
    if (content.kind === 'pixels') throw new Error('A picture of a container is no file.');
    const read = async () => pool.take({ name, path: null, bytes: await content.read(signal) });
    let result: IntakeResult;
    if (content.path !== undefined) {
      result = await pool.take({ name, path: content.path, bytes: null });
      // The reader of the source knows why; and where it finds nothing wrong, its bytes will do.
      if (result.kind === 'not-read') result = await read();
    } else result = await read();
    signal.throwIfAborted();
    switch (result.kind) {
      case 'not-read':
        throw new Error(`“${name}” was handed over and could not be read.`);
      case 'not-written':
        throw toFileError(Object.assign(new Error(result.message), { code: result.code }), staging);
      case 'refused': {
        const thrown = fromFailure(result.failure);
        if (ofOnePicture(thrown)) return { kind: 'quarantined', name, failure: result.failure };
        throw thrown;
      }
      case 'taken': {
        const original = await intake.claims.adopt(result.file, result);
        intake.stored.set(original.sha256, original);
        const { widthPx, heightPx, isGrey } = result;
        const place = { originalSha256: original.sha256, originalIndex: null };
        const picture = { ...factsOf(item, result.rights), widthPx, heightPx, ...place };
        return { kind: 'picture', original, picture, isGrey };
      }
    }
  };

  let ordinal = queries.nextOrdinal(datasetId);
  let batch: Taken[] = [];
  let flushedAt = Date.now();
  let [readable, unreadable] = [0, 0];
  const flush = () => {
    const originals: Original[] = [];
    const pictures: NewPicture[] = [];
    const quarantined: { ordinal: number; name: string; reason: Failure }[] = [];
    for (const taken of batch) {
      if (taken.kind === 'quarantined')
        quarantined.push({ ordinal, name: taken.name, reason: taken.failure });
      else {
        if (taken.original) originals.push(taken.original);
        pictures.push({ ...taken.picture, ordinal });
      }
      ordinal += 1;
    }
    queries.addBatch(datasetId, sourceId, { originals, pictures, quarantined, createdAt: Date.now() });
    batch = [];
    flushedAt = Date.now();
  };
  const weigh = ({ content }: SourceItem): number =>
    content.kind === 'file' && content.path === undefined ? (content.bytes ?? supposedBytes) : 0;
  try {
    const all = orderedMap(source.items(signal), pool.ahead, take, { weigh, most: heldBytes });
    for await (const taken of all) {
      signal.throwIfAborted();
      batch.push(taken);
      if (taken.kind === 'picture') {
        readable += 1;
        note(impression, taken.picture, taken.isGrey);
      } else unreadable += 1;
      if (batch.length >= batchRows || Date.now() - flushedAt >= batchMs) {
        flush();
        await setImmediate();
      }
      progress(readable + unreadable);
    }
    requireEnough(readable, unreadable, intake.fewest);
    flush();
  } finally {
    pool.close();
  }
}

/** A row counts before what the file carries within. */
function factsOf(
  { name, label, caption, rights, columns }: SourceItem,
  inFile: FileRights | null = null,
): Omit<NewPicture, 'ordinal' | 'originalSha256' | 'originalIndex' | 'widthPx' | 'heightPx'> {
  const all = { ...inFile, ...rights };
  const origins = Object.keys(all).map((key) => [key, rights && key in rights ? 'row' : 'file'] as const);
  const isKnown = origins.length > 0;
  return {
    ...{ id: newId('picture'), name, label, caption, columns },
    rights: isKnown ? all : null,
    rightsFrom: isKnown ? Object.fromEntries(origins) : null,
  };
}

function fromContainer(
  item: SourceItem,
  container: { original: Original; file: Pick<ContainerFile, 'widthPx' | 'heightPx' | 'channels'> },
): Taken {
  const { original, file } = container;
  const index = item.content.kind === 'pixels' ? item.content.index : 0;
  const place = { originalSha256: original.sha256, originalIndex: index };
  const picture = { ...factsOf(item), widthPx: file.widthPx, heightPx: file.heightPx, ...place };
  return { kind: 'picture', original: null, picture, isGrey: file.channels === 1 };
}

/** Stores the containers of a source, and the files beside them, before any row points to them. */
async function putContainers(source: OpenedSource, intake: Intake) {
  const put = (path: string, extension: string) => putFile(path, extension, intake);
  const stored: { original: Original; file: ContainerFile }[] = [];
  for (const file of source.containers) {
    stored.push({ file, original: await put(file.path, file.extension) });
  }
  const companions: { original: Original; name: string }[] = [];
  for (const { path, name, extension } of source.companions) {
    companions.push({ name, original: await put(path, extension) });
  }
  if (stored.length === 0) return stored;
  intake.queries.addBatch(intake.datasetId, intake.sourceId, {
    originals: [...stored, ...companions].map(({ original }) => original),
    pictures: [],
    quarantined: [],
    companions: companions.map(({ original, name }) => ({ sha256: original.sha256, name })),
    createdAt: Date.now(),
  });
  return stored;
}

/**
 * Copies a file of any size to its place among the originals.
 *
 * @throws StudioError `path-missing`, `disk-full`, `cancelled`
 */
async function putFile(path: string, extension: string, intake: Intake): Promise<Original> {
  const { signal } = intake.control;
  const copy = join(intake.staging, newId('container'));
  try {
    await copyFile(path, copy);
  } catch (thrown) {
    const isGone = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    if (!isGone) throw toFileError(thrown, copy);
    throw new StudioError('path-missing', `“${path}” is no longer there. Import it again.`, { path }, thrown);
  }
  signal.throwIfAborted();
  const hash = createHash('sha256');
  let bytes = 0;
  // What was copied counts, not what may be written to the source meanwhile.
  for await (const chunk of createReadStream(copy, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  const original = await intake.claims.adopt(copy, { sha256: hash.digest('hex'), extension, bytes });
  intake.stored.set(original.sha256, original);
  return original;
}

function requireEnough(readable: number, unreadable: number, fewest: number): void {
  if (readable >= fewest) return;
  throw new StudioError(
    'pictures-too-few',
    `Only ${readable} of ${readable + unreadable} pictures could be read, and at least ${fewest} ${fewest === 1 ? 'is' : 'are'} needed. Nothing was kept.`,
    { readable, unreadable, needed: fewest },
  );
}

function note(impression: Impression, picture: Omit<NewPicture, 'ordinal'>, isGrey: boolean): void {
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
