import { setImmediate } from 'node:timers/promises';

/** Work that never waits for anything else lets others in so often. */
const breathEveryMs = 5;
/** A transaction takes about so long. */
const stepMs = 8;
const rowsAtFirst = 100;
const mostRows = 1000;

/** To be awaited in long work: lets others in when it is time to. */
export function openBreath(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < breathEveryMs) return;
    await setImmediate();
    last = performance.now();
  };
}

/**
 * Does the work of a generator with breaks in between.
 *
 * @throws the signal's reason when it aborts
 */
export async function unhurried<Result>(
  work: Generator<number, Result>,
  signal: AbortSignal,
): Promise<Result> {
  const breath = openBreath();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    signal.throwIfAborted();
    await breath();
  }
}

/**
 * Does steps of as many rows as this machine writes in some milliseconds, found out while it goes, with a break after
 * each.
 */
export function openPace() {
  let rows = rowsAtFirst;
  return {
    /** How many rows the next step should have. */
    get rows(): number {
      return Math.round(rows);
    },
    async step<Result>(work: (rows: number) => Result): Promise<Result> {
      const began = performance.now();
      const result = work(Math.round(rows));
      const tookMs = performance.now() - began;
      // Slower at once, quicker little by little: one long wait for the disk says more than one short step.
      rows = Math.min(mostRows, Math.max(1, rows * Math.min(1.2, Math.max(0.5, stepMs / tookMs))));
      await setImmediate();
      return result;
    },
  };
}
