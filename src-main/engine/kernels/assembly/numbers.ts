/**
 * The numbers of the polynomials, in memory. V8 builds a constant vector anew wherever it is used, in four instructions
 * and in every turn of a loop; one that is read from memory takes a single one, and the activations half the time.
 */

/** Where they stand behind a job, in lines of the cache that no job writes to. */
const OFFSET: usize = 192;
/** From there on, those in double precision. */
const DOUBLES: usize = 128;

/** Those behind the job at hand; each thread has an instance, and so a global, of its own. */
let numbers: usize = 0;

export const enum Numbers {
  One,
  Half,
  LogTwoOfE,
  /** Among floats of this size neighbours differ by one. */
  WholeShift,
  /** log 2 in two parts, the first of which has few digits. */
  LogTwoHigh,
  LogTwoLow,
  Lowest,
  Highest,
  /** Cephes' expf, from the highest power on. */
  Exponential5,
  Exponential4,
  Exponential3,
  Exponential2,
  Exponential1,
  /** Cephes' tanhf, likewise. */
  Tangent4,
  Tangent3,
  Tangent2,
  Tangent1,
  Tangent0,
  TangentEnd,
  /** An integer. */
  ExponentBias,
}

/** In double precision. */
export const enum Doubles {
  One,
  Half,
  MinusTwo,
  RootTwo,
  RootHalf,
  LogTwo,
  /** 2 artanh s = 2 (s + s³/3 + …). */
  Fifteenth,
  Thirteenth,
  Eleventh,
  Ninth,
  Seventh,
  Fifth,
  Third,
  /** π/2 in units of 2^-30. */
  QuarterTurn,
  /** The series of sine and cosine. */
  Sine5,
  Sine4,
  Sine3,
  Sine2,
  Sine1,
  Cosine6,
  Cosine5,
  Cosine4,
  Cosine3,
  Cosine2,
  Cosine1,
}

/** Bytes from the start of a job to the end of its numbers. */
export function bytesWithNumbers(): usize {
  return OFFSET + DOUBLES + ((<usize>Doubles.Cosine1 + 1) << 3);
}

/** Makes the numbers behind the job at `job` those at hand. */
@inline
export function useNumbers(job: usize): void {
  numbers = job + OFFSET;
}

/** One of the numbers, four times. */
@inline
export function number(which: Numbers): v128 {
  return v128.load32_splat(numbers + (<usize>which << 2));
}

/** One of those in double precision, twice. */
@inline
export function doubles(which: Doubles): v128 {
  return v128.load64_splat(numbers + DOUBLES + (<usize>which << 3));
}

function write(which: Numbers, value: f32): void {
  f32.store(numbers + (<usize>which << 2), value);
}

function writeDouble(which: Doubles, value: f64): void {
  f64.store(numbers + DOUBLES + (<usize>which << 3), value);
}

/** Writes them behind the job at `job`; once, before the first kernel. */
export function writeNumbers(job: usize): void {
  useNumbers(job);
  write(Numbers.One, 1);
  write(Numbers.Half, 0.5);
  write(Numbers.LogTwoOfE, 1.44269504);
  write(Numbers.WholeShift, 12582912);
  write(Numbers.LogTwoHigh, 0.693359375);
  write(Numbers.LogTwoLow, 2.1219444e-4);
  write(Numbers.Lowest, -87);
  write(Numbers.Highest, 88);
  write(Numbers.Exponential5, 1.98756915e-4);
  write(Numbers.Exponential4, 1.39819995e-3);
  write(Numbers.Exponential3, 8.3334519e-3);
  write(Numbers.Exponential2, 4.16657959e-2);
  write(Numbers.Exponential1, 0.166666655);
  write(Numbers.Tangent4, -5.70498872745e-3);
  write(Numbers.Tangent3, 2.06390887954e-2);
  write(Numbers.Tangent2, -5.37397155531e-2);
  write(Numbers.Tangent1, 1.33314422036e-1);
  write(Numbers.Tangent0, -3.33332819422e-1);
  write(Numbers.TangentEnd, 0.625);
  write(Numbers.ExponentBias, reinterpret<f32>(127));
  writeDouble(Doubles.One, 1);
  writeDouble(Doubles.Half, 0.5);
  writeDouble(Doubles.MinusTwo, -2);
  writeDouble(Doubles.RootTwo, 1.4142135623730951);
  writeDouble(Doubles.RootHalf, 0.7071067811865476);
  writeDouble(Doubles.LogTwo, 0.6931471805599453);
  writeDouble(Doubles.Fifteenth, 1.0 / 15.0);
  writeDouble(Doubles.Thirteenth, 1.0 / 13.0);
  writeDouble(Doubles.Eleventh, 1.0 / 11.0);
  writeDouble(Doubles.Ninth, 1.0 / 9.0);
  writeDouble(Doubles.Seventh, 1.0 / 7.0);
  writeDouble(Doubles.Fifth, 1.0 / 5.0);
  writeDouble(Doubles.Third, 1.0 / 3.0);
  writeDouble(Doubles.QuarterTurn, 1.4629180792671596e-9);
  writeDouble(Doubles.Sine5, -2.505210838544172e-8);
  writeDouble(Doubles.Sine4, 2.7557319223985893e-6);
  writeDouble(Doubles.Sine3, -1.984126984126984e-4);
  writeDouble(Doubles.Sine2, 8.333333333333333e-3);
  writeDouble(Doubles.Sine1, -0.16666666666666666);
  writeDouble(Doubles.Cosine6, 2.08767569878681e-9);
  writeDouble(Doubles.Cosine5, -2.755731922398589e-7);
  writeDouble(Doubles.Cosine4, 2.48015873015873e-5);
  writeDouble(Doubles.Cosine3, -1.388888888888889e-3);
  writeDouble(Doubles.Cosine2, 0.041666666666666664);
  writeDouble(Doubles.Cosine1, -0.5);
}
