import { StudioError } from './errors.ts';
import type { Settings } from './hyper-parameters.ts';

/** `mixed` rounds the operands of matrix products to 16 bits; all else, weights and sums too, has 32. */
export type Precision = 'full' | 'mixed';

/** Runs of before there was a choice are `full`. */
export const precisionOf = ({ precision }: Readonly<Settings>): Precision =>
  precision === 'mixed' ? 'mixed' : 'full';

/** The refusal of mixed precision on a device that has no 16-bit arithmetic, or is reached by a backend without it. */
export function withoutHalfPrecision(device: string): StudioError {
  return new StudioError(
    'precision-unavailable',
    `Mixed precision needs a graphics card with 16-bit arithmetic, reached through WebGPU, and “${device}” is none. Set precision=full, or train on one that is (“imago backends” says which).`,
    { device },
  );
}
