import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { engineProtocol } from '../contract/engine-messages.ts';
import { compareNames } from '../imaging/name-order.ts';
import type { cleaningQueries } from '../store/cleaning.ts';
import type { datasetQueries } from '../store/datasets.ts';
import type { MeasuredPicture } from '../store/measures.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { StudioBackends } from './backends.ts';
import { studiedPixels } from './cleaning-measure.ts';
import type { DatasetOriginals } from './dataset-originals.ts';
import { runEngineJob } from './engine-process.ts';
import { orderedMap } from './ordered-map.ts';
import { openBreath, openPace } from './pace.ts';

/** The side that pictures are studied at. */
const studiedPx = 32;
const studySeed = 1;
/** Fewer pictures have no neighbourhood to be strange in. */
const fewestPictures = 12;
/** Cross-validation needs enough pictures of a class in each part: a classifier of a handful doubts everything. */
const fewestOfClass = 16;
const mostClasses = 200;
const rowsAtOnce = 500;

export interface StudyTools {
  cleaning: ReturnType<typeof cleaningQueries>;
  queries: ReturnType<typeof datasetQueries>;
  workspace: Workspace;
  originals: DatasetOriginals;
  backends: StudioBackends;
}

export type StudyPart = 'pictures' | 'embedding' | 'map' | 'labels';

/**
 * Has the engine learn from the set itself: places on the map, how strange each picture is, and whether its label
 * fits. What is learnt goes to the store part by part.
 *
 * @param pictures all measured pictures, in the dataset's order
 * @param tell hears how much of a part is done, 0…1, and `stored` when its results are in the store
 * @throws StudioError what the engine reports; the signal's reason
 */
