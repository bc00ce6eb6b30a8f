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

/** What a network tells of a noisy picture; from each follow the other two. */
export type Prediction = 'noise' | 'velocity' | 'picture';

/**
 * What the squared error of a prediction at `step` counts: that of the picture which follows from it by the ratio of
 * signal to noise, no more than `limit` (Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy",
 * 2023) and, unless the noise is told, no less than `floor` (Salimans and Ho, "Progressive Distillation for Fast
 * Sampling of Diffusion Models", 2022); 1 where the limit is 0.
 */
export function weightAt(
  { alpha, sigma }: DiffusionSchedule,
  step: number,
  prediction: Prediction,
  { limit, floor }: { readonly limit: number; readonly floor: number },
): number {
  if (limit === 0) return 1;
  const ratio = (alpha[step]! / sigma[step]!) ** 2;
  const ofPicture = Math.min(ratio, limit);
  // The picture that follows from the noise has its error divided by the ratio: a floor would grow without end.
  if (prediction === 'noise') return ofPicture / ratio;
  return Math.max(ofPicture, floor) / (prediction === 'picture' ? 1 : ratio + 1);
}

/** `count` steps from the noisiest to the clearest, evenly spread; fewer where there are fewer. */
export function stepsDown({ steps }: DiffusionSchedule, count: number): number[] {
  const taken = Math.min(count, steps);
  if (taken === 1) return [steps - 1];
  return Array.from({ length: taken }, (_, index) =>
    Math.round(((steps - 1) * (taken - 1 - index)) / (taken - 1)),
  );
}
