export interface PlotPoint {
  x: number;
  y: number;
}

/**
 * The points that still matter when a line is drawn over `buckets` columns: the first, the last, and the
 * lowest and highest of every column, in their order. At most `2 * buckets + 2` points, so a spike of one
 * step stays visible in a run of a million.
 */
export function decimate(points: readonly PlotPoint[], buckets: number): PlotPoint[] {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || points.length <= 2 * buckets + 2) return [...points];
  const width = (last.x - first.x) / buckets || 1;
  const kept: PlotPoint[] = [first];
  let index = 1;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const end = bucket === buckets - 1 ? Infinity : first.x + width * (bucket + 1);
    let lowest: PlotPoint | undefined;
    let highest: PlotPoint | undefined;
    for (; index < points.length - 1; index++) {
      const point = points[index]!;
      if (point.x >= end) break;
      if (!lowest || point.y < lowest.y) lowest = point;
      if (!highest || point.y > highest.y) highest = point;
    }
    if (!lowest || !highest) continue;
    if (lowest === highest) kept.push(lowest);
    else if (lowest.x < highest.x) kept.push(lowest, highest);
    else kept.push(highest, lowest);
  }
  kept.push(last);
  return kept;
}

/** `count` of the items, evenly spread, always with the first and the last; all of them if there are fewer. */
export function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  const stride = (items.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => items[Math.round(index * stride)]!);
}
