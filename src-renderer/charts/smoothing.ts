import type { PlotPoint } from './decimation.ts';

/**
 * The running mean of a line: an exponential average in which a point's weight halves every `halfLife`
 * points. Corrected for its start (as Adam's moments are), so the first values are not pulled towards zero.
 */
export function smooth(points: readonly PlotPoint[], halfLife: number): PlotPoint[] {
  const keep = 0.5 ** (1 / Math.max(halfLife, Number.EPSILON));
  let mean = 0;
  let weight = 0;
  return points.map(({ x, y }) => {
    mean = keep * mean + (1 - keep) * y;
    weight = keep * weight + (1 - keep);
    return { x, y: mean / weight };
  });
}

/** A half-life in points that calms a line of `count` points without hiding its turns. */
export function halfLifeFor(count: number): number {
  return Math.min(200, Math.max(1.5, count / 60));
}
