/**
 * Arithmetic on four 32-bit floats at a time, shared by every kernel.
 *
 * Minimum and maximum are `pmin`/`pmax` with the data as first operand throughout: they keep a NaN
 * that is in the data, so a run that diverges is seen and not clamped back to health.
 */
import { number, Numbers } from './numbers';

/** Activations a kernel can apply while it stores its result; the numbers are part of the job layout. */
export const enum Activation {
  Linear = 0,
  Relu = 1,
  LeakyRelu = 2,
  Tanh = 3,
  Sigmoid = 4,
  Softplus = 5,
  Silu = 6,
  Gelu = 7,
}

export const LEAKY_SLOPE: f32 = 0.2;

/** a * b + c: one rounding with relaxed SIMD on a processor that has a fused multiply-add, else two. */
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** e^x, relative error below 2e-7 on [-87, 88], clamped outside (range reduction of Cephes' expf). */
@inline
export function exponential(value: v128): v128 {
  const x = f32x4.pmin(f32x4.pmax(value, number(Numbers.Lowest)), number(Numbers.Highest));
  // Rounded to a whole number, which ends in the bits of the sum.
  const shifted = f32x4.add(f32x4.mul(x, number(Numbers.LogTwoOfE)), number(Numbers.WholeShift));
  const power = f32x4.sub(shifted, number(Numbers.WholeShift));
  let rest = f32x4.sub(x, f32x4.mul(power, number(Numbers.LogTwoHigh)));
  rest = f32x4.add(rest, f32x4.mul(power, number(Numbers.LogTwoLow)));
  let sum = number(Numbers.Exponential5);
  sum = multiplyAdd(sum, rest, number(Numbers.Exponential4));
  sum = multiplyAdd(sum, rest, number(Numbers.Exponential3));
  sum = multiplyAdd(sum, rest, number(Numbers.Exponential2));
  sum = multiplyAdd(sum, rest, number(Numbers.Exponential1));
  sum = multiplyAdd(sum, rest, number(Numbers.Half));
  sum = f32x4.add(multiplyAdd(sum, f32x4.mul(rest, rest), rest), number(Numbers.One));
  const exponent = i32x4.shl(i32x4.add(shifted, number(Numbers.ExponentBias)), 23);
  return f32x4.mul(sum, exponent);
}

/** tanh x: odd polynomial below 0.625 (Cephes' tanhf) where the exponential form cancels. */
@inline
export function hyperbolicTangent(x: v128): v128 {
  const one = number(Numbers.One);
  const grown = exponential(f32x4.add(x, x));
  const large = f32x4.div(f32x4.sub(grown, one), f32x4.add(grown, one));
  const square = f32x4.mul(x, x);
  let sum = number(Numbers.Tangent4);
  sum = multiplyAdd(sum, square, number(Numbers.Tangent3));
  sum = multiplyAdd(sum, square, number(Numbers.Tangent2));
  sum = multiplyAdd(sum, square, number(Numbers.Tangent1));
  sum = multiplyAdd(sum, square, number(Numbers.Tangent0));
  const small = multiplyAdd(f32x4.mul(sum, square), x, x);
  return v128.bitselect(small, large, f32x4.lt(f32x4.abs(x), number(Numbers.TangentEnd)));
}

/** 1 / (1 + e^-x). */
@inline
export function logistic(x: v128): v128 {
  const one = number(Numbers.One);
  return f32x4.div(one, f32x4.add(one, exponential(f32x4.neg(x))));
}

/** log x for positive x that are not denormal, relative error below 1e-7 away from 1 (Cephes' logf). */
export function logarithm(x: v128): v128 {
  const one = f32x4.splat(1);
  let exponent = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126)));
  // The mantissa in [0.5, 1), moved to [sqrt(1/2), sqrt(2)).
  let m = v128.or(v128.and(x, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000));
  const small = f32x4.lt(m, f32x4.splat(0.70710677));
  exponent = f32x4.sub(exponent, v128.and(small, one));
  m = f32x4.sub(f32x4.add(m, v128.and(small, m)), one);
  const square = f32x4.mul(m, m);
  let sum = f32x4.splat(7.0376836292e-2);
  sum = multiplyAdd(sum, m, f32x4.splat(-1.1514610310e-1));
  sum = multiplyAdd(sum, m, f32x4.splat(1.1676998740e-1));
  sum = multiplyAdd(sum, m, f32x4.splat(-1.2420140846e-1));
  sum = multiplyAdd(sum, m, f32x4.splat(1.4249322787e-1));
  sum = multiplyAdd(sum, m, f32x4.splat(-1.6668057665e-1));
  sum = multiplyAdd(sum, m, f32x4.splat(2.0000714765e-1));
  sum = multiplyAdd(sum, m, f32x4.splat(-2.4999993993e-1));
  sum = multiplyAdd(sum, m, f32x4.splat(3.3333331174e-1));
  sum = f32x4.mul(f32x4.mul(sum, m), square);
  sum = multiplyAdd(exponent, f32x4.splat(-2.12194440e-4), sum);
  sum = multiplyAdd(square, f32x4.splat(-0.5), sum);
  return multiplyAdd(exponent, f32x4.splat(0.693359375), f32x4.add(m, sum));
}

