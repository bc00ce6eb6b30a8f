import type { DatasetVersion } from '../contract/domain/datasets.ts';
import type { DifferenceKind, VersionComparison, VersionDifference } from '../contract/domain/versions.ts';
import type { versionQueries } from '../store/versions.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { remember } from './recently-used.ts';
import { compareVersions, type ComparedVersions } from './version-compare.ts';
import { measuredStatistics } from './version-statistics.ts';

/** The last comparisons stay at hand, as their differences are asked for page by page. */
const keptComparisons = 4;

/** What differs between the versions of a dataset. */
export function createVersionComparisons({
  versions,
  workspace,
  version,
}: {
  versions: ReturnType<typeof versionQueries>;
  workspace: Workspace;
  /** @throws StudioError `not-found` */
  version: (datasetId: string, number: number) => DatasetVersion;
}) {
  const comparisons = new Map<string, Promise<ComparedVersions>>();

  const compared = (datasetId: string, from: number, to: number): Promise<ComparedVersions> => {
    const key = `${datasetId}/${from}/${to}`;
    const side = (number: number) => ({
      version: version(datasetId, number),
      pictures: versions.pictures(datasetId, number),
    });
    const known = comparisons.get(key) ?? compareVersions(side(from), side(to), workspace);
    remember(comparisons, key, known, keptComparisons);
    return known;
  };

  /** Those of versions from before they were kept are measured once. */
  const statisticsOf = async (datasetId: string, number: number) => {
    const found = version(datasetId, number);
    if (found.statistics) return found.statistics;
    const measured = await measuredStatistics(found, workspace);
    if (measured) versions.setStatistics(datasetId, number, measured);
    return measured;
  };

  return {
    /** @throws StudioError `not-found`, `dataset-changed` */
    async compare(datasetId: string, from: number, to: number): Promise<VersionComparison> {
      const { comparison } = await compared(datasetId, from, to);
      return {
        ...comparison,
        statistics: {
          from: await statisticsOf(datasetId, from),
          to: await statisticsOf(datasetId, to),
        },
      };
    },

    /** @throws StudioError `not-found`, `dataset-changed` */
    async differences(
      datasetId: string,
      from: number,
      to: number,
      kind: DifferenceKind,
      offset: number,
      limit: number,
    ): Promise<{ total: number; items: VersionDifference[] }> {
      const { differences } = await compared(datasetId, from, to);
      const ofKind = differences.filter((difference) => difference.kind === kind);
      return { total: ofKind.length, items: ofKind.slice(offset, offset + limit) };
    },
  };
}
