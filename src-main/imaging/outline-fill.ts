/** Lines sampled in each row of pixels; along a line the coverage is exact. */
const linesPerRow = 5;

/**
 * How much of each pixel closed polygons cover, by the non-zero winding rule, so that overlapping strokes stay
 * filled.
 *
 * @param outline polygons, x and y by turns, in pixels from the top left
 * @returns `[heightPx, widthPx]`, 0…1
 */
export function fillOutline(
  outline: readonly Float64Array[],
  widthPx: number,
  heightPx: number,
): Float32Array {
  const coverage = new Float32Array(widthPx * heightPx);
  const crossings: { x: number; turn: number }[][] = Array.from({ length: heightPx * linesPerRow }, () => []);
  for (const points of outline) {
    for (let at = 0; at < points.length; at += 2) {
      const next = (at + 2) % points.length;
      const turn = points[at + 1]! < points[next + 1]! ? 1 : -1;
      const [upper, lower] = turn > 0 ? [at, next] : [next, at];
      const [x, y] = [points[upper]!, points[upper + 1]!];
      const slope = (points[lower]! - x) / (points[lower + 1]! - y);
      // Lines lie at the middles of equal strips; an edge owns its upper end and not its lower.
      const first = Math.max(0, Math.ceil(y * linesPerRow - 0.5));
      const end = Math.min(crossings.length, Math.ceil(points[lower + 1]! * linesPerRow - 0.5));
      for (let line = first; line < end; line += 1) {
        crossings[line]!.push({ x: x + ((line + 0.5) / linesPerRow - y) * slope, turn });
      }
    }
  }
  crossings.forEach((line, index) => {
    line.sort((a, b) => a.x - b.x);
    const rowStart = Math.floor(index / linesPerRow) * widthPx;
    let winding = 0;
    line.forEach(({ x, turn }, position) => {
      winding += turn;
      const next = line[position + 1];
      if (winding !== 0 && next) addSpan(coverage, rowStart, widthPx, x, next.x);
    });
  });
  return coverage;
}

function addSpan(coverage: Float32Array, rowStart: number, widthPx: number, from: number, to: number): void {
  const start = Math.max(0, from);
  const end = Math.min(widthPx, to);
  for (let column = Math.floor(start); column < end; column += 1) {
    const covered = Math.min(end, column + 1) - Math.max(start, column);
    coverage[rowStart + column]! += covered / linesPerRow;
  }
}
