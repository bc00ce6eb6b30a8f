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
import { cleaningQueries } from '../store/cleaning.ts';
import type { Database } from '../store/database.ts';
import { datasetQueries } from '../store/datasets.ts';
import { decisionQueries } from '../store/decisions.ts';
import type { PlacedPicture } from '../store/learnt.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { StudioBackends } from './backends.ts';
import { createFinder } from './cleaning-find.ts';
import { embeddingMap } from './cleaning-map.ts';
import { allOf, reviewDataset } from './cleaning-review.ts';
import type { Datasets } from './datasets.ts';
import type { Jobs } from './jobs.ts';
import { unhurried } from './pace.ts';

export type Cleaning = ReturnType<typeof createCleaning>;

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
  const tools = { cleaning, queries, workspace, originals: datasets.originals, backends };
  /** The running review of each dataset. */
  const reviews = new Map<string, string>();

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
  const finder = createFinder({ databaseFile: workspace.databaseFile, cleaning, inTurn });
  /** Decides to the end, also while the studio closes; what fails on the way leaves nothing behind. */
  const decideInTurn = (id: string, steps: () => Generator<number, unknown>): Promise<CleaningOverview> =>
    inTurn(id, async () => {
      datasets.identify(id);
      const isEdit = () => decisions.last(id)?.verdict === 'edit';
      const wasEdit = isEdit();
      try {
        await unhurried(steps(), new AbortController().signal);
      } catch (error) {
        decisions.takeBackUnfinished(id, Date.now());
        datasets.identify(id);
        throw error;
      }
      // What a review decides changes labels at most; terms are counted anew only where they may be others.
      if (wasEdit || isEdit()) datasets.sources.forget(id);
      else datasets.forgetClasses(id);
      return overview(id);
    });

  const overview = (id: string): CleaningOverview => {
    datasets.identify(id);
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
      const { name, importing } = datasets.identify(id);
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
          await reviewDataset(id, learn, tools, finder.find, control);
          return overview(id);
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
      datasets.identify(id);
      const thresholds = { ...cleaning.thresholds(id), ...changes };
      cleaning.setThresholds(id, thresholds, cleaning.isComplete(id));
      await finder.find(id);
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
      datasets.identify(id);
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
      datasets.identify(id);
      const placed: PlacedPicture[] = await allOf((after, limit) => cleaning.placed(id, after, limit));
      return embeddingMap(placed, method);
    },

    /** Stops what is being put together; jobs are stopped by their registry. */
    async close(): Promise<void> {
      await finder.close();
      await Promise.allSettled(turns.values());
    },
  };
}
