import { StudioError } from '../contract/errors.ts';
import type { cleaningQueries } from '../store/cleaning.ts';
import { openFindingsProcess, type FoundParts } from './findings-process.ts';
import { openPace } from './pace.ts';

/** Puts the findings of datasets together from what was measured and learnt, and keeps them in the store. */
export function createFinder({
  databaseFile,
  cleaning,
  inTurn,
}: {
  databaseFile: string;
  cleaning: ReturnType<typeof cleaningQueries>;
  /** One write of a dataset's findings after the other. */
  inTurn: (id: string, work: () => Promise<void>) => Promise<void>;
}) {
  const finding = openFindingsProcess(databaseFile);
  const closing = new AbortController();
  /** Findings are put together one after the other; of those who wait, one is enough. */
  const underWay = new Map<string, { now: Promise<void>; next: Promise<void> | null }>();

  const write = async (id: string, found: FoundParts): Promise<void> => {
    const pace = openPace();
    // Written in parts so that nothing waits long; what a killed process leaves says that it is not complete.
    cleaning.setThresholds(id, cleaning.thresholds(id), false);
    while (await pace.step((rows) => cleaning.removeOpenFindings(id, rows)));
    while (await pace.step((rows) => cleaning.clearAlike(id, rows)));
    for (let [rank, set] = [0, 0]; ;) {
      const { findings, alike } = await found.next(pace.rows);
      if (findings.length + alike.length === 0) break;
      await pace.step(() => {
        if (findings.length > 0) cleaning.addFindings(id, findings, rank);
        if (alike.length > 0) cleaning.addAlike(id, alike, set);
      });
      rank += findings.length;
      set += alike.length;
    }
    cleaning.setThresholds(id, cleaning.thresholds(id), true);
  };
  const start = (id: string): Promise<void> => {
    const now = finding
      .find(id, closing.signal, (found) => inTurn(id, () => write(id, found)))
      .finally(() => {
        if (!underWay.get(id)?.next) underWay.delete(id);
      });
    underWay.set(id, { now, next: null });
    return now;
  };

  return {
    /**
     * Finds anew what is open; what was decided stays.
     *
     * @throws StudioError `cancelled` when the studio closes
     */
    find(id: string): Promise<void> {
      const known = underWay.get(id);
      if (!known) return start(id);
      known.next ??= known.now.catch(() => undefined).then(() => start(id));
      return known.next;
    },
    /** Stops what is being put together. */
    async close(): Promise<void> {
      closing.abort(new StudioError('cancelled', 'The studio is closing.'));
      finding.close();
      await Promise.allSettled(
        [...underWay.values()].flatMap(({ now, next }) => (next ? [now, next] : [now])),
      );
    },
  };
}
