let asked = 0;

/** Does work in 32-bit numbers throughout, also where a run takes 16-bit operands: for what small differences decide. */
export function inFullPrecision<Result>(work: () => Result): Result {
  asked++;
  try {
    return work();
  } finally {
    asked--;
  }
}

export const isFullPrecisionAsked = (): boolean => asked > 0;
