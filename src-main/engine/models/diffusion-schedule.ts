/** How much of a picture and how much noise there is at each step of a diffusion. */
export interface DiffusionSchedule {
  readonly steps: number;
  /** The share α of the picture at step 0 … steps − 1; the noise has the share σ = √(1 − α²). */
  readonly alpha: Float64Array;
  readonly sigma: Float64Array;
}

const offset = 0.008;
/** The noise of a step is at most this: the very last would leave no picture to divide by. */
const largestVariance = 0.999;

/** The cosine schedule of Nichol and Dhariwal, "Improved Denoising Diffusion Probabilistic Models", 2021. */
export function cosineSchedule(steps: number): DiffusionSchedule {
  const kept = (time: number) => Math.cos(((time + offset) / (1 + offset)) * (Math.PI / 2)) ** 2;
  const alpha = new Float64Array(steps);
  const sigma = new Float64Array(steps);
  let product = 1;
  for (let step = 0; step < steps; step++) {
    const variance = Math.min(largestVariance, 1 - kept((step + 1) / steps) / kept(step / steps));
    product *= 1 - variance;
    alpha[step] = Math.sqrt(product);
    sigma[step] = Math.sqrt(1 - product);
  }
  return { steps, alpha, sigma };
}

/**
 * What the squared error of a picture at `step` counts: by its ratio of signal to noise, no more than `limit` (Hang et
 * al., "Efficient Diffusion Training via Min-SNR Weighting Strategy", 2023); 1 where the limit is 0.
 */
export function weightAt(
  { alpha, sigma }: DiffusionSchedule,
  step: number,
  prediction: 'noise' | 'velocity',
  limit: number,
): number {
  if (limit === 0) return 1;
  const ratio = (alpha[step]! / sigma[step]!) ** 2;
  return Math.min(ratio, limit) / (prediction === 'noise' ? ratio : ratio + 1);
}

/** `count` steps from the noisiest to the clearest, evenly spread; fewer where there are fewer. */
export function stepsDown({ steps }: DiffusionSchedule, count: number): number[] {
  const taken = Math.min(count, steps);
  if (taken === 1) return [steps - 1];
  return Array.from({ length: taken }, (_, index) =>
    Math.round(((steps - 1) * (taken - 1 - index)) / (taken - 1)),
  );
}
