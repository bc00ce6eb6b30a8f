import { availableParallelism } from 'node:os';
import type {
  CleaningOverview,
  CleaningThresholds,
  EmbeddingMap,
  Finding,
  FindingKind,
  FindingState,
  MapMethod,
} from '../contract/domain/cleaning.ts';
import { findingKinds } from '../contract/domain/cleaning.ts';
import type { Job } from '../contract/domain/jobs.ts';
import { StudioError } from '../contract/errors.ts';
import type { Measure, MeasuredPicture, PlacedPicture } from '../store/cleaning.ts';
import { cleaningQueries } from '../store/cleaning.ts';
import type { Database } from '../store/database.ts';
import { datasetQueries } from '../store/datasets.ts';
import { decisionQueries } from '../store/decisions.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { StudioBackends } from './backends.ts';
import { findAll, type Findings } from './cleaning-findings.ts';
import { measureRevision, measureStored, openBreath, unhurried } from './cleaning-measure.ts';
import { embeddingMap } from './cleaning-map.ts';
import { studyDataset, type StudyPart } from './cleaning-study.ts';
import type { Datasets } from './datasets.ts';
import type { JobControl, Jobs } from './jobs.ts';
import { orderedMap } from './ordered-map.ts';

export type Cleaning = ReturnType<typeof createCleaning>;

/** Rows that are read or written at a time, a few milliseconds each. */
const rowsAtOnce = 500;
const measuresAtOnce = 64;

/** Parts of a study, as shares of the time that all of it takes. */
const studyParts: Readonly<Record<StudyPart, readonly [start: number, share: number]>> = {
  pictures: [0, 0.15],
  embedding: [0.15, 0.35],
  map: [0.5, 0.2],
  labels: [0.7, 0.3],
};

/**
 * The review of a dataset: measured once for each picture, found anew whenever a threshold moves, decided by a person.
 * Nothing is deleted by it.
 */
