import type { RunWarning } from '../contract/domain/run-history.ts';

/** Ticks that are left out while the engine fills its caches, and that make a median. */
const ticksToSettle = 10;
const ticksInMedian = 30;
/** Memory has grown when it is both so many times what it was, and so much more. */
const growthFactor = 1.5;
const growthMb = 200;
/** A step may take so many times its usual while a sheet is drawn or a checkpoint is written. */
const stepsOfSilence = 10;

const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Compares the engine's resident memory with what it was soon after its start. */
export function createMemoryWatch() {
  let ticks = 0;
  const first: number[] = [];
  const last: number[] = [];
  return {
    /** @param memoryMb of one tick */
    look(memoryMb: number): Extract<RunWarning, { kind: 'memory-growing' }> | null {
      if (++ticks <= ticksToSettle) return null;
      if (first.length < ticksInMedian) {
        first.push(memoryMb);
        return null;
      }
      last.push(memoryMb);
      if (last.length > ticksInMedian) last.shift();
      if (last.length < ticksInMedian) return null;
      const [fromMb, toMb] = [medianOf(first), medianOf(last)];
      const grows = toMb > fromMb * growthFactor && toMb > fromMb + growthMb;
      return grows ? { kind: 'memory-growing', fromMb: Math.round(fromMb), toMb: Math.round(toMb) } : null;
    },
  };
}

/** For how long nothing may be heard of an engine, in milliseconds. */
export const silenceAllowedMs = (stallSeconds: number, stepMs: number | null): number =>
  Math.max(stallSeconds * 1000, stepsOfSilence * (stepMs ?? 0));

/** English, for the log: what was found, and what to do. */
export function warningText(warning: RunWarning): string {
  switch (warning.kind) {
    case 'no-step':
      return 'Nothing was heard of the training process for a long time. Restart it from the last checkpoint, or stop it.';
    case 'memory-growing':
      return `The training process grew from ${warning.fromMb} to ${warning.toMb} MB and keeps growing. Restart it from the last checkpoint before memory runs out.`;
  }
}
