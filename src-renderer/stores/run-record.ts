import type { MetricPoint, Run, RunEvent, SampleSheet } from '../../src-main/contract/domain/runs.ts';

/** A run with its history, both in the order of steps. */
export interface RunRecord {
  readonly run: Run | null;
  readonly points: readonly MetricPoint[];
  readonly sheets: readonly SampleSheet[];
}

export const emptyRecord: RunRecord = { run: null, points: [], sheets: [] };

/** `known` with `news` behind it; where both have a step, the news hold. */
function extend<Item extends { step: number }>(known: readonly Item[], news: readonly Item[]): Item[] {
  const first = news[0];
  if (!first) return [...known];
  const last = known.at(-1);
  if (!last || last.step < first.step) return [...known, ...news];
  const bySteps = new Map(known.map((item) => [item.step, item]));
  for (const item of news) bySteps.set(item.step, item);
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
}

/** The record after an event of `runs.watch`. */
export function applyRunEvent(record: RunRecord, event: RunEvent): RunRecord {
  switch (event.type) {
    case 'run':
      return { ...record, run: event.run };
    case 'metrics':
      return { ...record, points: extend(record.points, event.points) };
    case 'samples':
      return { ...record, sheets: extend(record.sheets, event.sheets) };
    case 'rewound':
      return {
        ...record,
        points: record.points.filter((point) => point.step <= event.step),
        sheets: record.sheets.filter((sheet) => sheet.step <= event.step),
      };
  }
}
