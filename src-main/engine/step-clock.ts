/** The means of a tick: all steps since the last one. */
export interface TickValues {
  readonly means: Record<string, number>;
  readonly stepsPerSecond: number;
  /** Median over the sitting. */
  readonly stepMs: number;
}

export interface StepClock {
  /** Starts, or goes on after {@link StepClock.pause}; time in between does not count. */
  resume(): void;
  pause(): void;
  trainedMs(): number;
  sinceTickMs(): number;
  /** Marks where a step begins; {@link StepClock.endStep} measures from here. */
  beginStep(): void;
  endStep(values: Readonly<Record<string, number>>): void;
  /** Sums up the steps since the last tick and begins the next; null when there were none. */
  endTick(): TickValues | null;
  /** Median wall time of a step so far; null before the first. */
  medianStepMs(): number | null;
}

const durationsKept = 4096;

/** Measures a sitting of training and averages the scalars of its steps between ticks. */
export function createStepClock(now: () => number = () => performance.now()): StepClock {
  let runningSince: number | null = null;
  let trainedBefore = 0;
  let stepBeganAt = 0;
  let tickBeganAtTrainedMs = 0;
  let stepsInTick = 0;
  let sums: Record<string, number> = {};
  let durations: number[] = [];
  let stride = 1;
  let steps = 0;

  const trainedMs = () => trainedBefore + (runningSince === null ? 0 : now() - runningSince);

  const medianStepMs = () => {
    if (durations.length === 0) return null;
    const ordered = [...durations].sort((a, b) => a - b);
    return ordered[ordered.length >> 1]!;
  };

  return {
    resume() {
      runningSince ??= now();
    },
    pause() {
      trainedBefore = trainedMs();
      runningSince = null;
    },
    trainedMs,
    sinceTickMs: () => trainedMs() - tickBeganAtTrainedMs,
    beginStep() {
      stepBeganAt = now();
    },
    endStep(values) {
      // A run may have millions of steps: keep every stride-th, and halve what is kept when it is full.
      if (steps % stride === 0) durations.push(now() - stepBeganAt);
      if (durations.length === durationsKept) {
        durations = durations.filter((_, index) => index % 2 === 0);
        stride *= 2;
      }
      steps++;
      stepsInTick++;
      for (const [name, value] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + value;
    },
    endTick() {
      const stepMs = medianStepMs();
      if (stepsInTick === 0 || stepMs === null) return null;
      const means = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / stepsInTick]));
      const elapsedMs = trainedMs() - tickBeganAtTrainedMs;
      const stepsPerSecond = (stepsInTick * 1000) / Math.max(elapsedMs, 0.001);
      tickBeganAtTrainedMs = trainedMs();
      stepsInTick = 0;
      sums = {};
      return { means, stepsPerSecond, stepMs };
    },
    medianStepMs,
  };
}
