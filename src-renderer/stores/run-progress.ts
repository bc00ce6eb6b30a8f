import type { Run } from '../../src-main/contract/domain/runs.ts';
import { families } from '../../src-main/contract/presets.ts';

/** How far a run is on the way to its own end, 0…1. */
export function runProgress(run: Run): number {
  const done =
    run.stop.kind === 'steps' ? run.step / run.stop.steps : run.trainedMs / (run.stop.minutes * 60_000);
  return Math.min(1, Math.max(0, done));
}

/** Whether the engine is at work on it, or will be without anyone doing anything. */
export function isUnderWay(run: Run): boolean {
  switch (run.state) {
    case 'queued':
    case 'starting':
    case 'running':
    case 'paused':
    case 'stopping':
      return true;
    case 'stopped':
    case 'completed':
    case 'interrupted':
    case 'failed':
      return false;
  }
}

/** Whether its engine has fallen silent: what is shown of it is the last that was heard. */
export const isStill = (run: Run): boolean => run.warnings.some(({ kind }) => kind === 'no-step');

/** The step of the best good checkpoint by the family's metric; null where there is no such metric or score. */
export function bestCheckpointStep(run: Run): number | null {
  const { bestMetric } = families[run.family];
  if (!bestMetric) return null;
  const sign = bestMetric.goal === 'lowest' ? 1 : -1;
  let best: { step: number; score: number } | null = null;
  for (const { step, score, good } of run.checkpoints) {
    if (score === null || !good) continue;
    if (best === null || sign * score < sign * best.score) best = { step, score };
  }
  return best?.step ?? null;
}

/** Steps until the next checkpoint is written by itself; null when the setting is not a number. */
export function stepsToCheckpoint(run: Run): number | null {
  const every = run.settings['checkpointEverySteps'];
  if (typeof every !== 'number' || every < 1) return null;
  return every - (run.step % every);
}

/** The newest checkpoint at or before `step`, or the oldest there is; undefined while there is none. */
export function checkpointFor(run: Run, step: number): Run['checkpoints'][number] | undefined {
  const ascending = [...run.checkpoints].sort((a, b) => a.step - b.step);
  return ascending.filter((checkpoint) => checkpoint.step <= step).at(-1) ?? ascending[0];
}

/** The newest checkpoint; undefined while there is none. */
export function newestCheckpoint(run: Run): Run['checkpoints'][number] | undefined {
  return checkpointFor(run, Infinity);
}
