/** How the next word is chosen. */
export interface WordChoice {
  /** Above 1 dares more; below, less. */
  readonly temperature: number;
  /** Only among so many of the likeliest; 0 allows all. */
  readonly topK: number;
  /** Only among the likeliest that together have this probability; 1 allows all. */
  readonly topP: number;
}

/**
 * The number of a word, drawn by its probability among those that are allowed: top-k (Fan et al., 2018), then top-p
 * (Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020).
 *
 * @param chance standard normal: the same always draws the same word from the same logits
 */
export function chooseWord(logits: ArrayLike<number>, choice: WordChoice, chance: number): number {
  const { temperature, topK, topP } = choice;
  const order = Array.from({ length: logits.length }, (_, word) => word).sort(
    (a, b) => logits[b]! - logits[a]! || a - b,
  );
  const highest = logits[order[0]!]!;
  const allowed = topK > 0 ? order.slice(0, topK) : order;
  const shares = allowed.map((word) => Math.exp((logits[word]! - highest) / temperature));
  const sum = shares.reduce((total, share) => total + share, 0);
  let kept = 0;
  let keptShare = 0;
  while (kept < shares.length && (kept === 0 || keptShare < topP * sum)) keptShare += shares[kept++]!;
  let left = uniformOf(chance) * keptShare;
  for (let place = 0; place < kept; place++) {
    left -= shares[place]!;
    if (left < 0) return allowed[place]!;
  }
  return allowed[kept - 1]!;
}

/** The standard normal distribution function, 0…1 (Abramowitz and Stegun 7.1.26, off by at most 1.5e-7). */
export function uniformOf(normal: number): number {
  const x = Math.abs(normal) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const half = (series * Math.exp(-x * x)) / 2;
  return normal < 0 ? half : 1 - half;
}
