/** A norm that left its usual size far behind. */
export interface Explosion {
  readonly name: string;
  readonly norm: number;
  /** What it usually was. */
  readonly median: number;
}

export interface GradientWatch {
  /**
   * Looks at the `…GradientNorm` scalars of a step.
   *
   * @param factor so many times the median of the last steps count as an explosion; 0 never looks
   */
  look(values: Readonly<Record<string, number>>, factor: number): Explosion | null;
}

/** As many steps make a median; before that many, networks still find their scale. */
const stepsNeeded = 100;
const stepsKept = 256;
/** A gradient that has almost vanished may well grow a thousandfold and do no harm. */
const smallestMedian = 0.1;

/** Watches the sizes of the gradients over a sitting. What it has seen is no part of a checkpoint. */
export function createGradientWatch(): GradientWatch {
  const seen = new Map<string, number[]>();
  return {
    look(values, factor) {
      for (const [name, norm] of Object.entries(values)) {
        if (!name.endsWith('GradientNorm')) continue;
        const past = seen.get(name) ?? [];
        seen.set(name, past);
        if (factor > 0 && past.length >= stepsNeeded && norm > factor * smallestMedian) {
          const median = [...past].sort((a, b) => a - b)[past.length >> 1]!;
          if (norm > factor * Math.max(median, smallestMedian)) return { name, norm, median };
        }
        past.push(norm);
        if (past.length > stepsKept) past.shift();
      }
      return null;
    },
  };
}