export function createCleaning({
  database,
  workspace,
  jobs,
  backends,
  datasets,
}: {
  database: Database;
  workspace: Workspace;
  jobs: Jobs;
  backends: StudioBackends;
  datasets: Datasets;
}) {
  const queries = datasetQueries(database);
  const cleaning = cleaningQueries(database);
  const decisions = decisionQueries(database);
  const { originals } = datasets;
  const closing = new AbortController();
  /** The running review of each dataset. */
  const reviews = new Map<string, string>();
  /** Findings are put together one after the other; of those who wait, one is enough. */
  const finding = new Map<string, { now: Promise<void>; next: Promise<void> | null }>();

  /** The store of a dataset's findings is written by one at a time: decisions, and findings put together anew. */
  const turns = new Map<string, Promise<unknown>>();
  decisions.takeBackUnfinished(null, Date.now());

  const inTurn = <Result>(id: string, work: () => Promise<Result>): Promise<Result> => {
    const turn = (turns.get(id) ?? Promise.resolve()).then(work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    turns.set(id, settled);
    void settled.then(() => turns.get(id) === settled && turns.delete(id));
    return turn;
  };
  /** Decides to the end, also while the studio closes; what fails on the way leaves nothing behind. */
  const decideInTurn = (id: string, steps: () => Generator<number, unknown>): Promise<CleaningOverview> =>
    inTurn(id, async () => {
      datasets.get(id);
      const isEdit = () => decisions.last(id)?.verdict === 'edit';
      const wasEdit = isEdit();
      try {
        await unhurried(steps(), new AbortController().signal);
      } catch (error) {
        decisions.takeBackUnfinished(id, Date.now());
        datasets.get(id);
        throw error;
      }
      // What a review decides changes labels at most; terms are counted anew only where they may be others.
      if (wasEdit || isEdit()) datasets.sources.forget(id);
      else datasets.forgetClasses(id);
      return overview(id);
    });

  const overview = (id: string): CleaningOverview => {
    datasets.get(id);
    const counts = new Map(findingKinds.map((kind) => [kind, { kind, open: 0, accepted: 0, rejected: 0 }]));
    for (const { kind, state, n } of cleaning.findingCounts(id)) counts.get(kind)![state] = n;
    return {
      ...cleaning.figures(id),
      complete: cleaning.isComplete(id),
      thresholds: cleaning.thresholds(id),
      counts: [...counts.values()],
      lastDecision: decisions.last(id),
    };
  };

  const allOf = async <Row extends { ordinal: number }>(
    page: (after: number, limit: number) => Row[],
  ): Promise<Row[]> => {
    const rows: Row[] = [];
    const breath = openBreath();
    for (let after = -1; ;) {
      const some = page(after, rowsAtOnce);
      rows.push(...some);
      if (some.length < rowsAtOnce) return rows;
      after = some.at(-1)!.ordinal;
      await breath();
    }
  };
  const measuredPictures = (id: string): Promise<MeasuredPicture[]> =>
    allOf((after, limit) => cleaning.measured(id, after, limit));

  const measureAll = async (id: string, { signal, progress }: JobControl, extra: number): Promise<number> => {
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
  };

  const findNow = async (id: string, signal: AbortSignal): Promise<void> => {
    const thresholds = cleaning.thresholds(id);
    const pictures = await measuredPictures(id);
    const found = await findAll(
      {
        pictures,
        unreadable: cleaning.quarantined(id),
        remoteness: new Map(cleaning.remoteness(id).map((each) => [each.pictureId, each.remoteness])),
        labelReviews: new Map(cleaning.labelReviews(id).map((each) => [each.pictureId, each])),
        thresholds,
      },
      signal,
    );
    await inTurn(id, () => writeFound(id, found, signal));
  };

  const writeFound = async (id: string, { findings, alike }: Findings, signal: AbortSignal) => {
    signal.throwIfAborted();
    const breath = openBreath();
    // Written in parts so that nothing waits long; what a killed process leaves says that it is not complete.
    cleaning.setThresholds(id, cleaning.thresholds(id), false);
    while (cleaning.removeOpenFindings(id, rowsAtOnce)) await breath();
    for (let first = 0; first < findings.length; first += rowsAtOnce) {
      cleaning.addFindings(id, findings.slice(first, first + rowsAtOnce), first);
      await breath();
    }
    while (cleaning.clearAlike(id, rowsAtOnce)) await breath();
    for (let first = 0; first < alike.length; first += rowsAtOnce) {
      cleaning.addAlike(id, alike.slice(first, first + rowsAtOnce), first);
      await breath();
    }
    cleaning.setThresholds(id, cleaning.thresholds(id), true);
  };

  const find = (id: string): Promise<void> => {
    const known = finding.get(id);
    const start = (): Promise<void> => {
      const now = findNow(id, closing.signal).finally(() => {
        const entry = finding.get(id);
        if (entry && !entry.next) finding.delete(id);
      });
      return now;
    };
    if (!known) {
      const now = start();
      finding.set(id, { now, next: null });
      return now;
    }
    if (!known.next) {
      known.next = known.now
        .catch(() => undefined)
        .then(() => {
          const now = start();
          finding.set(id, { now, next: null });
          return now;
        });
    }
    return known.next;
  };

  const review = async (id: string, learn: boolean, control: JobControl): Promise<CleaningOverview> => {
    const { pictures } = cleaning.figures(id);
    const extra = learn ? pictures : 0;
    const measuredNow = await measureAll(id, control, extra);
    await find(id);
    control.signal.throwIfAborted();
    if (learn) {
      const measured = await measuredPictures(id);
      const total = measuredNow + extra;
      const tools = { cleaning, queries, workspace, originals, backends };
      await studyDataset(id, measured, tools, control.signal, (part, share) => {
        const [start, of] = studyParts[part];
        control.progress(Math.floor(total - extra + extra * (start + of * share)));
      });
      control.signal.throwIfAborted();
      await find(id);
      control.progress(total);
    }
    return overview(id);
  };

  return {
    /** @throws StudioError `not-found` */
    overview,
    /** For decisions that are made elsewhere. */
    decideInTurn,

    /**
     * Starts a review: pictures that were not measured yet are, and with `learn` the engine learns from the set itself, for
     * the outliers, the map and the labels.
     *
     * @throws StudioError `not-found`, `not-possible-now` while an import or another review of it is running
     */
    start(id: string, learn: boolean): { job: Job; finished: Promise<CleaningOverview> } {
      const { name, importing } = datasets.get(id);
      if (importing || reviews.has(id)) {
        throw new StudioError(
          'not-possible-now',
          importing
            ? `The pictures of “${name}” are still coming in. Wait until the import has ended.`
            : `“${name}” is being reviewed already. Wait until that has ended, or cancel it.`,
          { name },
        );
      }
      const started = jobs.start('cleaning', name, async (control) => {
        control.result(id);
        try {
          return await review(id, learn, control);
        } finally {
          reviews.delete(id);
        }
      });
      reviews.set(id, started.job.id);
      return started;
    },

    /**
     * Moves thresholds; what is open is found anew from what was measured, and what was decided stays.
     *
     * @throws StudioError `not-found`
     */
    async adjust(id: string, changes: Partial<CleaningThresholds>): Promise<CleaningOverview> {
      datasets.get(id);
      const thresholds = { ...cleaning.thresholds(id), ...changes };
      cleaning.setThresholds(id, thresholds, cleaning.isComplete(id));
      await find(id);
      return overview(id);
    },

    /** @throws StudioError `not-found` */
    findings(
      id: string,
      kind: FindingKind,
      state: FindingState,
      offset: number,
      limit: number,
    ): { total: number; items: Finding[] } {
      datasets.get(id);
      return cleaning.findings(id, kind, state, offset, limit);
    },

    /**
     * Accepts or rejects findings, one, many or all open ones of a kind.
     *
     * @throws StudioError `not-found`
     */
    decide(
      id: string,
      verdict: 'accept' | 'reject',
      which: { findingIds: readonly number[] } | { kind: FindingKind },
    ): Promise<CleaningOverview> {
      return decideInTurn(id, () => decisions.decide(id, verdict, which, Date.now()));
    },

    /**
     * Keeps pictures out of versions, or takes them in again.
     *
     * @throws StudioError `not-found`
     */
    exclude(id: string, pictureIds: readonly string[], excluded: boolean): Promise<CleaningOverview> {
      return decideInTurn(id, () => decisions.exclude(id, pictureIds, excluded, Date.now()));
    },

    /**
     * Takes the last decision back; without one, nothing happens.
     *
     * @param expected where it is given, only this decision is taken back
     * @throws StudioError `not-found`, `not-possible-now` where another was made since
     */
    undo(id: string, expected?: number): Promise<CleaningOverview> {
      return decideInTurn(id, () => {
        if (expected !== undefined && decisions.last(id)?.id !== expected) {
          const { name } = datasets.get(id);
          throw new StudioError(
            'not-possible-now',
            `Something else was decided about “${name}” since. Take that back first.`,
            { name },
          );
        }
        return decisions.undo(id, Date.now());
      });
    },

    /**
     * The pictures on a plane; empty before a review has learnt it.
     *
     * @throws StudioError `not-found`
     */
    async map(id: string, method: MapMethod): Promise<EmbeddingMap> {
      datasets.get(id);
      const placed: PlacedPicture[] = await allOf((after, limit) => cleaning.placed(id, after, limit));
      return embeddingMap(placed, method);
    },

    /** Stops what is being put together; jobs are stopped by their registry. */
    async close(): Promise<void> {
      closing.abort(new StudioError('cancelled', 'The studio is closing.'));
      await Promise.allSettled(turns.values());
      await Promise.allSettled(
        [...finding.values()].flatMap(({ now, next }) => (next ? [now, next] : [now])),
      );
    },
  };
}