export async function studyDataset(
  datasetId: string,
  pictures: readonly MeasuredPicture[],
  tools: StudyTools,
  signal: AbortSignal,
  tell: (part: StudyPart, share: number) => void,
): Promise<void> {
  if (pictures.length < fewestPictures) return;
  const folder = await tools.workspace.newStaging('study');
  try {
    const channels = pictures.every(({ colourMode }) => colourMode === 'grey') ? 1 : 3;
    const pictureBytes = studiedPx * studiedPx * channels;
    await writePictures(pictures, channels, folder, tools, signal, tell);
    const job = {
      job: 'study',
      protocol: engineProtocol,
      sizePx: studiedPx,
      channels,
      seed: studySeed,
    } as const;

    await tools.backends.use((backend) =>
      runEngineJob(
        { ...job, backend, folder, images: pictures.length, embedding: true, classes: 0 },
        async (report) => {
          if (report.report !== 'study') return;
          if (report.share === 1 && report.part === 'embedding') {
            await storeEmbedding(datasetId, pictures, folder, tools);
          }
          if (report.share === 1 && report.part === 'map') await storeMap(pictures, folder, tools);
          tell(report.part, report.share);
        },
        signal,
      ),
    );

    const reviewed = reviewable(pictures);
    if (!reviewed) return tools.cleaning.clearLabelReviews(datasetId);
    const { places, classes } = reviewed;
    const labelFolder = await tools.workspace.newStaging('study-labels');
    try {
      await copyRows(join(folder, 'images.u8'), join(labelFolder, 'images.u8'), places, pictureBytes);
      const numbers = new Map(classes.map((name, number) => [name, number]));
      const labels = Buffer.alloc(places.length * 4);
      places.forEach((place, at) => labels.writeInt32LE(numbers.get(pictures[place]!.label!)!, at * 4));
      await writeFile(join(labelFolder, 'labels.i32'), labels);
      await tools.backends.use((backend) =>
        runEngineJob(
          {
            ...{ ...job, backend, folder: labelFolder, images: places.length },
            ...{ embedding: false, classes: classes.length },
          },
          (report) => {
            if (report.report === 'study') tell(report.part, report.share);
          },
          signal,
        ),
      );
      const of = places.map((place) => pictures[place]!);
      await storeReviews(datasetId, of, classes, labelFolder, tools);
    } finally {
      await rm(labelFolder, { recursive: true, force: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writePictures(
  pictures: readonly MeasuredPicture[],
  channels: 1 | 3,
  folder: string,
  { queries, originals }: StudyTools,
  signal: AbortSignal,
  tell: (part: StudyPart, share: number) => void,
): Promise<void> {
  const file = await open(join(folder, 'images.u8'), 'w');
  const breath = openBreath();
  try {
    let rows: Uint8Array[] = [];
    let done = 0;
    const flush = async () => {
      await file.writeFile(Buffer.concat(rows));
      rows = [];
    };
    const make = async ({ pictureId }: MeasuredPicture): Promise<Uint8Array> => {
      signal.throwIfAborted();
      await breath();
      const stored = queries.picture(pictureId);
      // Nothing takes a picture out of a dataset while it is reviewed.
      if (!stored) throw new Error(`The picture ${pictureId} is gone.`);
      return studiedPixels(stored, originals, studiedPx, channels);
    };
    for await (const row of orderedMap(pictures, 2 * availableParallelism(), make)) {
      signal.throwIfAborted();
      rows.push(row);
      done += 1;
      if (rows.length === rowsAtOnce) await flush();
      tell('pictures', done / pictures.length);
    }
    await flush();
  } finally {
    await file.close();
  }
}

async function copyRows(
  from: string,
  to: string,
  places: readonly number[],
  rowBytes: number,
): Promise<void> {
  const source = await open(from);
  const target = await open(to, 'w');
  try {
    for (let first = 0; first < places.length; first += rowsAtOnce) {
      const some = places.slice(first, first + rowsAtOnce);
      const rows = Buffer.alloc(some.length * rowBytes);
      for (const [at, place] of some.entries()) {
        await source.read(rows, at * rowBytes, rowBytes, place * rowBytes);
      }
      await target.writeFile(rows);
    }
  } finally {
    await source.close();
    await target.close();
  }
}

async function readFloats(folder: string, file: string): Promise<Float32Array> {
  // A copy of its own starts at a whole number.
  const bytes = new Uint8Array(await readFile(join(folder, file)));
  return new Float32Array(bytes.buffer);
}

async function inParts<Item>(items: readonly Item[], store: (some: Item[]) => void): Promise<void> {
  const pace = openPace();
  for (let done = 0; done < items.length;) {
    await pace.step((rows) => {
      store(items.slice(done, done + rows));
      done += rows;
    });
  }
}

async function storeEmbedding(
  datasetId: string,
  pictures: readonly MeasuredPicture[],
  folder: string,
  { cleaning }: StudyTools,
): Promise<void> {
  const remoteness = await readFloats(folder, 'remoteness.f32');
  const plane = await readFloats(folder, 'principal-plane.f32');
  const points = pictures.map(({ pictureId }, at) => ({
    pictureId,
    pcaX: plane[at * 2]!,
    pcaY: plane[at * 2 + 1]!,
    remoteness: remoteness[at]!,
  }));
  await inParts(points, (some) => cleaning.addMapPoints(datasetId, some));
}

async function storeMap(
  pictures: readonly MeasuredPicture[],
  folder: string,
  { cleaning }: StudyTools,
): Promise<void> {
  const plane = await readFloats(folder, 'plane-map.f32');
  const points = pictures.map(({ pictureId }, at) => ({
    pictureId,
    x: plane[at * 2]!,
    y: plane[at * 2 + 1]!,
  }));
  await inParts(points, (some) => cleaning.placeOnMap(some));
}

/** Pictures whose labels can be reviewed, and the classes among them; null where there are too few. */
function reviewable(pictures: readonly MeasuredPicture[]): { places: number[]; classes: string[] } | null {
  const counts = new Map<string, number>();
  const isTaken = ({ label, exclusion }: MeasuredPicture) => label !== null && exclusion === null;
  for (const picture of pictures) {
    if (isTaken(picture)) counts.set(picture.label!, (counts.get(picture.label!) ?? 0) + 1);
  }
  const classes = [...counts]
    .filter(([, count]) => count >= fewestOfClass)
    .map(([name]) => name)
    .sort(compareNames);
  if (classes.length < 2 || classes.length > mostClasses) return null;
  const known = new Set(classes);
  const places = pictures.flatMap((picture, place) =>
    isTaken(picture) && known.has(picture.label!) ? [place] : [],
  );
  return { places, classes };
}

async function storeReviews(
  datasetId: string,
  pictures: readonly MeasuredPicture[],
  classes: readonly string[],
  folder: string,
  { cleaning }: StudyTools,
): Promise<void> {
  const probabilities = await readFloats(folder, 'probabilities.f32');
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const reviews = pictures.map(({ pictureId, label }, at) => {
    const row = probabilities.subarray(at * classes.length, (at + 1) * classes.length);
    const best = row.indexOf(row.reduce((most, value) => Math.max(most, value), 0));
    return {
      pictureId,
      given: label!,
      givenProbability: row[numbers.get(label!)!]!,
      suggested: classes[best]!,
      suggestedProbability: row[best]!,
    };
  });
  cleaning.clearLabelReviews(datasetId);
  await inParts(reviews, (some) => cleaning.addLabelReviews(datasetId, some));
}