/** log(1 + e^x), without overflow and without losing the tail where e^x is small. */
export function softplus(x: v128): v128 {
  const one = f32x4.splat(1);
  const tail = exponential(f32x4.neg(f32x4.abs(x)));
  const grown = f32x4.add(one, tail);
  const rounded = f32x4.sub(grown, one);
  // log(u) e / (u - 1) undoes the rounding of u = 1 + e (Kahan).
  const exact = f32x4.div(f32x4.mul(logarithm(grown), tail), rounded);
  const rest = v128.bitselect(tail, exact, f32x4.eq(rounded, f32x4.splat(0)));
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), rest);
}

/**
 * The share of x that GELU lets through, in the tanh form: (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715
 * x^3), as the logistic function of 2 u, which loses nothing where the tangent is near -1.
 */
@inline
export function geluShare(x: v128): v128 {
  const cubic = f32x4.mul(f32x4.mul(x, x), f32x4.splat(0.071354816));
  return logistic(f32x4.mul(x, f32x4.add(f32x4.splat(1.5957691), cubic)));
}

/** The activation of four values; where the activation is a constant, nothing of the others is left. */
@inline
export function activateInline(value: v128, activation: i32): v128 {
  if (activation == Activation.Relu) return f32x4.pmax(value, f32x4.splat(0));
  if (activation == Activation.LeakyRelu) {
    return f32x4.pmax(value, f32x4.mul(value, f32x4.splat(LEAKY_SLOPE)));
  }
  if (activation == Activation.Tanh) return hyperbolicTangent(value);
  if (activation == Activation.Sigmoid) return logistic(value);
  if (activation == Activation.Softplus) return softplus(value);
  if (activation == Activation.Silu) return f32x4.mul(value, logistic(value));
  if (activation == Activation.Gelu) return f32x4.mul(value, geluShare(value));
  return value;
}

/** The activation of four values. */
export function activate(value: v128, activation: i32): v128 {
  return activateInline(value, activation);
}

/** First of the `length` items that thread `index` of `count` works on, in whole groups of `group`. */
@inline
export function rangeStart(length: i32, group: i32, index: i32, count: i32): i32 {
  const groups = (length + group - 1) / group;
  return min(length, <i32>((<i64>groups * index) / count) * group);
}

/** Reads up to four floats; what is left is 0. */
@inline
export function loadLanes(address: usize, lanes: i32): v128 {
  if (lanes == 4) return v128.load(address);
  let value = v128.load32_zero(address);
  if (lanes > 1) value = v128.load32_lane(address, value, 1, 4);
  if (lanes > 2) value = v128.load32_lane(address, value, 2, 8);
  return value;
}

/** Writes the first `lanes` floats. */
@inline
export function storeLanes(address: usize, value: v128, lanes: i32): void {
  if (lanes == 4) {
    v128.store(address, value);
    return;
  }
  v128.store32_lane(address, value, 0);
  if (lanes > 1) v128.store32_lane(address, value, 1, 4);
  if (lanes > 2) v128.store32_lane(address, value, 2, 8);
}
