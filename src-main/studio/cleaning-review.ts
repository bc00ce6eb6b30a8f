import { availableParallelism } from 'node:os';
import type { Measure, MeasuredPicture } from '../store/measures.ts';
import { measureRevision, measureStored } from './cleaning-measure.ts';
import { studyDataset, type StudyPart, type StudyTools } from './cleaning-study.ts';
import type { JobControl } from './jobs.ts';
import { orderedMap } from './ordered-map.ts';
import { openBreath } from './pace.ts';

/** Rows that are read at a time, a few milliseconds each. */
const rowsAtOnce = 300;
const measuresAtOnce = 64;

/** Parts of a study, as shares of the time that all of it takes. */
const studyParts: Readonly<Record<StudyPart, readonly [start: number, share: number]>> = {
  pictures: [0, 0.15],
  embedding: [0.15, 0.35],
  map: [0.5, 0.2],
  labels: [0.7, 0.3],
};

/** All rows of a table that is read a page at a time, with breaks in between. */
export async function allOf<Row extends { ordinal: number }>(
  page: (after: number, limit: number) => Row[],
): Promise<Row[]> {
  const rows: Row[] = [];
  const breath = openBreath();
  for (let after = -1; ;) {
    const some = page(after, rowsAtOnce);
    rows.push(...some);
    if (some.length < rowsAtOnce) return rows;
    after = some.at(-1)!.ordinal;
    await breath();
  }
}

async function measureAll(
  id: string,
  { cleaning, queries, originals }: StudyTools,
  { signal, progress }: JobControl,
  extra: number,
): Promise<number> {
  const missing = await allOf((after, limit) => cleaning.unmeasured(id, measureRevision, after, limit));
  progress(0, missing.length + extra);
  const breath = openBreath();
  let batch: Measure[] = [];
  let done = 0;
  const flush = () => {
    cleaning.addMeasures(id, measureRevision, batch);
    batch = [];
  };
  const measure = async ({ id: pictureId }: { id: string }): Promise<Measure> => {
    signal.throwIfAborted();
    await breath();
    const stored = queries.picture(pictureId);
    if (!stored) throw new Error(`The picture ${pictureId} is gone.`);
    return measureStored(stored, originals);
  };
  for await (const measured of orderedMap(missing, 2 * availableParallelism(), measure)) {
    signal.throwIfAborted();
    batch.push(measured);
    done += 1;
    if (batch.length === measuresAtOnce) flush();
    progress(done);
  }
  flush();
  return missing.length;
}

/**
 * Measures what was not measured yet and finds; with `learn` the engine learns from the set, and it finds once more.
 *
 * @param find see `createFinder`
 * @throws StudioError what measuring and the engine report; the signal's reason
 */
export async function reviewDataset(
  id: string,
  learn: boolean,
  tools: StudyTools,
  find: (id: string) => Promise<void>,
  control: JobControl,
): Promise<void> {
  const { pictures } = tools.cleaning.figures(id);
  const extra = learn ? pictures : 0;
  const measuredNow = await measureAll(id, tools, control, extra);
  await find(id);
  control.signal.throwIfAborted();
  if (!learn) return;
  const measured: MeasuredPicture[] = await allOf((after, limit) =>
    tools.cleaning.measured(id, after, limit),
  );
  const total = measuredNow + extra;
  await studyDataset(id, measured, tools, control.signal, (part, share) => {
    const [start, of] = studyParts[part];
    control.progress(Math.floor(total - extra + extra * (start + of * share)));
  });
  control.signal.throwIfAborted();
  await find(id);
  control.progress(total);
}
