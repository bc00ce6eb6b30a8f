/** A checkpoint that draws as one of several. */
export interface EnsembleMember {
  readonly runId: string;
  readonly step: number;
}

/** More would only take longer to load than they add. */
export const mostMembers = 16;

/**
 * Which of `members` draws a seed: a function of the seed alone, even over all seeds and without a pattern along
 * them (the integer hash “lowbias32” of C. Wellons).
 *
 * @returns 0…members − 1
 */
export function memberOf(seed: number, members: number): number {
  let hash = seed >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return ((hash ^ (hash >>> 16)) >>> 0) % members;
}
