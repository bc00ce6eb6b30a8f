/** The shape of a grid of equal tiles, as far as it is in sight. */
export interface GridShape {
  columns: number;
  rowsInView: number;
  total: number;
}

/** How many tiles a key walks; null for keys that do not walk. */
export function walkedBy(key: string, { columns, rowsInView, total }: GridShape): number | null {
  const page = columns * Math.max(1, rowsInView);
  const distances: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -page,
    PageDown: page,
    Home: -total,
    End: total,
  };
  return distances[key] ?? null;
}
