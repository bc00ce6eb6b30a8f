import type { MetricPoint, Run } from '../../src-main/contract/domain/runs.ts';

/** What the numbers of a run say, worded by `runs.diagnosis.<finding>` and `.<finding>Hint`. */
export type Finding =
  | 'queued'
  | 'starting'
  | 'waitingForNumbers'
  | 'justStarted'
  | 'balance'
  | 'discriminatorAhead'
  | 'discriminatorFarAhead'
  | 'generatorAhead'
  | 'generatorFlat'
  | 'slopeRunsAway'
  | 'distanceFalling'
  | 'distanceSteady'
  | 'latentsUnused'
  | 'reconstructionFalling'
  | 'reconstructionSteady'
  | 'denoisingFalling'
  | 'denoisingSteady'
  | 'grammarFalling'
  | 'grammarSteady'
  | 'vocabularyUnused'
  | 'paused'
  | 'stopping'
  | 'stopped'
  | 'completed'
  | 'interrupted'
  | 'failed';

export interface Diagnosis {
  readonly finding: Finding;
  readonly tone: 'calm' | 'live' | 'attention' | 'bad';
}

/** Ticks that are averaged: enough to be calm, few enough to notice a turn. */
const recentTicks = 12;
const settlingSteps = 150;

/** Mean of a scalar over the newest ticks; null when none of them has it. */
export function recentMean(points: readonly MetricPoint[], metric: string): number | null {
  const values = points
    .slice(-recentTicks)
    .map((point) => point.values[metric])
    .filter((value): value is number => value !== undefined && Number.isFinite(value));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Whether a scalar that should fall still does: the newest ticks lie at least a twentieth of its size below
 * the ones before them. True while there is nothing to compare.
 */
function isFalling(points: readonly MetricPoint[], metric: string): boolean {
  const now = recentMean(points, metric);
  const before = recentMean(points.slice(0, -recentTicks).slice(-4 * recentTicks), metric);
  return now === null || before === null || before - now > Math.abs(before) / 20;
}

/** What is going on, from the numbers that the run's family has. */
export function diagnoseNumbers(points: readonly MetricPoint[]): Diagnosis {
  const last = points.at(-1);
  const finding =
    last &&
    (diagnoseDenoiser(points) ??
      diagnoseTokens(points) ??
      diagnoseAutoencoder(points) ??
      diagnoseAdversaries(points));
  if (!finding) return { finding: 'waitingForNumbers', tone: 'calm' };
  return last.step < settlingSteps ? { finding: 'justStarted', tone: 'live' } : finding;
}

/** Null for a run of two networks in a row, or before its first numbers. */
function diagnoseAdversaries(points: readonly MetricPoint[]): Diagnosis | null {
  const real = recentMean(points, 'realScore');
  const generated = recentMean(points, 'generatedScore');
  const slope = recentMean(points, 'discriminatorSlope');
  const generatorGradient = recentMean(points, 'generatorGradientNorm');
  if (generatorGradient !== null && generatorGradient < 1e-4) {
    return { finding: 'generatorFlat', tone: 'attention' };
  }
  if (slope !== null) return diagnoseDistance(points, slope);
  return real === null || generated === null ? null : diagnoseScores(real - generated);
}

/** Null for a run that takes no noise away. */
function diagnoseDenoiser(points: readonly MetricPoint[]): Diagnosis | null {
  if (recentMean(points, 'denoisingLoss') === null) return null;
  return {
    finding: isFalling(points, 'denoisingLoss') ? 'denoisingFalling' : 'denoisingSteady',
    tone: 'live',
  };
}

/** Null for a run without a vocabulary. Of one that nearly all lies idle too little can be said. */
function diagnoseTokens(points: readonly MetricPoint[]): Diagnosis | null {
  if (recentMean(points, 'tokenLoss') === null) return null;
  const inUse = recentMean(points, 'codesInUse');
  if (inUse !== null && inUse < 0.1) return { finding: 'vocabularyUnused', tone: 'attention' };
  return { finding: isFalling(points, 'tokenLoss') ? 'grammarFalling' : 'grammarSteady', tone: 'live' };
}

/**
 * Null for a run without a divergence. One near zero means that the decoder has learned to do without the
 * latents (the "posterior collapse" of Bowman et al. 2016), so that all its pictures are alike.
 */
function diagnoseAutoencoder(points: readonly MetricPoint[]): Diagnosis | null {
  const divergence = recentMean(points, 'klDivergence');
  if (divergence === null) return null;
  if (divergence < 0.5) return { finding: 'latentsUnused', tone: 'attention' };
  const isBetter = isFalling(points, 'reconstructionLoss');
  return { finding: isBetter ? 'reconstructionFalling' : 'reconstructionSteady', tone: 'live' };
}

/**
 * From the discriminator's mean belief in real pictures over that in generated ones. Both at ½ is the
 * equilibrium of Goodfellow et al. 2014; in practice a lead of the discriminator of up to about 0.6 still
 * leaves the generator a useful gradient, and beyond 0.9 almost none.
 */
function diagnoseScores(lead: number): Diagnosis {
  if (lead > 0.9) return { finding: 'discriminatorFarAhead', tone: 'attention' };
  if (lead > 0.6) return { finding: 'discriminatorAhead', tone: 'live' };
  if (lead < -0.1) return { finding: 'generatorAhead', tone: 'live' };
  return { finding: 'balance', tone: 'live' };
}

/** From the critic of Gulrajani et al. 2017, whose distance means something while its slope is near 1. */
function diagnoseDistance(points: readonly MetricPoint[], slope: number): Diagnosis {
  if (slope > 3) return { finding: 'slopeRunsAway', tone: 'attention' };
  const isCloser = isFalling(points, 'wassersteinDistance');
  return { finding: isCloser ? 'distanceFalling' : 'distanceSteady', tone: 'live' };
}

/** What to tell about a run: its state where that says it all, otherwise what its numbers say. */
export function diagnose(run: Run, points: readonly MetricPoint[]): Diagnosis {
  switch (run.state) {
    case 'running':
      return diagnoseNumbers(points);
    case 'interrupted':
      return { finding: 'interrupted', tone: 'attention' };
    case 'failed':
      return { finding: 'failed', tone: 'bad' };
    case 'queued':
    case 'starting':
    case 'paused':
    case 'stopping':
    case 'stopped':
    case 'completed':
      return { finding: run.state, tone: 'calm' };
  }
}
