/** What the dataset station costs, and how well a review finds what was hidden: the figures of `datasets`. */
import type { DatasetFigure } from './dataset-figure.ts';
import { benchGridQueries } from './grid-queries.ts';
import { benchGridScroll } from './grid-scroll.ts';
import { benchImport } from './import.ts';
import { benchLabels } from './label-review.ts';
import { benchNearDuplicates } from './near-duplicates.ts';
import { benchPauses } from './pauses.ts';
import { benchPlanted } from './planted.ts';
import { benchSkinTones } from './skin-tones.ts';

/** One part of the figures; none where the pictures that it needs are not there, which it then says. */
type Part = () => DatasetFigure[] | Promise<DatasetFigure[]>;

/** By name, so that one of them can be asked for alone: `--only near-duplicates,labels`. */
export const datasetParts: Readonly<Record<string, Part>> = {
  import: benchImport,
  'near-duplicates': benchNearDuplicates,
  grid: benchGridQueries,
  pauses: benchPauses,
  'grid-scroll': benchGridScroll,
  planted: benchPlanted,
  'skin-tones': benchSkinTones,
  labels: benchLabels,
};

export async function benchDatasets(
  only: readonly string[],
  say: (line: string) => void,
): Promise<DatasetFigure[]> {
  const figures: DatasetFigure[] = [];
  for (const [name, part] of Object.entries(datasetParts)) {
    if (only.length > 0 && !only.includes(name)) continue;
    say(`datasets: ${name}`);
    figures.push(...(await part()));
  }
  return figures;
}

export const datasetsTable = (figures: readonly DatasetFigure[]): string =>
  [
    '| datasets | found | aim |',
    '|---|---|---|',
    ...figures.map(({ what, found, aim }) => `| ${what} | ${found} | ${aim} |`),
  ].join('\n');
